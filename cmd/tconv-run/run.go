package main

import (
	"context"
	"fmt"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/tconv/tconv"
)

const runExample = `  tconv-run unet.onnx                                   once on random numbers
  tconv-run unet.onnx -i input=x.npy -o y.npz           arrays in, arrays out
  tconv-run unet.onnx -i photo.png -o -  | python3 ...  RGB in 0..1; .npy on standard output
  tconv-run unet.onnx --shape input=1x3x512x512 -t 2    open sizes, threads
  tconv-run unet.onnx --test-data test_data_set_0       compare with ONNX test data`

// runFlags are the flags of run.
type runFlags struct {
	modelFlags
	inputs, outputs []string
	testData        string
	profile, finite bool
}

// newRun makes the default verb.
func newRun(a *app) *cobra.Command {
	f := &runFlags{}
	cmd := &cobra.Command{
		Use: "run MODEL [flags]", Short: "run a model once (the default command)", Example: runExample,
		Args: args(1, 1, "the model"),
		RunE: func(cmd *cobra.Command, args []string) error { return f.run(cmd.Context(), a, args[0]) },
	}
	fs := cmd.Flags()
	fs.StringArrayVarP(&f.inputs, "input", "i", nil, "an input: `NAME=VALUE`; NAME= may be left out if there is one input;\n"+valueHelp)
	fs.StringArrayVarP(&f.outputs, "output", "o", nil, "write outputs to `PATH`: .npz, .npy, .json, DIR/ (output_N.pb) or - (also NAME=PATH)")
	fs.StringVar(&f.testData, "test-data", "", "read input_N.pb of `DIR`, compare with its output_N.pb")
	fs.StringArrayVar(&f.keep, "keep", nil, "also return values inside the model whose names match `GLOB`; * is any text")
	f.register(cmd)
	fs.BoolVar(&f.profile, "profile", false, "time per operator")
	fs.BoolVar(&f.finite, "check-finite", false, "fail at the first node that makes NaN or Inf")
	return cmd
}

// valueHelp lists the forms of a value in help texts.
const valueHelp = "VALUE: x.npy, x.npz[#key], x.pb, x.json, a picture, -, random[:lo..hi], zeros, ones, const:0.5"

// runReport is the JSON of run.
type runReport struct {
	Schema  string       `json:"schema"`
	Model   string       `json:"model"`
	Version string       `json:"version"`
	Threads int          `json:"threads"`
	LoadMS  float64      `json:"load_ms"`
	TimeMS  float64      `json:"time_ms"`
	Inputs  []tensorInfo `json:"inputs"`
	Outputs []tensorInfo `json:"outputs"`
	Written []string     `json:"written,omitempty"`
	Compare []comparison `json:"compared,omitempty"`
	Profile []opTime     `json:"profile,omitempty"`
}

// run loads, runs, writes and reports.
func (f *runFlags) run(ctx context.Context, a *app, path string) error {
	f.start(a)
	if f.testData != "" && len(f.inputs) > 0 {
		return usagef("--test-data gives the inputs; leave out --input")
	}
	var hooks runHooks
	bar := a.newProgress("running")
	begin := time.Now()
	m, err := f.open(a, path, append(hooks.options(f.profile, f.finite), tconv.WithProgress(bar.at))...)
	if err != nil {
		return err
	}
	defer m.Close()
	report := &runReport{Schema: "tconv/run/1", Model: modelName(path), Version: versionText(), Threads: m.Threads(), LoadMS: milliseconds(time.Since(begin))}
	in, golden, err := f.prepare(a, m)
	if err != nil {
		return err
	}
	targets, err := parseTargets(a, f.outputs, m.Outputs())
	if err != nil {
		return err
	}
	bar.start, begin = time.Now(), time.Now()
	out, err := m.Run(ctx, in.tensors)
	bar.end()
	if err != nil {
		return shapeHint(err, in)
	}
	report.TimeMS = milliseconds(time.Since(begin))
	report.Profile = hooks.times.list()
	if err := hooks.err(); err != nil {
		return err
	}
	return f.finish(a, m, report, in, results{outputNames(m), out}, targets, golden)
}

// prepare makes the inputs, and what the outputs are compared with (nil: nothing).
func (f *runFlags) prepare(a *app, m *tconv.Model) (*feed, tconv.Tensors, error) {
	if f.testData != "" {
		return readTestData(m, f.testData)
	}
	in, err := (&source{app: a, seed: f.seed}).feed(m, f.inputs)
	return in, nil, err
}

// finish compares and writes the outputs and prints the report.
func (f *runFlags) finish(a *app, m *tconv.Model, report *runReport, in *feed, out results, targets []target, golden tconv.Tensors) error {
	var failed error
	if golden != nil {
		report.Compare, failed = compareAll(out, golden, defaultTolerance)
	}
	if err := a.save(targets, out); err != nil {
		return err
	}
	for _, t := range targets {
		report.Written = append(report.Written, t.path)
	}
	for _, info := range m.Inputs() {
		d := describe(info.Name, in.tensors[info.Name])
		d.Source = in.from[info.Name]
		report.Inputs = append(report.Inputs, d)
	}
	for _, name := range out.names {
		report.Outputs = append(report.Outputs, describe(name, out.tensors[name]))
	}
	if a.json {
		if err := a.printJSON(report); err != nil {
			return err
		}
		return failed
	}
	report.print(a)
	return failed
}

// print writes the report for people.
func (r *runReport) print(a *app) {
	a.printf("%s: %.4g ms with %s, loaded in %.4g ms\n", r.Model, r.TimeMS, plural(r.Threads, "thread"), r.LoadMS)
	for _, part := range []struct {
		title string
		list  []tensorInfo
	}{{"inputs", r.Inputs}, {"outputs", r.Outputs}} {
		a.printf("%s\n", part.title)
		a.table(func(w *tabwriter.Writer) {
			for _, t := range part.list {
				fmt.Fprintf(w, "  %s\n", t.text())
			}
		})
	}
	printProfile(a, r.Profile)
	printComparisons(a, r.Compare)
	for _, path := range r.Written {
		if path != "-" {
			a.printf("wrote %s\n", path)
		}
	}
}

// table prints columns as wide as they need to be.
func (a *app) table(fill func(*tabwriter.Writer)) {
	w := tabwriter.NewWriter(printer{a}, 0, 0, 2, ' ', 0)
	fill(w)
	w.Flush()
}

// printer is printf as an io.Writer.
type printer struct{ a *app }

func (p printer) Write(b []byte) (int, error) {
	p.a.printf("%s", b)
	return len(b), nil
}

// outputNames gives the names of the outputs in the model's order.
func outputNames(m *tconv.Model) []string {
	var names []string
	for _, o := range m.Outputs() {
		names = append(names, o.Name)
	}
	return names
}
