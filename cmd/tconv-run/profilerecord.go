package main

import (
	"time"

	"github.com/tconv/tconv"
)

// recorder collects the times of runs and of their steps.
type recorder struct {
	on     bool // off during the warm-up
	traced bool
	runs   []time.Duration
	steps  []stepTimes
	spans  []span
	began  time.Time
}

// stepTimes are the times of one step in every run.
type stepTimes struct {
	profileRow
	times []time.Duration
}

// span is one step of one run on the timeline.
type span struct {
	run, step      int
	start, elapsed time.Duration // from the beginning of the record
}

// maxSpans bounds the timeline: 100,000 steps are 20 MB of JSON, which viewers still open with ease.
const maxSpans = 100_000

// see is the observer of the runs.
func (r *recorder) see(e tconv.Event) {
	if !r.on {
		return
	}
	for len(r.steps) <= e.Step {
		r.steps = append(r.steps, stepTimes{})
	}
	s := &r.steps[e.Step]
	if s.times == nil {
		s.profileRow = profileRow{Name: e.Node, Op: opName(e.Op), Kernel: e.Kernel, Nodes: 1, MACs: e.MACs}
	}
	s.times = append(s.times, e.Elapsed)
	if r.traced && len(r.spans) < maxSpans {
		r.spans = append(r.spans, span{len(r.runs), e.Step, e.Start.Sub(r.began), e.Elapsed})
	}
}

// record warms up, then records runs.
func (r *recorder) record(duration time.Duration, bar *progress, run func() error) (err error) {
	timed := func() error {
		if !r.on && time.Since(r.began) >= warmUp {
			r.on, r.began = true, time.Now()
		}
		begin := time.Now()
		if err := run(); err != nil || !r.on {
			return err
		}
		r.runs = append(r.runs, time.Since(begin))
		return nil
	}
	r.began = time.Now()
	for len(r.runs) < minRuns || time.Since(r.began) < duration {
		if err := timed(); err != nil {
			return err
		}
		bar.at(int(time.Since(r.began)/time.Millisecond), int(duration/time.Millisecond))
	}
	return nil
}

// rows gives the steps with their median times, in order.
func (r *recorder) rows() []profileRow {
	var rows []profileRow
	for _, s := range r.steps {
		if s.times == nil {
			continue // a view: nothing is computed
		}
		s.MS = newLatency(s.times).P50
		rows = append(rows, s.profileRow)
	}
	return rows
}

// traceEvent is an event of the trace format that Chrome and Perfetto read. Times are in microseconds.
type traceEvent struct {
	Name  string         `json:"name"`
	Cat   string         `json:"cat,omitempty"`
	Phase string         `json:"ph"`
	Start float64        `json:"ts"`
	Dur   float64        `json:"dur"`
	PID   int            `json:"pid"`
	TID   int            `json:"tid"`
	Args  map[string]any `json:"args,omitempty"`
}

// timeline gives the recorded steps in that format.
func (r *recorder) timeline(report *profileReport) any {
	us := func(d time.Duration) float64 { return float64(d) / float64(time.Microsecond) }
	events := []traceEvent{
		{Name: "process_name", Phase: "M", PID: 1, Args: map[string]any{"name": "tconv " + report.Version}},
		{Name: "thread_name", Phase: "M", PID: 1, TID: 1, Args: map[string]any{"name": report.Model}},
	}
	for _, s := range r.spans {
		row := r.steps[s.step]
		args := map[string]any{"op": row.Op, "kernel": row.Kernel, "run": s.run}
		if row.MACs > 0 && s.elapsed > 0 {
			args["GFLOP/s"] = 2 * float64(row.MACs) / float64(s.elapsed)
		}
		events = append(events, traceEvent{Name: row.Name, Cat: row.Op, Phase: "X", Start: us(s.start), Dur: us(s.elapsed), PID: 1, TID: 1, Args: args})
	}
	return map[string]any{"displayTimeUnit": "ms", "traceEvents": events,
		"otherData": map[string]any{"model": report.Model, "threads": report.Threads, "cpu": report.CPU}}
}
