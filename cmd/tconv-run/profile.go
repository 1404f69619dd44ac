package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"runtime/pprof"
	"time"

	"github.com/spf13/cobra"

	"github.com/tconv/tconv"
)

const profileExample = `  tconv-run profile unet.onnx                      time per operator, node and part of the network
  tconv-run profile unet.onnx -t 1 --top 30        one thread, more nodes
  tconv-run profile unet.onnx --trace run.json     a timeline for ui.perfetto.dev or chrome://tracing
  tconv-run profile unet.onnx --pprof cpu.prof     then: go tool pprof -tags cpu.prof, or -tagfocus node=/up.0`

// profileFlags are the flags of profile.
type profileFlags struct {
	modelFlags
	inputs       []string
	duration     time.Duration
	top, depth   int
	trace, pprof string
}

// newProfile makes the command that says where time goes.
func newProfile(a *app) *cobra.Command {
	f := &profileFlags{}
	cmd := &cobra.Command{
		Use: "profile MODEL [flags]", Short: "where does the time go? per operator, node and part; Perfetto, pprof", Example: profileExample,
		Args: args(1, 1, "the model"),
		RunE: func(cmd *cobra.Command, args []string) error { return f.run(cmd.Context(), a, args[0]) },
	}
	fs := cmd.Flags()
	fs.DurationVar(&f.duration, "duration", 2*time.Second, "repeat for this `TIME`, and at least 10 runs; the median of each node counts")
	fs.IntVar(&f.top, "top", 15, "show the slowest `N` nodes; 0 is all")
	fs.IntVar(&f.depth, "depth", 0, "sum up nodes by the first `N` parts of their names (default: as many as tell something)")
	fs.StringVar(&f.trace, "trace", "", "write a timeline to `FILE` for Perfetto or Chrome")
	fs.StringVar(&f.pprof, "pprof", "", "write a CPU profile to `FILE`, with labels node, op and kernel")
	fs.StringArrayVarP(&f.inputs, "input", "i", nil, "an input: `NAME=VALUE`, as for run; those not given are random")
	f.register(cmd)
	return cmd
}

// profileReport is the JSON of profile.
type profileReport struct {
	Schema     string       `json:"schema"`
	Model      string       `json:"model"`
	Version    string       `json:"version"`
	CPU        string       `json:"cpu"`
	Threads    int          `json:"threads"`
	Runs       int          `json:"runs"`
	Latency    latency      `json:"latency_ms"`
	PeakGFLOPs float64      `json:"peak_gflops"`
	OutsideMS  float64      `json:"outside_ms"` // the median run less its nodes
	Operators  []profileRow `json:"operators"`
	Nodes      []profileRow `json:"nodes"`
	Prefixes   []profileRow `json:"prefixes"`
	Written    []string     `json:"written,omitempty"`
}

// run repeats the model and reports where the time went.
func (f *profileFlags) run(ctx context.Context, a *app, path string) error {
	f.start(a)
	if err := f.check(); err != nil {
		return err
	}
	rec := &recorder{traced: f.trace != ""}
	opts := []tconv.Option{tconv.WithObserver(rec.see)}
	if f.pprof != "" {
		opts = append(opts, tconv.WithProfileLabels())
	}
	p, err := f.prepare(a, path, f.inputs, opts...)
	if err != nil {
		return err
	}
	defer p.close()
	if err := p.run(ctx); err != nil {
		return err
	}
	bar := a.newProgress(path)
	defer bar.end()
	var profile bytes.Buffer
	err = profiled(f.pprof != "", &profile, func() error {
		return rec.record(f.duration, bar, func() error { return p.run(ctx) })
	})
	if err != nil {
		return err
	}
	bar.end()
	r := f.report(path, rec, p.model.Threads())
	if r.Written, err = f.write(a, r, rec, profile.Bytes()); err != nil {
		return err
	}
	if a.json {
		return a.printJSON(r)
	}
	f.print(a, r)
	return nil
}

// check refuses flags that mean nothing, before anything runs.
func (f *profileFlags) check() error {
	switch {
	case f.duration < 0:
		return usagef("--duration %v, want 0 or more", f.duration)
	case f.top < 0:
		return usagef("--top %d, want 0 or more", f.top)
	case f.depth < 0:
		return usagef("--depth %d, want 0 or more", f.depth)
	case f.trace != "" && f.trace == f.pprof:
		return usagef("--trace and --pprof both go to %s", f.trace)
	}
	for _, path := range []string{f.trace, f.pprof} {
		if path != "" {
			if err := checkTarget(path); err != nil {
				return err
			}
		}
	}
	return nil
}

// profiled calls work under the CPU profiler of Go.
func profiled(on bool, w io.Writer, work func() error) error {
	if !on {
		return work()
	}
	if err := pprof.StartCPUProfile(w); err != nil {
		return fmt.Errorf("cannot profile: %w", err)
	}
	defer pprof.StopCPUProfile()
	return work()
}

// report sums up what was recorded.
func (f *profileFlags) report(path string, rec *recorder, threads int) *profileReport {
	r := &profileReport{
		Schema: "tconv/profile/1", Model: modelName(path), Version: versionText(), CPU: cpuName(), Threads: threads,
		Runs: len(rec.runs), Latency: newLatency(rec.runs), PeakGFLOPs: measurePeak(threads),
	}
	steps := rec.rows()
	r.Nodes = ranked(steps)
	r.Operators = grouped(steps, func(row profileRow) (string, string) { return row.Op, row.Kernel })
	depth := f.depth
	if depth == 0 {
		depth = tellingDepth(steps)
	}
	r.Prefixes = grouped(steps, func(row profileRow) (string, string) { return prefix(row.Name, depth), "" })
	r.OutsideMS = r.Latency.P50
	for _, s := range steps {
		r.OutsideMS -= s.MS
	}
	return r
}

// write writes the files that were asked for, all or none.
func (f *profileFlags) write(a *app, r *profileReport, rec *recorder, profile []byte) ([]string, error) {
	box := &outbox{temps: &a.temps}
	var written []string
	if f.trace != "" {
		err := box.add(f.trace, func(w io.Writer) error { return json.NewEncoder(w).Encode(rec.timeline(r)) })
		if err != nil {
			return nil, err
		}
		written = append(written, f.trace)
	}
	if f.pprof != "" {
		if err := box.add(f.pprof, func(w io.Writer) error { _, err := w.Write(profile); return err }); err != nil {
			return nil, err
		}
		written = append(written, f.pprof)
	}
	return written, box.commit()
}
