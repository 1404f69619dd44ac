package main

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"text/tabwriter"
)

// profileRow is the time of a node, or of several together.
type profileRow struct {
	Name   string  `json:"name"`
	Op     string  `json:"op,omitempty"`
	Kernel string  `json:"kernel,omitempty"`
	Nodes  int     `json:"nodes"`
	MS     float64 `json:"ms"`
	Share  float64 `json:"share"`
	MACs   int64   `json:"macs"`
	GFLOPs float64 `json:"gflops"`
}

// opName is the operator without its version.
func opName(op string) string {
	name, _, _ := strings.Cut(op, "-")
	return name
}

// ranked sorts rows by time and adds what follows from it.
func ranked(rows []profileRow) []profileRow {
	rows, total := slices.Clone(rows), 0.0
	for _, r := range rows {
		total += r.MS
	}
	for i := range rows {
		if r := &rows[i]; r.MS > 0 {
			r.Share, r.GFLOPs = r.MS/total, 2*float64(r.MACs)/(r.MS*1e6)
		}
	}
	slices.SortStableFunc(rows, func(x, y profileRow) int { return cmp.Or(cmp.Compare(y.MS, x.MS), cmp.Compare(x.Name, y.Name)) })
	return rows
}

// grouped adds up the rows that have the same name and kernel by key.
func grouped(rows []profileRow, key func(profileRow) (name, kernel string)) []profileRow {
	groups := map[[2]string]*profileRow{}
	for _, r := range rows {
		name, kernel := key(r)
		g := groups[[2]string{name, kernel}]
		if g == nil {
			g = &profileRow{Name: name, Kernel: kernel}
			groups[[2]string{name, kernel}] = g
		}
		g.Nodes, g.MS, g.MACs = g.Nodes+r.Nodes, g.MS+r.MS, g.MACs+r.MACs
	}
	var out []profileRow
	for _, g := range groups {
		out = append(out, *g)
	}
	return ranked(out)
}

// prefix is the part of the network that a node belongs to: the first depth parts of its name, without the last, which
// is the node's own. "/" is what lies in no part. Names without slashes count by what comes before their number.
func prefix(name string, depth int) string {
	if !strings.Contains(name, "/") {
		return strings.TrimRight(name, "0123456789_")
	}
	parts := strings.Split(strings.TrimPrefix(name, "/"), "/")
	parts = parts[:min(depth, len(parts)-1)]
	return "/" + strings.Join(parts, "/")
}

// The least number of parts that tells something, and how deep names are looked at for them.
const (
	tellingParts = 4
	maxDepth     = 8
)

// tellingDepth is how many parts of names to look at: the fewest that tell several parts of the network apart.
func tellingDepth(rows []profileRow) int {
	best, most := 1, 0
	for depth := 1; depth <= maxDepth; depth++ {
		found := map[string]bool{}
		for _, r := range rows {
			found[prefix(r.Name, depth)] = true
		}
		if n := len(slices.Collect(maps.Keys(found))); n > most {
			best, most = depth, n
		}
		if most >= tellingParts {
			break
		}
	}
	return best
}

// print writes the tables for people.
func (f *profileFlags) print(a *app, r *profileReport) {
	a.printf("%s: %.4g ms with %s (median of %d runs), %s, tconv %s\n", r.Model, r.Latency.P50, plural(r.Threads, "thread"), r.Runs, r.CPU, r.Version)
	if r.PeakGFLOPs > 0 {
		a.printf("peak of multiply-adds alone on as many cores: %.0f GFLOP/s; the rates below count those of the direct definition\n", r.PeakGFLOPs)
	}
	r.printRows(a, "operators", r.Operators, len(r.Operators))
	top := f.top
	if top == 0 {
		top = len(r.Nodes)
	}
	r.printRows(a, "nodes", r.Nodes, top)
	r.printRows(a, "parts, by names", r.Prefixes, top)
	a.printf("between nodes: %.3g ms\n", max(r.OutsideMS, 0))
	for _, path := range r.Written {
		a.printf("wrote %s\n", path)
	}
}

// printRows writes one table, cut to n rows.
func (r *profileReport) printRows(a *app, title string, rows []profileRow, n int) {
	a.printf("%s\n", title)
	a.table(func(w *tabwriter.Writer) {
		for _, row := range rows[:min(n, len(rows))] {
			name, rate := clip(row.Name, 48), ""
			if row.MACs > 0 && r.PeakGFLOPs > 0 {
				rate = fmt.Sprintf("%.1f GFLOP/s, %.0f %% of peak", row.GFLOPs, 100*row.GFLOPs/r.PeakGFLOPs)
			}
			if row.Op != "" {
				name += "\t" + row.Op
			} else {
				name += "\t" + plural(row.Nodes, "node")
			}
			fmt.Fprintf(w, "  %.3g ms\t%.1f %%\t%s\t%s\t%s\n", row.MS, 100*row.Share, name, row.Kernel, rate)
		}
	})
	if more := len(rows) - n; more > 0 {
		a.printf("  ... %d more (--top)\n", more)
	}
}
