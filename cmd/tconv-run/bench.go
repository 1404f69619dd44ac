package main

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/tconv/tconv"
)

const benchExample = `  tconv-run bench unet.onnx                              time, with all cores
  tconv-run bench unet.onnx -t 1,2,4                     with 1, 2 and 4 threads
  tconv-run bench *.onnx --duration 1s --json            several models, for programs
  tconv-run bench unet.onnx --shape input=1x3x512x512    open sizes`

// benchFlags are the flags of bench.
type benchFlags struct {
	modelFlags
	inputs   []string
	sweep    string
	duration time.Duration
}

// newBench makes the command that measures time.
func newBench(a *app) *cobra.Command {
	f := &benchFlags{}
	cmd := &cobra.Command{
		Use: "bench MODEL... [flags]", Short: "how fast is it? percentiles, first run, memory", Example: benchExample,
		Args: args(1, -1, "the model"),
		RunE: func(cmd *cobra.Command, args []string) error { return f.run(cmd.Context(), a, args) },
	}
	fs := cmd.Flags()
	fs.DurationVar(&f.duration, "duration", 3*time.Second, "measure for this `TIME`, and at least 10 runs")
	fs.StringArrayVarP(&f.inputs, "input", "i", nil, "an input: `NAME=VALUE`, as for run (default: random)")
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

// benchReport is the JSON of bench for one model and number of threads.
type benchReport struct {
	Schema     string  `json:"schema"`
	Model      string  `json:"model"`
	Threads    int     `json:"threads"`
	Precision  string  `json:"precision"`
	Runs       int     `json:"runs"`
	Latency    latency `json:"latency_ms"`
	FirstRunMS float64 `json:"first_run_ms"`
	LoadMS     float64 `json:"load_ms"`
	PeakRSSMiB float64 `json:"peak_rss_mib"`
	GFLOPs     float64 `json:"gflops"`
	CPU        string  `json:"cpu"`
	Version    string  `json:"version"`
	Stable     bool    `json:"stable"` // coefficient of variation of at most 2.5 %
}

// run measures every model with every number of threads.
func (f *benchFlags) run(ctx context.Context, a *app, paths []string) error {
	f.start(a)
	threads, err := parseThreads(f.sweep)
	if err != nil {
		return err
	}
	var list []*benchReport
	for _, path := range paths {
		for _, n := range threads {
			f.threads = n
			r, err := f.measure(ctx, a, path)
			if err != nil {
				return err
			}
			r.warn(a)
			list = append(list, r)
		}
	}
	switch {
	case a.json && len(list) == 1:
		return a.printJSON(list[0])
	case a.json:
		return a.printJSON(list)
	}
	printBench(a, list)
	return nil
}

// measure loads a model, warms it up and times it. Outputs go to the same memory in every run.
func (f *benchFlags) measure(ctx context.Context, a *app, path string) (*benchReport, error) {
	resetPeakRSS()
	begin := time.Now()
	m, err := f.open(a, path)
	if err != nil {
		return nil, err
	}
	defer m.Close()
	load := time.Since(begin)
	in, err := (&source{a, f.seed}).feed(m, f.inputs)
	if err != nil {
		return nil, err
	}
	s := m.NewSession()
	defer s.Close()
	out := tconv.Tensors{}
	for _, name := range outputNames(m) {
		out[name] = new(tconv.Tensor)
	}
	begin = time.Now()
	if err := s.RunInto(ctx, in.tensors, out); err != nil {
		return nil, shapeHint(err, in)
	}
	first := time.Since(begin)
	bar := a.newProgress(path)
	defer bar.end()
	times, err := f.sample(bar, func() error { return s.RunInto(ctx, in.tensors, out) })
	if err != nil {
		return nil, err
	}
	r := &benchReport{
		Schema: "tconv/bench/1", Model: modelName(path), Threads: m.Threads(), Precision: f.precision, Runs: len(times), Latency: newLatency(times),
		FirstRunMS: milliseconds(first), LoadMS: milliseconds(load), PeakRSSMiB: peakRSS(), CPU: cpuName(), Version: versionText(),
	}
	r.Stable = r.Latency.variation() <= maxVariation
	r.GFLOPs, err = gflops(m, in, r.Latency.P50)
	return r, err
}

// The warm-up and the least number of runs, as design asks: caches and the processor's clock settle in that time.
const (
	warmUp  = 200 * time.Millisecond
	minRuns = 10
)

// sample warms up, then times runs.
func (f *benchFlags) sample(bar *progress, run func() error) ([]time.Duration, error) {
	for begin := time.Now(); time.Since(begin) < warmUp; {
		if err := run(); err != nil {
			return nil, err
		}
	}
	var times []time.Duration
	for begin := time.Now(); len(times) < minRuns || time.Since(begin) < f.duration; {
		t := time.Now()
		if err := run(); err != nil {
			return nil, err
		}
		times = append(times, time.Since(t))
		bar.at(int(min(time.Since(begin), f.duration)/time.Millisecond), int(f.duration/time.Millisecond))
	}
	return times, nil
}

// gflops is the arithmetic of a run, two operations for each multiply-add, over its time.
func gflops(m *tconv.Model, in *feed, ms float64) (float64, error) {
	shapes := map[string][]int{}
	for name, t := range in.tensors {
		shapes[name] = t.Shape()
	}
	p, err := m.Plan(shapes)
	if err != nil || ms == 0 {
		return 0, err
	}
	return 2 * float64(p.MACs) / (ms * 1e6), nil
}

// warn says when the times vary too much to be compared.
func (r *benchReport) warn(a *app) {
	if !r.Stable {
		a.notef("warning: %s: times vary by %.1f %% (sd/mean, want at most %.1f %%): is something else running?\n",
			r.Model, 100*r.Latency.variation(), 100*maxVariation)
	}
}

// printBench writes the results for people.
func printBench(a *app, list []*benchReport) {
	a.printf("%s, tconv %s; times in ms\n", list[0].CPU, list[0].Version)
	a.table(func(w *tabwriter.Writer) {
		fmt.Fprintln(w, "model\tthreads\truns\tmin\tp50\tp90\tp99\tmean ± sd\tfirst\tload\tGFLOP/s\tpeak RSS")
		for _, r := range list {
			l := r.Latency
			fmt.Fprintf(w, "%s\t%d\t%d\t%.4g\t%.4g\t%.4g\t%.4g\t%.4g ± %.2g\t%.4g\t%.4g\t%.1f\t%.0f MiB\n", r.Model, r.Threads, r.Runs,
				l.Min, l.P50, l.P90, l.P99, l.Mean, l.SD, r.FirstRunMS, r.LoadMS, r.GFLOPs, r.PeakRSSMiB)
		}
	})
}
