package main

import (
	"context"
	"time"

	"github.com/spf13/cobra"

	"github.com/tconv/tconv"
)

const verifyExample = `  tconv-run verify unet.onnx                            against the plain definition of each operator
  tconv-run verify unet.onnx --golden out.npz           against stored numbers (keys in:NAME, out:NAME, or plain)
  tconv-run verify unet.onnx --test-data test_data_set_0
  tconv-run verify unet.onnx --ref ort -i photo.png     against onnxruntime (python3 with onnxruntime)
  tconv-run verify unet.onnx --layers                   which node is the first to differ?`

// verifyFlags are the flags of verify.
type verifyFlags struct {
	modelFlags
	inputs                []string
	golden, testData, ref string
	tol                   tolerance
	layers                bool
}

// newVerify makes the command that checks numbers.
func newVerify(a *app) *cobra.Command {
	f := &verifyFlags{}
	cmd := &cobra.Command{
		Use: "verify MODEL [flags]", Short: "are the numbers right? golden data, reference path, onnxruntime", Example: verifyExample,
		Args: args(1, 1, "the model"),
		RunE: func(cmd *cobra.Command, args []string) error { return f.run(cmd.Context(), a, args[0]) },
	}
	fs := cmd.Flags()
	fs.StringVar(&f.golden, "golden", "", "expected outputs, and inputs, in a .npz `FILE`")
	fs.StringVar(&f.testData, "test-data", "", "input_N.pb and output_N.pb of `DIR`")
	fs.StringVar(&f.ref, "ref", "", "compare with `reference` (the default) or ort")
	fs.Float64Var(&f.tol.rel, "rtol", defaultTolerance.rel, "`X`: passes where |got-ref| <= atol + rtol*|ref|")
	fs.Float64Var(&f.tol.abs, "atol", defaultTolerance.abs, "`X`")
	fs.Float64Var(&f.tol.ofMax, "atol-of-max", 0, "`X`: adds X times the largest |ref| to atol")
	fs.BoolVar(&f.layers, "layers", false, "find the first node out of tolerance, against the reference path")
	fs.StringArrayVarP(&f.inputs, "input", "i", nil, "an input: `NAME=VALUE`, as for run (default: random)")
	f.register(cmd)
	fs.MarkHidden("reference")
	return cmd
}

// verifyReport is the JSON of verify.
type verifyReport struct {
	Schema  string       `json:"schema"`
	Model   string       `json:"model"`
	Version string       `json:"version"`
	Against string       `json:"against"`
	RTol    float64      `json:"rtol"`
	ATol    float64      `json:"atol"`
	OfMax   float64      `json:"atol_of_max"`
	TimeMS  float64      `json:"time_ms"`
	Pass    bool         `json:"pass"`
	Outputs []comparison `json:"outputs"`
	Layers  *layerReport `json:"layers,omitempty"`
}

// run compares and reports.
func (f *verifyFlags) run(ctx context.Context, a *app, path string) error {
	f.start(a)
	if err := f.check(); err != nil {
		return err
	}
	m, err := f.open(a, path)
	if err != nil {
		return err
	}
	defer m.Close()
	report := &verifyReport{Schema: "tconv/verify/1", Model: modelName(path), Version: versionText(), RTol: f.tol.rel, ATol: f.tol.abs, OfMax: f.tol.ofMax}
	in, want, err := f.given(a, m)
	if err != nil {
		return err
	}
	start := time.Now()
	out, err := m.Run(ctx, in.tensors)
	if err != nil {
		return shapeHint(err, in)
	}
	report.TimeMS = milliseconds(time.Since(start))
	report.Against = f.against()
	if want == nil {
		if want, err = f.reference(ctx, a, path, m, in); err != nil {
			return err
		}
	}
	var failed error
	report.Outputs, failed = compareAll(results{outputNames(m), out}, want, f.tol)
	if f.layers {
		if report.Layers, err = f.findLayer(ctx, a, path, in); err != nil {
			return err
		}
		if failed == nil {
			failed = report.Layers.failure()
		}
	}
	report.Pass = failed == nil
	return f.print(a, report, failed)
}

// check refuses flags that exclude each other.
func (f *verifyFlags) check() error {
	given := 0
	for _, s := range []string{f.golden, f.testData, f.ref} {
		if s != "" {
			given++
		}
	}
	switch {
	case given > 1:
		return usagef("--golden, --test-data and --ref exclude each other")
	case f.ref != "" && f.ref != "reference" && f.ref != "ort":
		return usagef("--ref %s, want reference or ort", f.ref)
	case f.testData != "" && len(f.inputs) > 0:
		return usagef("--test-data gives the inputs; leave out --input")
	case !(f.tol.rel >= 0 && f.tol.abs >= 0 && f.tol.ofMax >= 0):
		return usagef("tolerances must not be negative")
	}
	return nil
}

// against names what the outputs are compared with.
func (f *verifyFlags) against() string {
	switch {
	case f.golden != "":
		return f.golden
	case f.testData != "":
		return f.testData
	case f.ref == "ort":
		return "onnxruntime"
	}
	return "reference path"
}

// given gives the inputs, and the stored outputs if there are any.
func (f *verifyFlags) given(a *app, m *tconv.Model) (in *feed, want tconv.Tensors, err error) {
	switch {
	case f.testData != "":
		return readTestData(m, f.testData)
	case f.golden != "":
		in, want, err = readGolden(a, m, f.golden)
		if err != nil || in != nil && len(f.inputs) == 0 {
			return in, want, err
		}
		if in != nil {
			return nil, nil, usagef("%s has the inputs; leave out --input", f.golden)
		}
	}
	in, err = (&source{app: a, seed: f.seed}).feed(m, f.inputs)
	return in, want, err
}

// reference computes what is expected.
func (f *verifyFlags) reference(ctx context.Context, a *app, path string, m *tconv.Model, in *feed) (tconv.Tensors, error) {
	if f.ref == "ort" {
		return runORT(ctx, a, path, m, in)
	}
	bar := a.newProgress("reference")
	defer bar.end()
	ref, err := f.open(a, path, tconv.WithReference(), tconv.WithProgress(bar.at))
	if err != nil {
		return nil, err
	}
	defer ref.Close()
	return ref.Run(ctx, in.tensors)
}

// print writes the report and gives the error that ends the program.
func (f *verifyFlags) print(a *app, r *verifyReport, failed error) error {
	if a.json {
		if err := a.printJSON(r); err != nil {
			return err
		}
		return failed
	}
	a.printf("%s against %s: |got-ref| <= %g + %g*|ref|", r.Model, r.Against, r.ATol, r.RTol)
	if r.OfMax > 0 {
		a.printf(" + %g*max|ref|", r.OfMax)
	}
	a.printf("\n")
	printComparisons(a, r.Outputs)
	if r.Layers != nil {
		r.Layers.print(a)
	}
	return failed
}
