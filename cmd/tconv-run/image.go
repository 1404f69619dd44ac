package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/tconv/tconv"
	"github.com/tconv/tconv/vision"
)

const imageExample = `  tconv-run image unet.onnx photo.jpg -o mask.png                  guesses how to show the result
  tconv-run image unet.onnx photo.jpg -o overlay.png --as overlay  or say it
  tconv-run image espcn_x2.onnx small.png -o large.png             super-resolution
  tconv-run image fcn.onnx photos/ -o results/ --preset imagenet   a folder
  curl -s URL | tconv-run image m.onnx - -o - > out.png            through pipes`

// imageFlags are the flags of image.
type imageFlags struct {
	modelFlags
	pictureFlags
	out, result string
	inputs      []string
}

// newImage makes the command for pictures.
func newImage(a *app) *cobra.Command {
	f := &imageFlags{}
	cmd := &cobra.Command{
		Use: "image MODEL PICTURE... -o OUT [flags]", Short: "picture in, picture out", Example: imageExample,
		Args: args(2, -1, "the model or the picture"),
		RunE: func(cmd *cobra.Command, args []string) error { return f.run(cmd.Context(), a, args[0], args[1:]) },
	}
	fs := cmd.Flags()
	fs.StringVarP(&f.out, "output", "o", "", "picture to write, - for standard output, or a folder if there are several: `OUT`")
	f.pictureFlags.register(cmd)
	fs.StringVar(&f.result, "result", "", "output of the model to show: `NAME` (default: the first)")
	fs.StringArrayVarP(&f.inputs, "input", "i", nil, "an input that is not the picture: `NAME=VALUE`, as for run")
	f.modelFlags.register(cmd)
	fs.MarkHidden("seed")
	return cmd
}

// imageReport is the JSON of image.
type imageReport struct {
	Schema   string          `json:"schema"`
	Model    string          `json:"model"`
	Version  string          `json:"version"`
	Pictures []pictureReport `json:"pictures"`
}

// run loads the model and makes one result after the other.
func (f *imageFlags) run(ctx context.Context, a *app, path string, args []string) error {
	f.start(a)
	if err := f.check(); err != nil {
		return err
	}
	jobs, err := f.jobs(args)
	if err != nil {
		return err
	}
	a.stdoutUsed = f.out == "-"
	if a.json && a.stdoutUsed {
		return usagef("--json and the picture both go to standard output")
	}
	bar := a.newProgress("running")
	m, err := f.open(a, path, tconv.WithProgress(func(done, total int) {
		if len(jobs) == 1 {
			bar.at(done, total)
		}
	}))
	if err != nil {
		return err
	}
	defer m.Close()
	w, err := f.worker(a, m)
	if err != nil {
		return err
	}
	defer w.session.Close()
	report := &imageReport{Schema: "tconv/image/1", Model: path, Version: versionText()}
	err = f.each(ctx, a, w, jobs, bar, report)
	if a.json && len(report.Pictures) > 0 {
		return errors.Join(err, a.printJSON(report))
	}
	return err
}

// each makes all results. One picture that fails does not keep the others from being made.
func (f *imageFlags) each(ctx context.Context, a *app, w *pictureWorker, jobs []pictureJob, bar *progress, report *imageReport) error {
	var first error
	failed := 0
	for i, job := range jobs {
		if len(jobs) > 1 {
			bar.at(i, len(jobs))
		}
		r, err := w.do(ctx, job)
		if ctx.Err() != nil || err != nil && len(jobs) == 1 {
			bar.end()
			return err
		}
		if err != nil {
			bar.end()
			a.report(err)
			if first == nil {
				first = err
			}
			failed++
			continue
		}
		report.Pictures = append(report.Pictures, *r)
		if !a.json {
			bar.end()
			r.print(a)
		}
	}
	bar.end()
	if first != nil {
		return kindf(first, "%d of %s failed", failed, plural(len(jobs), "picture"))
	}
	return nil
}

// worker adapts the preset to the model.
func (f *imageFlags) worker(a *app, m *tconv.Model) (*pictureWorker, error) {
	w := &pictureWorker{app: a, flags: f, model: m}
	var err error
	if w.extra, w.input, err = f.pictureInput(a, m); err != nil {
		return nil, err
	}
	if w.output, err = f.resultName(m); err != nil {
		return nil, err
	}
	if w.preset, err = f.preset(w.input); err != nil {
		return nil, err
	}
	if w.style, err = f.style(); err != nil {
		return nil, err
	}
	if w.labels, err = f.labelList(); err != nil {
		return nil, err
	}
	w.session = m.NewSession()
	return w, nil
}

// pictureInput finds the input that takes the picture: the only one that -i does not give.
func (f *imageFlags) pictureInput(a *app, m *tconv.Model) (tconv.Tensors, tconv.Info, error) {
	s := &source{app: a, seed: f.seed}
	extra := tconv.Tensors{}
	if len(f.inputs) > 0 {
		texts, err := s.assign(m, f.inputs)
		if err != nil {
			return nil, tconv.Info{}, err
		}
		for _, info := range m.Inputs() {
			if text, ok := texts[info.Name]; ok {
				if extra[info.Name], err = s.value(info, text); err != nil {
					return nil, tconv.Info{}, err
				}
			}
		}
	}
	var free []tconv.Info
	for _, info := range m.Inputs() {
		if extra[info.Name] == nil {
			free = append(free, info)
		}
	}
	if len(free) != 1 {
		return nil, tconv.Info{}, withHint(inputf("%s could take the picture: give the others with -i", plural(len(free), "input")),
			"\"tconv-run inspect\" lists the inputs")
	}
	return extra, free[0], nil
}

// resultName gives the output to show.
func (f *imageFlags) resultName(m *tconv.Model) (string, error) {
	names := outputNames(m)
	if f.result == "" {
		return names[0], nil
	}
	for _, n := range names {
		if n == f.result {
			return n, nil
		}
	}
	return "", usagef("--result %s: the model's outputs are %s", f.result, strings.Join(quotedAll(names), ", "))
}

// check holds -o against what can be written.
func (f *imageFlags) check() error {
	switch ext := filepath.Ext(f.out); {
	case f.out == "":
		return withHint(usagef("where to write is missing"), "-o OUT.png; -o - is standard output")
	case f.out != "-" && !isFolder(f.out) && ext != "" && !vision.CanEncode(f.out):
		return usagef("-o %s: cannot write %s, want .png, .jpg, .gif, .bmp, .tiff or a folder", f.out, ext)
	}
	_, err := vision.ParseAs(f.as)
	if err != nil {
		return usagef("--as: %w", err)
	}
	return nil
}

// writePicture writes the result of one job.
func (a *app) writePicture(job pictureJob, draw func(w io.Writer, name string) error) error {
	if job.out == "-" {
		return draw(a.stdout, "out.png")
	}
	box := &outbox{temps: &a.temps}
	if err := box.add(job.out, func(w io.Writer) error { return draw(w, job.out) }); err != nil {
		return err
	}
	return box.commit()
}

// named puts the picture's name before an error.
func (j pictureJob) named(err error) error {
	if err == nil {
		return nil
	}
	name := j.in
	if name == "-" {
		name = "standard input"
	}
	return &kindError{tconv.ErrInput, fmt.Sprintf("%s: %v", name, err), err}
}
