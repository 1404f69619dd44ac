package main

import (
	"bytes"
	"context"
	"fmt"
	"image"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/image/draw"

	"github.com/tconv/tconv"
	"github.com/tconv/tconv/models"
	"github.com/tconv/tconv/npy"
	"github.com/tconv/tconv/vision"
)

const demoExample = `  tconv-run demo             pictures in ./tconv-demo
  tconv-run demo DIR         or elsewhere`

// demoReport is what one embedded model did.
type demoReport struct {
	Name    string   `json:"name"`
	What    string   `json:"what"`
	TimeMS  float64  `json:"time_ms"`
	MaxDiff float64  `json:"max_difference"` // from the stored output of onnxruntime
	MaxRef  float64  `json:"max_ref"`
	Files   []string `json:"files"`
}

// newDemo makes the command that shows what tconv does.
func newDemo(a *app) *cobra.Command {
	f := &modelFlags{precision: string(tconv.PrecisionHighest)}
	cmd := &cobra.Command{
		Use: "demo [DIR] [flags]", Short: "run the built-in models on the built-in photographs", Example: demoExample,
		Args: args(0, 1, ""),
		RunE: func(cmd *cobra.Command, args []string) error {
			return f.demo(cmd.Context(), a, append(args, "tconv-demo")[0])
		},
	}
	cmd.Flags().IntVarP(&f.threads, "threads", "t", 0, "`N` threads (default: all cores)")
	cmd.Flags().DurationVar(&f.timeout, "timeout", 0, "stop after this time, such as `30s` (exit code 124)")
	return cmd
}

// demo runs all embedded models.
func (f *modelFlags) demo(ctx context.Context, a *app, dir string) error {
	f.start(a)
	opts, err := f.options(a)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return writeError(dir, err)
	}
	var reports []*demoReport
	for _, d := range models.Demos() {
		r, err := runDemo(ctx, a, d, dir, opts)
		if err != nil {
			return fmt.Errorf("%s: %w", d.Name, err)
		}
		reports = append(reports, r)
		if !a.json {
			r.print(a)
		}
	}
	if a.json {
		return a.printJSON(map[string]any{"schema": "tconv/demo/1", "version": versionText(), "models": reports})
	}
	return nil
}

// runDemo checks one model against its stored output and runs it on its photograph.
func runDemo(ctx context.Context, a *app, d models.Demo, dir string, opts []tconv.Option) (*demoReport, error) {
	m, err := tconv.OpenFS(models.FS, d.Model, opts...)
	if err != nil {
		return nil, err
	}
	defer m.Close()
	r := &demoReport{Name: d.Name, What: d.What}
	if err := r.checkReference(ctx, m, d); err != nil {
		return nil, err
	}
	file, err := models.FS.Open(d.Picture)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	photo, err := vision.Decode(file)
	if err != nil {
		return nil, err
	}
	result, err := r.runPicture(ctx, m, d, photo)
	if err != nil {
		return nil, err
	}
	pictures, err := demoPictures(photo, result)
	if err != nil {
		return nil, err
	}
	return r, r.write(a, dir, pictures)
}

// checkReference runs the stored input and compares with what onnxruntime made of it.
func (r *demoReport) checkReference(ctx context.Context, m *tconv.Model, d models.Demo) error {
	data, err := models.FS.ReadFile(d.Reference)
	if err != nil {
		return err
	}
	z, err := npy.OpenZip(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		return err
	}
	x, err := readNpz(z, "in:input", "input")
	if err != nil {
		return err
	}
	want, err := readNpz(z, "out:output", "output")
	if err != nil {
		return err
	}
	out, err := m.Run(ctx, tconv.Tensors{"input": x})
	if err != nil {
		return err
	}
	c := compare("output", out["output"], want, tolerance{ofMax: 1e-4})
	r.MaxDiff, r.MaxRef = c.MaxAbs, c.MaxRef
	if !c.Pass {
		return kindf(errVerify, "differs from onnxruntime by %.3g %s", c.MaxAbs, c.Reason)
	}
	return nil
}

// runPicture runs the model on a photograph.
func (r *demoReport) runPicture(ctx context.Context, m *tconv.Model, d models.Demo, photo image.Image) (*vision.Result, error) {
	preset := vision.Unit()
	preset.Multiple, preset.Fit = d.Multiple, vision.Pad
	preset, err := preset.For(m.Inputs()[0].Shape)
	if err != nil {
		return nil, err
	}
	x, mapping, err := preset.Tensor(photo)
	if err != nil {
		return nil, err
	}
	start := time.Now()
	out, err := m.Run(ctx, tconv.Tensors{"input": x})
	if err != nil {
		return nil, err
	}
	r.TimeMS = milliseconds(time.Since(start))
	return mapping.Result(out["output"])
}

// demoPicture is a picture to write, by the last part of its name.
type demoPicture struct {
	name  string
	image image.Image
}

// demoPictures draws what shows a result best, and all of it side by side.
func demoPictures(photo image.Image, result *vision.Result) ([]demoPicture, error) {
	draw := drawSegmentation
	if result.Guess().As == vision.AsUpscaled {
		draw = drawUpscaled
	}
	list, err := draw(photo, result)
	if err != nil {
		return nil, err
	}
	var row []image.Image
	for _, p := range list {
		row = append(row, p.image)
	}
	all, err := vision.SideBySide(row...)
	if err != nil {
		return nil, err
	}
	return append(list, demoPicture{"sidebyside", all}), nil
}

// drawSegmentation shows a mask.
func drawSegmentation(photo image.Image, result *vision.Result) ([]demoPicture, error) {
	style := vision.DefaultStyle()
	overlay, err := result.Overlay(style)
	if err != nil {
		return nil, err
	}
	return []demoPicture{{"photo", photo}, {"mask", result.Mask(style)}, {"overlay", overlay}}, nil
}

// drawUpscaled shows the small picture with its pixels visible, enlarged by interpolation, and by the model.
func drawUpscaled(photo image.Image, result *vision.Result) ([]demoPicture, error) {
	large, err := result.Upscaled()
	if err != nil {
		return nil, err
	}
	enlarge := func(s draw.Scaler) image.Image {
		dst := image.NewRGBA(large.Bounds())
		s.Scale(dst, dst.Rect, photo, photo.Bounds(), draw.Src, nil)
		return dst
	}
	return []demoPicture{{"lowres", enlarge(draw.NearestNeighbor)}, {"bicubic", enlarge(draw.CatmullRom)}, {"model", large}}, nil
}

// write writes the pictures, all or none.
func (r *demoReport) write(a *app, dir string, pictures []demoPicture) error {
	box := &outbox{temps: &a.temps}
	for _, p := range pictures {
		path := filepath.Join(dir, r.Name+"-"+p.name+".png")
		if err := box.add(path, func(w io.Writer) error { return vision.Encode(w, path, p.image) }); err != nil {
			return err
		}
		r.Files = append(r.Files, path)
	}
	return box.commit()
}

// print writes the report for people.
func (r *demoReport) print(a *app) {
	a.printf("%s: %s\n", r.Name, r.What)
	a.printf("  %.3g ms; differs from onnxruntime by at most %.2g of %.3g\n", r.TimeMS, r.MaxDiff, r.MaxRef)
	a.printf("  wrote %s\n", strings.Join(r.Files, "\n        "))
}
