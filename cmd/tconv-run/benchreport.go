package main

import (
	"encoding/csv"
	"fmt"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"text/tabwriter"
	"time"
)

// benchReport is the JSON of bench for one model and number of threads.
type benchReport struct {
	Schema     string          `json:"schema,omitempty"`
	Model      string          `json:"model"`
	Threads    int             `json:"threads"`
	Precision  string          `json:"precision"`
	Runs       int             `json:"runs"`
	Latency    latency         `json:"latency_ms"`
	FirstRunMS float64         `json:"first_run_ms"`
	LoadMS     float64         `json:"load_ms"`
	PeakRSSMiB float64         `json:"peak_rss_mib"`
	GFLOPs     float64         `json:"gflops"`
	PeakGFLOPs float64         `json:"peak_gflops"`            // multiply-adds alone on as many cores, measured after the runs
	LinePassNS float64         `json:"line_pass_ns,omitempty"` // between the cores of several threads, measured after the runs
	CPU        string          `json:"cpu"`
	Version    string          `json:"version"`
	Stable     bool            `json:"stable"` // coefficient of variation of at most 2.5 %
	Against    *benchReport    `json:"against,omitempty"`
	Ratio      float64         `json:"ratio,omitempty"` // of the medians, the other runtime's over tconv's
	Baseline   *baselineReport `json:"baseline,omitempty"`
}

// newBenchReport sums up the times of runs.
func newBenchReport(path string, times []time.Duration) *benchReport {
	r := &benchReport{Schema: "tconv/bench/1", Model: modelName(path), Runs: len(times), Latency: newLatency(times), CPU: cpuName(), Version: versionText()}
	r.Stable = r.Latency.variation() <= maxVariation
	return r
}

// rate adds the arithmetic rate, two operations for each multiply-add, and what the cores could do.
func (r *benchReport) rate(macs int64, threads int) {
	if r.Latency.P50 > 0 {
		r.GFLOPs = 2 * float64(macs) / (r.Latency.P50 * 1e6)
	}
	r.PeakGFLOPs = measurePeak(threads)
}

// farCores is from how many nanoseconds for a cache line on cores have no cache in common.
const farCores = 90

// warn says when the times vary too much to be compared, and when threads are slow to see what others wrote.
func (r *benchReport) warn(a *app) {
	if r.LinePassNS >= farCores {
		a.notef("warning: %s: %d threads take %.0f ns to pass a cache line, some 30 where cores share an L3 cache: on such cores (see taskset) they gain more\n",
			r.Model, r.Threads, r.LinePassNS)
	}
	if !r.Stable {
		a.notef("warning: %s: times vary by %.1f %% (sd/mean, want at most %.1f %%): is something else running?\n",
			r.Model, 100*r.Latency.variation(), 100*maxVariation)
	}
}

// benchColumn is a column of the tables: its title for people, its name for programs.
type benchColumn struct {
	title, name string
	format      string // of people's tables
	value       func(r *benchReport) any
}

// benchColumns are the columns that every table has.
var benchColumns = []benchColumn{
	{"model", "model", "%v", func(r *benchReport) any { return r.Model }},
	{"threads", "threads", "%v", func(r *benchReport) any { return r.Threads }},
	{"runs", "runs", "%v", func(r *benchReport) any { return r.Runs }},
	{"min", "min_ms", "%.4g", func(r *benchReport) any { return r.Latency.Min }},
	{"p50", "p50_ms", "%.4g", func(r *benchReport) any { return r.Latency.P50 }},
	{"p90", "p90_ms", "%.4g", func(r *benchReport) any { return r.Latency.P90 }},
	{"p99", "p99_ms", "%.4g", func(r *benchReport) any { return r.Latency.P99 }},
	{"mean", "mean_ms", "%.4g", func(r *benchReport) any { return r.Latency.Mean }},
	{"± sd", "sd_ms", "%.2g", func(r *benchReport) any { return r.Latency.SD }},
	{"first", "first_run_ms", "%.4g", func(r *benchReport) any { return r.FirstRunMS }},
	{"load", "load_ms", "%.4g", func(r *benchReport) any { return r.LoadMS }},
	{"peak RSS", "peak_rss_mib", "%.0f MiB", func(r *benchReport) any { return r.PeakRSSMiB }},
	{"GFLOP/s", "gflops", "%.1f", func(r *benchReport) any { return r.GFLOPs }},
	{"of peak", "of_peak", "%.0f %%", func(r *benchReport) any { return r.ofPeak() }},
}

// againstColumns follow where another runtime was measured too.
var againstColumns = []benchColumn{
	{"runtime", "against", "%v", func(r *benchReport) any { return r.Against.Version }},
	{"its p50", "against_p50_ms", "%.4g", func(r *benchReport) any { return r.Against.Latency.P50 }},
	{"its first + load", "against_start_ms", "%.4g", func(r *benchReport) any { return r.Against.FirstRunMS + r.Against.LoadMS }},
	{"its peak RSS", "against_peak_rss_mib", "%.0f MiB", func(r *benchReport) any { return r.Against.PeakRSSMiB }},
	{"ratio", "ratio", "%.2f", func(r *benchReport) any { return r.Ratio }},
}

// baselineColumns follow where there is a baseline.
var baselineColumns = []benchColumn{
	{"baseline p50", "baseline_p50_ms", "%.4g", func(r *benchReport) any { return r.Baseline.p50() }},
	{"change", "change_percent", "%+.1f %%", func(r *benchReport) any { return r.Baseline.percent() }},
}

// ofPeak is the arithmetic rate in percent of what the cores could do. Algorithms that save multiplications, which are
// counted by the direct definition, can go beyond 100.
func (r *benchReport) ofPeak() float64 {
	if r.PeakGFLOPs == 0 {
		return 0
	}
	return 100 * r.GFLOPs / r.PeakGFLOPs
}

// columnsOf gives the columns that a list needs.
func columnsOf(list []*benchReport) []benchColumn {
	columns := slices.Clone(benchColumns)
	if list[0].Against != nil {
		columns = append(columns, againstColumns...)
	}
	if slices.ContainsFunc(list, func(r *benchReport) bool { return r.Baseline != nil }) {
		columns = append(columns, baselineColumns...)
	}
	return columns
}

// cell writes a value, "" where there is none.
func (c *benchColumn) cell(r *benchReport, format string) string {
	v := c.value(r)
	if v == nil {
		return ""
	}
	return fmt.Sprintf(format, v)
}

// print writes the results in the form asked for.
func (f *benchFlags) print(a *app, list []*benchReport) error {
	switch {
	case a.json && len(list) == 1:
		return a.printJSON(list[0])
	case a.json:
		return a.printJSON(list)
	}
	switch f.format {
	case "csv":
		return printCSV(a, list)
	case "md":
		printMarkdown(a, list)
	case "gobench":
		printGoBench(a, list)
	default:
		printBench(a, list)
	}
	return nil
}

// printBench writes the results for people.
func printBench(a *app, list []*benchReport) {
	a.printf("%s\n", benchTitle(list))
	columns := columnsOf(list)
	a.table(func(w *tabwriter.Writer) {
		for i, c := range columns {
			fmt.Fprint(w, strings.Repeat("\t", min(i, 1)), c.title)
		}
		fmt.Fprintln(w)
		for _, r := range list {
			for i, c := range columns {
				fmt.Fprint(w, strings.Repeat("\t", min(i, 1)), c.cell(r, c.format))
			}
			fmt.Fprintln(w)
		}
	})
}

// benchTitle says what the numbers are.
func benchTitle(list []*benchReport) string {
	text := fmt.Sprintf("%s, tconv %s; times in ms", list[0].CPU, list[0].Version)
	if list[0].Against != nil {
		text += "; measured in turns on the same cores, ratio is the other's p50 over tconv's"
	}
	return text
}

// printMarkdown writes a table for documents.
func printMarkdown(a *app, list []*benchReport) {
	columns := columnsOf(list)
	head, rule := "|", "|"
	for i, c := range columns {
		head += " " + c.title + " |"
		rule += []string{"---|", "--:|"}[min(i, 1)]
	}
	a.printf("%s\n\n%s\n%s\n", benchTitle(list), head, rule)
	for _, r := range list {
		line := "|"
		for _, c := range columns {
			line += " " + strings.ReplaceAll(c.cell(r, c.format), "|", `\|`) + " |"
		}
		a.printf("%s\n", line)
	}
}

// printCSV writes a table for spreadsheets, with all digits.
func printCSV(a *app, list []*benchReport) error {
	columns := columnsOf(list)
	w := csv.NewWriter(printer{a})
	var head []string
	for _, c := range columns {
		head = append(head, c.name)
	}
	w.Write(head) // the writer keeps its first error
	for _, r := range list {
		var cells []string
		for _, c := range columns {
			cells = append(cells, c.cell(r, "%v"))
		}
		w.Write(cells)
	}
	w.Flush()
	return w.Error()
}

// printGoBench writes what "go test -bench" would, for benchstat: ns/op is the mean, as there.
func printGoBench(a *app, list []*benchReport) {
	a.printf("goos: %s\ngoarch: %s\npkg: github.com/tconv/tconv\ncpu: %s\n", runtime.GOOS, runtime.GOARCH, list[0].CPU)
	for _, r := range list {
		r.printGoBench(a, "")
		if r.Against != nil {
			r.Against.printGoBench(a, "/runtime=onnxruntime")
		}
	}
}

func (r *benchReport) printGoBench(a *app, suffix string) {
	name := strings.TrimSuffix(filepath.Base(r.Model), ".onnx")
	name = strings.ReplaceAll(name, " ", "_") + suffix
	a.printf("BenchmarkRun/model=%s-%d\t%d\t%.0f ns/op\t%.0f p50-ns/op\t%.1f GFLOP/s\t%.1f peak-MiB\n",
		name, r.Threads, r.Runs, 1e6*r.Latency.Mean, 1e6*r.Latency.P50, r.GFLOPs, r.PeakRSSMiB)
}
