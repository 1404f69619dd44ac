package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// baselineReport is how a result stands to an earlier one.
type baselineReport struct {
	P50    float64 `json:"p50_ms"`
	Change float64 `json:"change"` // of the median: 0.1 is 10 % slower
}

// p50 is the baseline's median; nil if there is none.
func (b *baselineReport) p50() any {
	if b == nil {
		return nil
	}
	return b.P50
}

// percent is the change in percent; nil if there is no baseline.
func (b *baselineReport) percent() any {
	if b == nil {
		return nil
	}
	return 100 * b.Change
}

// baseline is what an earlier run measured, and how much slower is allowed. nil compares nothing.
type baseline struct {
	path    string
	list    []*benchReport
	allowed float64
}

// readBaseline reads what --baseline names.
func (f *benchFlags) readBaseline() (*baseline, error) {
	digits, isPercent := strings.CutSuffix(f.maxRegress, "%")
	percent, err := strconv.ParseFloat(strings.TrimSpace(digits), 64)
	if err != nil || !isPercent || !(percent >= 0) {
		return nil, usagef("--max-regress %s, want a percentage such as 5%%", f.maxRegress)
	}
	if f.baseline == "" {
		return nil, nil
	}
	data, err := os.ReadFile(f.baseline)
	if err != nil {
		return nil, usagef("--baseline %w", readError(f.baseline, err))
	}
	if data = bytes.TrimSpace(data); len(data) > 0 && data[0] == '{' {
		data = slices.Concat([]byte("["), data, []byte("]"))
	}
	b := &baseline{path: f.baseline, allowed: percent / 100}
	if err := json.Unmarshal(data, &b.list); err != nil || slices.ContainsFunc(b.list, isNoBench) {
		return nil, usagef("--baseline %s is not what \"tconv-run bench --json\" prints", f.baseline)
	}
	return b, nil
}

func isNoBench(r *benchReport) bool {
	return r == nil || r.Schema != "tconv/bench/1" || !(r.Latency.P50 > 0)
}

// compare notes how a result stands to the baseline of the same model, threads and precision.
func (b *baseline) compare(a *app, r *benchReport) {
	if b == nil {
		return
	}
	i := slices.IndexFunc(b.list, func(old *benchReport) bool {
		return filepath.Base(old.Model) == filepath.Base(r.Model) && old.Threads == r.Threads && old.Precision == r.Precision
	})
	if i < 0 {
		a.notef("note: %s has no result for %s with %s\n", b.path, r.Model, plural(r.Threads, "thread"))
		return
	}
	old := b.list[i]
	if old.CPU != r.CPU {
		a.notef("warning: %s was measured on another processor: %s\n", b.path, old.CPU)
	}
	r.Baseline = &baselineReport{P50: old.Latency.P50, Change: r.Latency.P50/old.Latency.P50 - 1}
}

// verdict is an error if something became slower than allowed, or if nothing could be compared.
func (b *baseline) verdict(list []*benchReport) error {
	if b == nil {
		return nil
	}
	var slower []string
	compared := 0
	for _, r := range list {
		if r.Baseline == nil {
			continue
		}
		compared++
		if r.Baseline.Change > b.allowed {
			slower = append(slower, fmt.Sprintf("%s with %s by %.1f %%", r.Model, plural(r.Threads, "thread"), 100*r.Baseline.Change))
		}
	}
	switch {
	case compared == 0:
		return usagef("--baseline %s has no result for these models, threads and precision", b.path)
	case slower != nil:
		return withHint(kindf(errRegress, "slower than %s by more than %.3g %%: %s", b.path, 100*b.allowed, strings.Join(slower, "; ")),
			"if the change is right, make a new baseline with --json")
	}
	return nil
}
