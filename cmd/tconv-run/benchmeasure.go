package main

import (
	"context"
	"runtime"
	"sync"
	"time"

	"github.com/tconv/tconv"
	"github.com/tconv/tconv/backend/cpu"
)

// prepared is a model ready to be run again and again, with the outputs in the same memory.
type prepared struct {
	model   *tconv.Model
	in      *feed
	session *tconv.Session
	out     tconv.Tensors
	load    time.Duration
}

// prepare loads a model and makes its inputs.
func (f *modelFlags) prepare(a *app, path string, inputs []string, opts ...tconv.Option) (*prepared, error) {
	begin := time.Now()
	m, err := f.open(a, path, opts...)
	if err != nil {
		return nil, err
	}
	p := &prepared{model: m, load: time.Since(begin), out: tconv.Tensors{}}
	if p.in, err = (&source{app: a, seed: f.seed, rest: true}).feed(m, inputs); err != nil {
		m.Close()
		return nil, err
	}
	p.session = m.NewSession()
	for _, name := range outputNames(m) {
		p.out[name] = new(tconv.Tensor)
	}
	return p, nil
}

// run runs the model once.
func (p *prepared) run(ctx context.Context) error {
	return shapeHint(p.session.RunInto(ctx, p.in.tensors, p.out), p.in)
}

// close gives the memory back.
func (p *prepared) close() {
	p.session.Close()
	p.model.Close()
}

// shapes are the shapes of the inputs.
func (p *prepared) shapes() map[string][]int {
	shapes := map[string][]int{}
	for name, t := range p.in.tensors {
		shapes[name] = t.Shape()
	}
	return shapes
}

// measure loads a model, warms it up and times it.
func (f *benchFlags) measure(ctx context.Context, a *app, path string) (*benchReport, error) {
	p, err := f.prepare(a, path, f.inputs)
	if err != nil {
		return nil, err
	}
	defer p.close()
	begin := time.Now()
	if err := p.run(ctx); err != nil {
		return nil, err
	}
	first := time.Since(begin)
	bar := a.newProgress(path)
	defer bar.end()
	times, err := sample(f.duration, bar, func() error { return p.run(ctx) })
	if err != nil {
		return nil, err
	}
	plan, err := p.model.Plan(p.shapes())
	if err != nil {
		return nil, err
	}
	r := newBenchReport(path, times)
	r.Threads, r.Precision = p.model.Threads(), f.precision
	r.LoadMS, r.FirstRunMS, r.PeakRSSMiB = milliseconds(p.load), milliseconds(first), peakRSS()
	r.rate(plan.MACs, r.Threads)
	r.LinePassNS = float64(cpu.MeasureLinePass(r.Threads))
	return r, nil
}

// The warm-up and the least number of runs: caches and the processor's clock settle in that time, and a percentile of
// fewer runs means little.
const (
	warmUp  = 200 * time.Millisecond
	minRuns = 10
)

// sample warms up, then times runs.
func sample(duration time.Duration, bar *progress, run func() error) ([]time.Duration, error) {
	for begin := time.Now(); time.Since(begin) < warmUp; {
		if err := run(); err != nil {
			return nil, err
		}
	}
	var times []time.Duration
	for begin := time.Now(); len(times) < minRuns || time.Since(begin) < duration; {
		t := time.Now()
		if err := run(); err != nil {
			return nil, err
		}
		times = append(times, time.Since(t))
		bar.at(int(min(time.Since(begin), duration)/time.Millisecond), int(duration/time.Millisecond))
	}
	return times, nil
}

// measurePeak gives the GFLOP/s that n cores together make with multiply-adds alone: what a kernel is held against. It
// is measured at once after the runs, since a processor's clock depends on what it did before.
func measurePeak(n int) float64 {
	tier, err := cpu.TierFromEnv()
	if err != nil {
		return 0 // no model would have loaded
	}
	var sum float64
	var mu sync.Mutex
	var all sync.WaitGroup
	for range min(n, runtime.GOMAXPROCS(0)) {
		all.Go(func() {
			one := cpu.MeasurePeak(cpu.KernelsFor(tier))
			mu.Lock()
			sum += one
			mu.Unlock()
		})
	}
	all.Wait()
	return sum
}
