package main

import (
	"cmp"
	"fmt"
	"slices"
	"text/tabwriter"
	"time"

	"github.com/tconv/tconv"
)

// runHooks watch the steps of a run: for --profile and --check-finite.
type runHooks struct {
	times opTimes
	bad   error // the first node that made NaN or Inf
}

// options asks the runner for events if somebody wants them.
func (h *runHooks) options(profile, finite bool) []tconv.Option {
	if !profile && !finite {
		return nil
	}
	return []tconv.Option{tconv.WithObserver(func(e tconv.Event) {
		if profile {
			h.times.add(e)
		}
		if finite && h.bad == nil {
			h.check(e)
		}
	})}
}

// check looks for NaN and Inf in what a step made.
func (h *runHooks) check(e tconv.Event) {
	for i := range e.Outputs {
		t := e.Output(i)
		if t == nil {
			continue
		}
		if at := firstNonFinite(t); at >= 0 {
			values, _ := t.Float64s()
			h.bad = kindf(errVerify, "node %s (%s) is the first whose output is not finite: element %d of output %d is %v", quoted(e.Node), e.Op, at, i, values[at])
		}
	}
}

// err gives what --check-finite found.
func (h *runHooks) err() error { return h.bad }

// opTimes adds up the time of each operator.
type opTimes map[string]*opTime

// opTime is the time of all nodes of one operator.
type opTime struct {
	Op    string  `json:"op"`
	Nodes int     `json:"nodes"`
	MS    float64 `json:"ms"`
	Share float64 `json:"share"`
	MACs  int64   `json:"macs,omitempty"`
}

func (t *opTimes) add(e tconv.Event) {
	if *t == nil {
		*t = opTimes{}
	}
	o := (*t)[e.Op]
	if o == nil {
		o = &opTime{Op: e.Op}
		(*t)[e.Op] = o
	}
	o.Nodes++
	o.MS += milliseconds(e.Elapsed)
	o.MACs += e.MACs
}

// list gives the operators, slowest first.
func (t opTimes) list() []opTime {
	var out []opTime
	total := 0.0
	for _, o := range t {
		total += o.MS
		out = append(out, *o)
	}
	for i := range out {
		if total > 0 {
			out[i].Share = out[i].MS / total
		}
	}
	slices.SortFunc(out, func(x, y opTime) int { return cmp.Or(cmp.Compare(y.MS, x.MS), cmp.Compare(x.Op, y.Op)) })
	return out
}

// printProfile prints the time of each operator.
func printProfile(a *app, times []opTime) {
	if len(times) == 0 {
		return
	}
	a.printf("time per operator\n")
	a.table(func(w *tabwriter.Writer) {
		for _, o := range times {
			rate := ""
			if o.MACs > 0 && o.MS > 0 {
				rate = countText(2*float64(o.MACs)/(o.MS/1e3)) + "FLOP/s"
			}
			fmt.Fprintf(w, "  %s\t%s\t%s\t%.1f %%\t%s\n", o.Op, plural(o.Nodes, "node"), timeText(time.Duration(o.MS*1e6)), 100*o.Share, rate)
		}
	})
}
