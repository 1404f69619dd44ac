package main

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"
)

const benchExample = `  tconv-run bench unet.onnx                              time, with all cores
  tconv-run bench unet.onnx -t 1,2,4                     with 1, 2 and 4 threads
  tconv-run bench unet.onnx --against ort -t 1,2         in turns with onnxruntime, on the same cores (python3)
  tconv-run bench *.onnx --json > old.json               several models, for programs
  tconv-run bench *.onnx --baseline old.json             exit code 7 where it became slower`

// benchFlags are the flags of bench.
type benchFlags struct {
	modelFlags
	inputs     []string
	sweep      string
	duration   time.Duration
	format     string
	against    string
	baseline   string
	maxRegress string
}

// newBench makes the command that measures time.
func newBench(a *app) *cobra.Command {
	f := &benchFlags{}
	cmd := &cobra.Command{
		Use: "bench MODEL... [flags]", Short: "how fast is it? percentiles, threads, memory, against onnxruntime", Example: benchExample,
		Args: args(1, -1, "the model"),
		RunE: func(cmd *cobra.Command, args []string) error { return f.run(cmd.Context(), a, args) },
	}
	fs := cmd.Flags()
	fs.DurationVar(&f.duration, "duration", 3*time.Second, "measure for this `TIME`, and at least 10 runs")
	fs.StringVar(&f.format, "format", "", "print `md`, csv, json or gobench (for benchstat)")
	fs.StringVar(&f.against, "against", "", "`ort`: measure onnxruntime too, in turns, on the same cores")
	fs.StringVar(&f.baseline, "baseline", "", "compare with the --json of an earlier run in `FILE`")
	fs.StringVar(&f.maxRegress, "max-regress", "5%", "how much slower than the baseline is allowed: `N%`")
	fs.StringArrayVarP(&f.inputs, "input", "i", nil, "an input: `NAME=VALUE`, as for run; those not given are random")
	f.register(cmd)
	return f.sweepFlag(cmd)
}

// sweepFlag makes -t take several numbers.
func (f *benchFlags) sweepFlag(cmd *cobra.Command) *cobra.Command {
	t := cmd.Flags().Lookup("threads")
	t.Value, t.DefValue, t.Usage = (*listValue)(&f.sweep), "", "threads: `N`, or several as 1,2,4 (default: all cores)"
	return cmd
}

// listValue is a flag whose value is a list of numbers.
type listValue string

// String gives the flag's text.
func (l *listValue) String() string { return string(*l) }

// Type names the value in messages.
func (l *listValue) Type() string { return "N" }

// Set checks the numbers.
func (l *listValue) Set(s string) error {
	_, err := parseThreads(s)
	*l = listValue(s)
	return err
}

// parseThreads reads 1,2,4; "" is all cores.
func parseThreads(s string) ([]int, error) {
	if s == "" {
		return []int{0}, nil
	}
	var out []int
	for _, t := range strings.Split(s, ",") {
		n, err := strconv.Atoi(t)
		if err != nil || n < 1 || n > 1024 {
			return nil, fmt.Errorf("%q, want numbers of 1 to 1024", t)
		}
		out = append(out, n)
	}
	return out, nil
}

// run measures every model with every number of threads.
func (f *benchFlags) run(ctx context.Context, a *app, paths []string) error {
	f.start(a)
	threads, err := parseThreads(f.sweep)
	if err != nil {
		return err
	}
	if err := f.check(a); err != nil {
		return err
	}
	base, err := f.readBaseline()
	if err != nil {
		return err
	}
	bar := a.newProgress("bench")
	defer bar.end()
	var list []*benchReport
	total := len(paths) * len(threads)
	for _, path := range paths {
		for _, n := range threads {
			f.threads = n
			r, err := f.one(ctx, a, path, total == 1)
			if err != nil {
				return err
			}
			base.compare(a, r)
			list = append(list, r)
			bar.at(len(list), total)
		}
	}
	bar.end()
	for _, r := range list {
		r.warn(a)
	}
	if err := f.print(a, list); err != nil {
		return err
	}
	return base.verdict(list)
}

// check refuses what cannot be measured or printed.
func (f *benchFlags) check(a *app) error {
	switch {
	case f.against != "" && f.against != "ort":
		return usagef("--against %s, want ort", f.against)
	case f.duration < 0:
		return usagef("--duration %v, want 0 or more", f.duration)
	case a.json && f.format != "" && f.format != "json":
		return usagef("--json and --format %s exclude each other", f.format)
	}
	switch f.format {
	case "", "md", "csv", "gobench":
	case "json":
		a.json = true
	default:
		return usagef("--format %s, want md, csv, json or gobench", f.format)
	}
	return nil
}

// one measures one model with one number of threads. Of several, each is a process of its own, so that the memory of
// one does not count for the next; an input from standard input can be read here only.
func (f *benchFlags) one(ctx context.Context, a *app, path string, alone bool) (*benchReport, error) {
	switch {
	case f.against != "":
		return f.measureAgainst(ctx, a, path)
	case alone || f.readsStdin():
		return f.measure(ctx, a, path)
	}
	return f.measureChild(ctx, a, path)
}

// readsStdin tells whether an input comes by standard input.
func (f *benchFlags) readsStdin() bool {
	for _, in := range f.inputs {
		if in == "-" || strings.HasSuffix(in, "=-") {
			return true
		}
	}
	return false
}
