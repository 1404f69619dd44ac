package main

import (
	"context"
	"fmt"
	"os"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/tconv/tconv"
	"github.com/tconv/tconv/conformance"
)

const conformanceExample = `  tconv-run conformance onnx-1.22.0-py3-none-any.whl            the test data inside the Python package of ONNX
  tconv-run conformance DIR --filter 'conv*'                    only tests called so: node/test_conv_...
  tconv-run conformance data.zip --failed                       what does not pass, and why
  TCONV_KERNEL=avx2 tconv-run conformance data.zip              with other kernels
  tconv-run conformance data.zip --skip skip.txt                exit code 6 if anything but these fails`

// conformanceFlags are the flags of conformance.
type conformanceFlags struct {
	modelFlags
	filter, skip string
	failed       bool
	constants    bool
}

// newConformance makes the command that runs the ONNX backend test data.
func newConformance(a *app) *cobra.Command {
	f := &conformanceFlags{}
	cmd := &cobra.Command{
		Use: "conformance DATA [flags]", Short: "run the ONNX backend test data: a folder, zip or wheel", Example: conformanceExample,
		Args: args(1, 1, "the test data"),
		RunE: func(cmd *cobra.Command, args []string) error { return f.run(cmd.Context(), a, args[0]) },
	}
	fs := cmd.Flags()
	fs.StringVar(&f.filter, "filter", "", "only tests whose names match `GLOB`; * is any text")
	fs.BoolVar(&f.failed, "failed", false, "list the tests that do not pass, with reasons, instead of the table")
	fs.BoolVar(&f.constants, "constants", false, "every tensor input but the first as a constant, as weights are in models")
	fs.StringVar(&f.skip, "skip", "", "tests that need not pass: lines of \"name-glob  reason\" in `FILE`; ~ before those that may pass")
	fs.IntVarP(&f.threads, "threads", "t", 0, "`N` threads (default: all cores)")
	fs.DurationVar(&f.timeout, "timeout", 0, "stop after this time, such as `5m` (exit code 124)")
	fs.StringVar(&f.precision, "precision", "highest", "`highest`, exact, high or medium")
	fs.BoolVar(&f.reference, "reference", false, "plain definition of every operator")
	return cmd
}

// testTime bounds one test: most models are tiny, light/light_vgg19 multiplies 20e9 times.
const testTime = 2 * time.Minute

// conformanceReport is the JSON of conformance.
type conformanceReport struct {
	Schema    string              `json:"schema"`
	Data      string              `json:"data"`
	Version   string              `json:"version"`
	Counts    conformanceCounts   `json:"counts"`
	Operators []conformanceCounts `json:"operators"`
	Tests     []conformanceTest   `json:"tests"`
	notes     []string            // what is wrong with the skip list
}

// conformanceCounts are the ends of the tests of an operator, or of all.
type conformanceCounts struct {
	Op          string `json:"op,omitempty"`
	Passed      int    `json:"passed"`
	Failed      int    `json:"failed"`
	Unsupported int    `json:"unsupported"`
	Skipped     int    `json:"skipped"`
}

// conformanceTest is the end of one test.
type conformanceTest struct {
	Name   string   `json:"name"`
	Ops    []string `json:"ops"`
	Status string   `json:"status"` // passed, failed, unsupported or skipped
	Reason string   `json:"reason,omitempty"`
}

// run runs the tests and reports.
func (f *conformanceFlags) run(ctx context.Context, a *app, data string) error {
	f.start(a)
	opts, err := f.options(a)
	if err != nil {
		return err
	}
	skips, err := f.readSkips()
	if err != nil {
		return err
	}
	suite, err := conformance.Open(data)
	if err != nil {
		return kindf(tconv.ErrInput, "%w", err)
	}
	defer suite.Close()
	suite.Constants = f.constants
	tests := slices.DeleteFunc(suite.Tests, func(t conformance.Test) bool { return !f.selects(t.Name) })
	if len(tests) == 0 {
		return usagef("--filter %s matches none of the tests", shellQuote(f.filter))
	}
	var results []conformance.Result
	bar := a.newProgress("conformance")
	defer bar.end()
	for i, t := range tests {
		r, err := runTest(ctx, suite, t, opts)
		if err != nil {
			return err
		}
		results = append(results, r)
		bar.at(i+1, len(tests))
	}
	bar.end()
	report := newConformanceReport(data, results, skips)
	if f.filter == "" {
		report.addUnused(skips)
	}
	return f.print(a, report)
}

// readSkips reads the skip list; an empty one if there is none.
func (f *conformanceFlags) readSkips() (*conformance.SkipList, error) {
	text := ""
	if f.skip != "" {
		data, err := os.ReadFile(f.skip)
		if err != nil {
			return nil, usagef("--skip %w", readError(f.skip, err))
		}
		text = string(data)
	}
	list, err := conformance.ParseSkipList(text)
	if err != nil {
		return nil, usagef("--skip %s: %w", f.skip, err)
	}
	return list, nil
}

// selects tells whether a test is to run. The pattern may leave out the kind of the test, and "test_".
func (f *conformanceFlags) selects(name string) bool {
	_, short, _ := strings.Cut(name, "/")
	return f.filter == "" || conformance.Match(f.filter, name) || conformance.Match(f.filter, short) ||
		conformance.Match(f.filter, strings.TrimPrefix(short, "test_"))
}

// runTest runs one test within its time. The error is that of ctx, when it ended.
func runTest(ctx context.Context, suite *conformance.Suite, t conformance.Test, opts []tconv.Option) (conformance.Result, error) {
	bounded, cancel := context.WithTimeout(ctx, testTime)
	defer cancel()
	r := suite.Run(bounded, t, opts...)
	return r, context.Cause(ctx)
}

// newConformanceReport counts results.
func newConformanceReport(data string, results []conformance.Result, skips *conformance.SkipList) *conformanceReport {
	r := &conformanceReport{Schema: "tconv/conformance/1", Data: data, Version: versionText(), Operators: []conformanceCounts{}}
	for _, result := range results {
		t := conformanceTest{Name: result.Test, Ops: orEmpty(result.Ops), Status: string(result.Status)}
		reason, skipped := skips.Reason(result.Test)
		switch {
		case result.Status == conformance.Passed && skips.Chance(result.Test):
		case result.Status == conformance.Passed && skipped:
			r.notes = append(r.notes, fmt.Sprintf("%s passes: take it off the list (%s)", t.Name, reason))
		case skipped:
			t.Status, t.Reason = "skipped", reason
		case result.Err != nil:
			t.Reason = result.Err.Error()
		}
		r.Counts.add(t.Status)
		r.Tests = append(r.Tests, t)
	}
	table := conformance.Table(results, func(test string) bool { _, ok := skips.Reason(test); return ok })
	for _, op := range conformance.SortedOps(table) {
		c := table[op]
		r.Operators = append(r.Operators, conformanceCounts{op, c.Passed, c.Failed, c.Unsupported, c.Skipped})
	}
	return r
}

// add counts one test.
func (c *conformanceCounts) add(status string) {
	switch status {
	case "passed":
		c.Passed++
	case "failed":
		c.Failed++
	case "skipped":
		c.Skipped++
	default:
		c.Unsupported++
	}
}

// addUnused notes the lines of the skip list that match no test.
func (r *conformanceReport) addUnused(skips *conformance.SkipList) {
	for _, pattern := range skips.Unused() {
		r.notes = append(r.notes, fmt.Sprintf("%s matches no test", pattern))
	}
}

// print writes the report and gives the error that ends the program: what tconv says it cannot run is no failure, unless
// there is a skip list that should hold it.
func (f *conformanceFlags) print(a *app, r *conformanceReport) error {
	if f.failed {
		r.Tests = slices.DeleteFunc(r.Tests, func(t conformanceTest) bool { return t.Status == "passed" })
	}
	switch {
	case a.json:
		if err := a.printJSON(r); err != nil {
			return err
		}
	case f.failed:
		for _, t := range r.Tests {
			a.printf("%-11s  %s  %s\n", t.Status, t.Name, clipLines(clip(t.Reason, 400), 3))
		}
		r.Counts.print(a)
	default:
		r.printTable(a)
		r.Counts.print(a)
		if n := len(r.Tests) - r.inTable(); n > 0 {
			a.printf("%s are about no single operator, such as expanded functions, and count in no line\n", plural(n, "test"))
		}
	}
	for _, n := range r.notes {
		a.notef("skip list: %s\n", n)
	}
	bad := r.Counts.Failed
	if f.skip != "" {
		bad += r.Counts.Unsupported + len(r.notes)
	}
	if bad > 0 {
		return withHint(kindf(errVerify, "%s did not end as wanted", plural(bad, "test")), "--failed lists them")
	}
	return nil
}

// printTable writes a line per operator.
func (r *conformanceReport) printTable(a *app) {
	number := func(n int) string { // zeros only hide what matters
		if n == 0 {
			return ""
		}
		return fmt.Sprint(n)
	}
	a.table(func(w *tabwriter.Writer) {
		fmt.Fprintln(w, "operator\tpassed\tfailed\tunsupported\tskipped")
		for _, c := range r.Operators {
			fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\n", c.Op, number(c.Passed), number(c.Failed), number(c.Unsupported), number(c.Skipped))
		}
	})
}

// inTable counts the tests in the lines of operators.
func (r *conformanceReport) inTable() int {
	n := 0
	for _, c := range r.Operators {
		n += c.all()
	}
	return n
}

func (c *conformanceCounts) all() int { return c.Passed + c.Failed + c.Unsupported + c.Skipped }

// print writes the sums.
func (c *conformanceCounts) print(a *app) {
	a.printf("%d of %s passed, %d failed, %d not supported, %d skipped\n", c.Passed, plural(c.all(), "test"), c.Failed, c.Unsupported, c.Skipped)
}
