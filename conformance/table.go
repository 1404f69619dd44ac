package conformance

import (
	"fmt"
	"slices"
	"strings"
)

// Counts are the ends of the tests of one operator.
type Counts struct{ Passed, Failed, Skipped, Unsupported int }

// Table counts results per operator: a test counts for the operator that its
// name tells and its model holds, or the only one there is. Tests of expanded
// functions count for none.
func Table(results []Result, skipped func(test string) bool) map[string]Counts {
	table := map[string]Counts{}
	for _, r := range results {
		op := subject(r)
		if op == "" {
			continue
		}
		c := table[op]
		switch {
		case r.Status == Passed:
			c.Passed++
		case skipped(r.Test):
			c.Skipped++
		case r.Status == Unsupported:
			c.Unsupported++
		default:
			c.Failed++
		}
		table[op] = c
	}
	return table
}

// Types lists, for each operator, the element types of graph inputs and outputs in
// the tests about it that pass, sorted.
func Types(results []Result) map[string][]string {
	types := map[string][]string{}
	for _, r := range results {
		if op := subject(r); op != "" && r.Status == Passed {
			types[op] = append(types[op], r.Types...)
		}
	}
	for op, list := range types {
		slices.Sort(list)
		types[op] = slices.Compact(list)
	}
	return types
}

// subject is the operator that a test is about, or "": the one that its name begins
// with, else the only one. The models of many tests hold helpers (Constant, Cast)
// beside it.
func subject(r Result) string {
	name := strings.TrimPrefix(r.Test, "node/test_")
	name = strings.ReplaceAll(name, "_", "")
	best := ""
	for _, op := range r.Ops {
		if strings.HasPrefix(name, strings.ToLower(op)) && len(op) > len(best) {
			best = op
		}
	}
	if best == "" && len(r.Ops) == 1 && !strings.Contains(r.Test, "_expanded") {
		return r.Ops[0] // test_nllloss_NC, test_basic_conv_with_padding
	}
	return best
}

// SkipList is the tests that are known not to pass, each with a reason: lines of
// `name-glob  reason`, where # starts a comment. A name-glob behind ~ holds tests that
// draw random numbers: now and then they pass by chance.
type SkipList struct {
	entries []skipEntry
}

type skipEntry struct {
	pattern, reason string
	chance          bool
	used            bool
}

// ParseSkipList reads a skip list.
func ParseSkipList(text string) (*SkipList, error) {
	l := &SkipList{}
	for i, line := range strings.Split(text, "\n") {
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		pattern, reason, _ := strings.Cut(line, " ")
		reason = strings.TrimSpace(reason)
		if reason == "" {
			return nil, fmt.Errorf("line %d: %q has no reason", i+1, pattern)
		}
		pattern, chance := strings.CutPrefix(pattern, "~")
		l.entries = append(l.entries, skipEntry{pattern: pattern, reason: reason, chance: chance})
	}
	return l, nil
}

// Reason gives the reason why a test is skipped, and marks the line as used.
func (l *SkipList) Reason(test string) (string, bool) {
	if e := l.find(test); e != nil {
		e.used = true
		return e.reason, true
	}
	return "", false
}

// Chance tells whether a skipped test may pass by chance.
func (l *SkipList) Chance(test string) bool {
	e := l.find(test)
	return e != nil && e.chance
}

// find gives the line that a test is in, or nil.
func (l *SkipList) find(test string) *skipEntry {
	for i := range l.entries {
		if Match(l.entries[i].pattern, test) {
			return &l.entries[i]
		}
	}
	return nil
}

// Unused lists the patterns that matched no test.
func (l *SkipList) Unused() []string {
	var out []string
	for _, e := range l.entries {
		if !e.used {
			out = append(out, e.pattern)
		}
	}
	return out
}

// Match tells whether a name has the form of a pattern in which * stands for any
// text, slashes included.
func Match(pattern, name string) bool {
	parts := strings.Split(pattern, "*")
	if !strings.HasPrefix(name, parts[0]) {
		return false
	}
	name = name[len(parts[0]):]
	for i, p := range parts[1:] {
		if i == len(parts)-2 {
			return strings.HasSuffix(name, p)
		}
		at := strings.Index(name, p)
		if at < 0 {
			return false
		}
		name = name[at+len(p):]
	}
	return name == ""
}

// SortedOps lists the operators of a table by name.
func SortedOps(table map[string]Counts) []string {
	names := make([]string, 0, len(table))
	for name := range table {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}
