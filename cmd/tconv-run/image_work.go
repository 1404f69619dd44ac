package main

import (
	"cmp"
	"context"
	"image"
	"io"
	"maps"
	"slices"
	"time"

	"github.com/tconv/tconv"
	"github.com/tconv/tconv/vision"
)

// pictureWorker turns pictures into results, one after the other.
type pictureWorker struct {
	app     *app
	flags   *imageFlags
	model   *tconv.Model
	session *tconv.Session
	input   tconv.Info
	output  string
	extra   tconv.Tensors // inputs that are not the picture
	preset  vision.Preset
	style   vision.Style
	labels  []string
	guessed vision.As // what was said last
}

// pictureReport is what happened to one picture.
type pictureReport struct {
	In      string       `json:"in"`
	Out     string       `json:"out"`
	Width   int          `json:"width"` // of the result
	Height  int          `json:"height"`
	Input   []int        `json:"input_shape"`
	As      string       `json:"as"`
	Reason  string       `json:"reason,omitempty"` // of a guess
	TimeMS  float64      `json:"time_ms"`          // of the network alone
	Classes []classShare `json:"classes,omitempty"`
}

// classShare is how much of a picture a class covers.
type classShare struct {
	Class int     `json:"class"`
	Label string  `json:"label,omitempty"`
	Share float64 `json:"share"`
}

// do reads, runs, draws and writes.
func (w *pictureWorker) do(ctx context.Context, job pictureJob) (*pictureReport, error) {
	img, err := w.load(job)
	if err != nil {
		return nil, job.named(err)
	}
	x, mapping, err := w.preset.Tensor(img)
	if err != nil {
		return nil, job.named(err)
	}
	in := maps.Clone(w.extra)
	in[w.input.Name] = x
	start := time.Now()
	out, err := w.session.Run(ctx, in)
	if err != nil {
		return nil, w.explain(err)
	}
	r := &pictureReport{In: job.in, Out: job.out, Input: x.Shape(), TimeMS: milliseconds(time.Since(start))}
	result, err := mapping.Result(out[w.output])
	if err != nil {
		return nil, job.named(withHint(err, "--result chooses another output; \"tconv-run inspect\" lists them"))
	}
	picture, err := w.draw(result, r)
	if err != nil {
		return nil, job.named(withHint(err, "--as chooses another way to show it"))
	}
	r.Width, r.Height = picture.Bounds().Dx(), picture.Bounds().Dy()
	return r, w.app.writePicture(job, func(dst io.Writer, name string) error { return vision.Encode(dst, name, picture) })
}

// load decodes a picture.
func (w *pictureWorker) load(job pictureJob) (image.Image, error) {
	if job.in != "-" {
		img, err := vision.Load(job.in)
		if err != nil {
			return nil, err
		}
		return img, nil
	}
	r, err := w.app.takeStdin("the picture")
	if err != nil {
		return nil, err
	}
	return vision.Decode(r)
}

// explain adds what may help if sizes do not fit.
func (w *pictureWorker) explain(err error) error {
	if badNode(err) != nil {
		return withHint(inputf("%w", err), "the size of the picture leads there: try --multiple 32, or --size")
	}
	return err
}

// draw shows the result as the flags say, or as it seems to be.
func (w *pictureWorker) draw(result *vision.Result, r *pictureReport) (image.Image, error) {
	guess, style := result.Guess(), w.style
	as := vision.As(w.flags.as)
	style.Sigmoid = guess.Sigmoid
	if as == vision.AsAuto {
		as, r.Reason = guess.As, guess.Reason
		w.say(guess)
	}
	r.As = string(as)
	if w.labels != nil || w.app.json || w.app.verbose {
		r.Classes = w.shares(result, as, style)
	}
	return result.Draw(as, style)
}

// say tells what was guessed, whenever that changes.
func (w *pictureWorker) say(g vision.Guess) {
	if g.As != w.guessed {
		w.app.notef("output %s: %s; shown as %s (--as changes that)\n", quoted(w.output), g.Reason, g.As)
		w.guessed = g.As
	}
}

// shares counts the pixels of each class, the largest first.
func (w *pictureWorker) shares(result *vision.Result, as vision.As, style vision.Style) []classShare {
	if as != vision.AsClasses && (as != vision.AsOverlay || result.Channels() < 2) {
		return nil
	}
	img, err := result.Classes(style)
	if err != nil {
		return nil
	}
	var counts [256]int
	for _, p := range img.Pix {
		counts[p]++
	}
	var list []classShare
	for c, n := range counts {
		if n == 0 {
			continue
		}
		s := classShare{Class: c, Share: float64(n) / float64(len(img.Pix))}
		if c < len(w.labels) {
			s.Label = w.labels[c]
		}
		list = append(list, s)
	}
	slices.SortFunc(list, func(x, y classShare) int { return cmp.Compare(y.Share, x.Share) })
	return list
}

// print writes a line for people.
func (r *pictureReport) print(a *app) {
	in, out := r.In, r.Out
	if in == "-" {
		in = "standard input"
	}
	if out == "-" {
		out = "standard output"
	}
	a.printf("%s -> %s  %d x %d, %s, %.3g ms\n", in, out, r.Width, r.Height, r.As, r.TimeMS)
	for _, c := range r.Classes {
		a.printf("  %5.1f %%  class %d  %s\n", 100*c.Share, c.Class, c.Label)
	}
}
