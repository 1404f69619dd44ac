package main

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/tconv/tconv"
	"github.com/tconv/tconv/onnx"
)

// modelFlags say how a model is loaded and run.
type modelFlags struct {
	shapes, dims, keep []string
	threads            int
	seed               uint64
	timeout            time.Duration
	memory             string
	precision          string
	reference          bool
}

// register adds the flags to a command.
func (f *modelFlags) register(cmd *cobra.Command) {
	fs := cmd.Flags()
	fs.StringArrayVar(&f.shapes, "shape", nil, "shape of an input with open dimensions: `NAME=1x3x512x512`")
	fs.StringArrayVar(&f.dims, "dim", nil, "size of an open dimension: `NAME=512`")
	fs.IntVarP(&f.threads, "threads", "t", 0, "`N` threads (default: all cores)")
	fs.Uint64Var(&f.seed, "seed", 0, "`SEED` of random inputs")
	fs.DurationVar(&f.timeout, "timeout", 0, "stop after this time, such as `30s` (exit code 124)")
	fs.StringVar(&f.memory, "memory-limit", "", "bound on memory, such as `2GiB` (default: half of the machine's)")
	fs.StringVar(&f.precision, "precision", "highest", "`highest`, exact, high or medium")
	fs.BoolVar(&f.reference, "reference", false, "plain definition of every operator: slow, for comparison")
}

// start begins the time that --timeout allows.
func (f *modelFlags) start(a *app) { a.watch.after(f.timeout) }

// options makes options of the flags.
func (f *modelFlags) options(a *app) ([]tconv.Option, error) {
	opts := []tconv.Option{tconv.WithPrecision(tconv.Precision(f.precision))}
	if f.threads < 0 || f.threads > 1024 {
		return nil, usagef("--threads %d, want 1 to 1024", f.threads)
	}
	if f.threads > 0 {
		opts = append(opts, tconv.WithThreads(f.threads))
	}
	if f.reference {
		opts = append(opts, tconv.WithReference())
	}
	if f.memory != "" {
		n, err := parseBytes(f.memory)
		if err != nil {
			return nil, usagef("--memory-limit %w", err)
		}
		opts = append(opts, tconv.WithMemoryLimit(n))
	}
	if a.verbose {
		opts = append(opts, tconv.WithLogger(slog.New(slog.NewTextHandler(a.stderr, &slog.HandlerOptions{Level: slog.LevelDebug}))))
	}
	sizes, err := f.sizes()
	return append(opts, sizes...), err
}

// sizes makes options of --dim and --shape.
func (f *modelFlags) sizes() ([]tconv.Option, error) {
	var opts []tconv.Option
	for _, d := range f.dims {
		name, value, _ := strings.Cut(d, "=")
		n, err := strconv.Atoi(value)
		if name == "" || err != nil || n < 0 {
			return nil, usagef("--dim %s, want NAME=SIZE such as height=512", d)
		}
		opts = append(opts, tconv.WithDim(name, n))
	}
	for _, s := range f.shapes {
		i := strings.LastIndex(s, "=")
		shape, err := parseShape(s[i+1:])
		if i < 1 || err != nil {
			return nil, usagef("--shape %s, want NAME=SHAPE such as input=1x3x512x512", s)
		}
		opts = append(opts, tconv.WithShape(s[:i], shape...))
	}
	return opts, nil
}

// open loads the model at a path; - is standard input.
func (f *modelFlags) open(a *app, path string, extra ...tconv.Option) (*tconv.Model, error) {
	opts, err := f.options(a)
	if err != nil {
		return nil, err
	}
	opts = append(append(opts, tconv.WithKeep(f.keep...)), extra...)
	if path != "-" {
		m, err := tconv.Open(path, opts...)
		return m, f.explain(a, path, err)
	}
	data, err := a.readModel()
	if err != nil {
		return nil, err
	}
	m, err := tconv.Load(data, opts...)
	return m, f.explain(a, path, err)
}

// explain says what the model takes where --dim or --shape do not fit it.
func (f *modelFlags) explain(a *app, path string, err error) error {
	switch {
	case err == nil || !errors.Is(err, tconv.ErrInput):
		return err
	case badNode(err) != nil:
		return nodeError(err)
	case len(f.dims)+len(f.shapes) == 0 && len(f.keep) > 0:
		return withHint(err, "\"tconv-run inspect MODEL --stage graph\" names the values")
	case len(f.dims)+len(f.shapes) == 0:
		return err
	}
	data, readErr := a.modelBytes(path)
	if readErr != nil {
		return err
	}
	proto, parseErr := onnx.Unmarshal(data)
	if parseErr != nil {
		return err
	}
	text := ""
	for _, in := range fileInputs(proto) {
		text += fmt.Sprintf(", %s: %v", quoted(in.Name), in)
	}
	return withHint(err, "the model takes %s", strings.TrimPrefix(text, ", "))
}

// modelName names a model in reports.
func modelName(path string) string {
	if path == "-" {
		return "standard input"
	}
	return path
}

// readModel reads a model from standard input, once.
func (a *app) readModel() ([]byte, error) {
	if a.stdinModel != nil {
		return a.stdinModel, nil
	}
	r, err := a.takeStdin("the model")
	if err != nil {
		return nil, err
	}
	data, err := io.ReadAll(io.LimitReader(r, maxStdinBytes+1))
	if err != nil {
		return nil, kindf(tconv.ErrIO, "standard input: %w", err)
	}
	if len(data) > maxStdinBytes {
		return nil, kindf(tconv.ErrLimit, "standard input: more than %s", bytesText(maxStdinBytes))
	}
	if len(data) == 0 {
		return nil, kindf(tconv.ErrInvalidModel, "standard input is empty, want a model")
	}
	a.stdinModel = data
	return data, nil
}

// maxStdinBytes bounds what is read from standard input: a protobuf message, and so an ONNX file, cannot be larger.
const maxStdinBytes = 2<<30 - 1

// parseShape reads 1x3x512x512; "scalar" has no dimensions.
func parseShape(s string) ([]int, error) {
	shape := []int{}
	if s == "scalar" {
		return shape, nil
	}
	for _, d := range strings.FieldsFunc(s, func(r rune) bool { return r == 'x' || r == ',' }) {
		n, err := strconv.Atoi(d)
		if err != nil || n < 0 {
			return nil, fmt.Errorf("%q is no size", d)
		}
		shape = append(shape, n)
	}
	if len(shape) == 0 {
		return nil, fmt.Errorf("%q is no shape", s)
	}
	return shape, nil
}

// parseBytes reads 2GiB, 512MB, 100000.
func parseBytes(s string) (int, error) {
	digits := strings.TrimRight(s, "BbiIKkMmGgTt ")
	units := map[string]float64{"": 1, "B": 1, "K": 1 << 10, "KIB": 1 << 10, "M": 1 << 20, "MIB": 1 << 20, "G": 1 << 30, "GIB": 1 << 30,
		"T": 1 << 40, "TIB": 1 << 40, "KB": 1e3, "MB": 1e6, "GB": 1e9, "TB": 1e12}
	unit, ok := units[strings.ToUpper(strings.TrimSpace(s[len(digits):]))]
	n, err := strconv.ParseFloat(digits, 64)
	if size := n * unit; ok && err == nil && size >= 1 && size < math.MaxInt {
		return int(size), nil
	}
	return 0, fmt.Errorf("%q, want a size such as 512MiB or 2GiB", s)
}
