package tconv_test

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tconv/tconv"
	"github.com/tconv/tconv/backend/cpu"
	"github.com/tconv/tconv/conformance"
	"github.com/tconv/tconv/ops"
)

var update = flag.Bool("update", false, "write docs/OPERATORS.md anew")

// testTimeout bounds one conformance test: most models are tiny, light/light_vgg19
// multiplies 20e9 times.
const testTimeout = 2 * time.Minute

// TestConformance runs the ONNX backend test data that TCONV_ONNX_TESTS names on
// every kernel tier of this processor and build and on the reference path, with the
// inputs of a test as inputs and as constants, and with its outputs one at a time. Every test whose operators are all
// registered must pass or stand in testdata/conformance/skip.txt; a line there that
// matches nothing, or a skipped test that passes, fails. All runs pass the same tests.
func TestConformance(t *testing.T) {
	name := os.Getenv("TCONV_ONNX_TESTS")
	if name == "" {
		t.Skip("TCONV_ONNX_TESTS is not set: it names a zip, a wheel or a folder with the ONNX backend test data")
	}
	suite, err := conformance.Open(name)
	require.NoError(t, err)
	defer suite.Close()
	skips := readSkipList(t)
	results := runSuite(t, suite, skips)
	checkOperatorsPage(t, results, skips)
	for _, pattern := range skips.Unused() {
		t.Errorf("skip.txt: %s matches no test", pattern)
	}
	for _, tier := range append(cpu.Available(), cpu.Reference) {
		t.Run(string(tier), func(t *testing.T) {
			t.Setenv(cpu.TierVariable, string(tier))
			if tier != cpu.Detect() {
				inputs := part(suite, func(test string) bool { return test != slowest })
				t.Logf("inputs as inputs")
				require.Equal(t, passed(results, inputs), passed(runSuite(t, inputs, skips), inputs))
			}
			constants := part(suite, func(test string) bool { return !strings.HasPrefix(test, "light/") })
			constants.Constants = true
			t.Logf("inputs as constants")
			require.Equal(t, passed(results, constants), passed(runSuite(t, constants, skips), constants))

			alone := part(suite, func(test string) bool { return !strings.HasPrefix(test, "light/") })
			alone.Alone = true
			t.Logf("outputs alone")
			require.Equal(t, passed(results, alone), passed(runSuite(t, alone, skips), alone))
		})
	}
}

// slowest takes half of the time of all tests together, and runs once.
const slowest = "light/light_vgg19"

// part is the suite with some of its tests.
func part(suite *conformance.Suite, in func(test string) bool) *conformance.Suite {
	s := *suite
	s.Tests = slices.DeleteFunc(slices.Clone(suite.Tests), func(test conformance.Test) bool { return !in(test.Name) })
	return &s
}

// runSuite runs every test as the environment says and holds its end against the
// skip list. What passed by chance has failed.
func runSuite(t *testing.T, suite *conformance.Suite, skips *conformance.SkipList) []conformance.Result {
	var results []conformance.Result
	for _, test := range suite.Tests {
		r := runConformance(suite, test)
		if r.Status == conformance.Passed && skips.Chance(test.Name) {
			r.Status, r.Err = conformance.Failed, errors.New("passed by chance")
		}
		results = append(results, r)
		reason, skipped := skips.Reason(r.Test)
		switch {
		case r.Status == conformance.Passed && skipped:
			t.Errorf("%s passes: take it off skip.txt (%s)", r.Test, reason)
		case r.Status != conformance.Passed && !skipped && registered(r):
			t.Errorf("%s (%s): %v", r.Test, strings.Join(r.Ops, ", "), r.Err)
		}
	}
	logCounts(t, results)
	return results
}

// passed lists the tests of the suite that pass.
func passed(results []conformance.Result, suite *conformance.Suite) []string {
	end := map[string]conformance.Status{}
	for _, r := range results {
		end[r.Test] = r.Status
	}
	var names []string
	for _, test := range suite.Tests {
		if end[test.Name] == conformance.Passed {
			names = append(names, test.Name)
		}
	}
	return names
}

// runConformance runs one test within a time bound.
func runConformance(suite *conformance.Suite, test conformance.Test) conformance.Result {
	ctx, cancel := context.WithTimeout(context.Background(), testTimeout)
	defer cancel()
	return suite.Run(ctx, test, tconv.WithThreads(2))
}

// registered reports whether every operator of the model is.
func registered(r conformance.Result) bool {
	if errors.Is(r.Err, tconv.ErrInternal) {
		return true // never excused
	}
	return !slices.ContainsFunc(r.Ops, func(op string) bool { return !hasOperator(op) })
}

// hasOperator reports whether some version of an operator is registered.
func hasOperator(name string) bool {
	for d := range ops.Defs() {
		if d.Domain == "" && d.Name == name || d.Domain != "" && d.Domain+"."+d.Name == name {
			return true
		}
	}
	return false
}

func readSkipList(t *testing.T) *conformance.SkipList {
	text, err := os.ReadFile("testdata/conformance/skip.txt")
	require.NoError(t, err)
	list, err := conformance.ParseSkipList(string(text))
	require.NoError(t, err)
	return list
}

// plainTypes are the element types that the Core operators must know.
var plainTypes = []string{"float", "double", "bool", "int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64"}

// logCounts prints the counts of the whole run and of the Core operators.
func logCounts(t *testing.T, results []conformance.Result) {
	var all, node, core conformance.Counts
	for _, r := range results {
		count(&all, r)
		if !strings.HasPrefix(r.Test, "node/") {
			continue
		}
		count(&node, r)
		notCore := func(op string) bool { return !slices.Contains(coreOperators, op) }
		notPlain := func(typ string) bool { return !slices.Contains(plainTypes, typ) }
		if !slices.ContainsFunc(r.Ops, notCore) && !slices.ContainsFunc(r.Types, notPlain) {
			count(&core, r)
		}
	}
	t.Logf("all tests: %+v", all)
	t.Logf("node tests: %+v", node)
	t.Logf("node tests of Core operators on plain types: %+v", core)
}

func count(c *conformance.Counts, r conformance.Result) {
	switch r.Status {
	case conformance.Passed:
		c.Passed++
	case conformance.Failed:
		c.Failed++
	default:
		c.Unsupported++
	}
}

// coreOperators are those that nearly every decoder network uses.
var coreOperators = strings.Fields(`Conv ConvTranspose Resize Upsample DepthToSpace SpaceToDepth Relu
LeakyRelu PRelu Sigmoid Tanh Clip Elu Softplus HardSigmoid HardSwish Softmax BatchNormalization
InstanceNormalization Add Sub Mul Div Pow Sqrt Exp Concat MaxPool MaxUnpool AveragePool GlobalAveragePool
Pad Reshape Transpose Slice Split Squeeze Unsqueeze Flatten Gather Shape Cast Constant
ConstantOfShape Identity Dropout Floor Ceil Abs Erf ReduceMean ReduceSum ReduceMax ArgMax Gemm MatMul Expand`)

// operatorsPage is the page that the registry and the conformance run make.
const operatorsPage = "docs/OPERATORS.md"

// checkOperatorsPage holds docs/OPERATORS.md against the run, or writes it.
func checkOperatorsPage(t *testing.T, results []conformance.Result, skips *conformance.SkipList) {
	node := slices.DeleteFunc(slices.Clone(results), func(r conformance.Result) bool { return !strings.HasPrefix(r.Test, "node/") })
	table := conformance.Table(node, func(test string) bool { _, ok := skips.Reason(test); return ok })
	page := writeOperatorsPage(table, conformance.Types(node))
	if *update {
		require.NoError(t, os.WriteFile(operatorsPage, []byte(page), 0o644))
		return
	}
	have, err := os.ReadFile(operatorsPage)
	require.NoError(t, err)
	require.Equal(t, page, string(have), "%s is old: go test . -run TestConformance -update", operatorsPage)
}

// writeOperatorsPage lists every registered operator with its versions and the
// counts of its node tests and the types in those that pass.
func writeOperatorsPage(table map[string]conformance.Counts, types map[string][]string) string {
	var b strings.Builder
	b.WriteString(operatorsHead)
	versions := map[string][]string{}
	var names []string
	for d := range ops.Defs() {
		if d.Domain == ops.InternalDomain {
			continue
		}
		name := d.Name
		if d.Domain != "" {
			name = d.Domain + "." + d.Name
		}
		if versions[name] == nil {
			names = append(names, name)
		}
		versions[name] = append(versions[name], fmt.Sprint(d.Since))
	}
	slices.Sort(names)
	for _, name := range names {
		c := table[name]
		fmt.Fprintf(&b, "| %s | %s | %d | %d | %d | %s |\n", name, strings.Join(versions[name], ", "), c.Passed, c.Failed+c.Unsupported, c.Skipped, strings.Join(types[name], ", "))
	}
	return b.String()
}

const operatorsHead = `# Operators

Made by ` + "`go test . -run TestConformance -update`" + ` from the registry and from the node tests of
ONNX 1.22 (opset 27). "From" lists the opset versions from which a form of the operator holds, until
the next: a model of any newer opset up to 27 uses the last of them. A test counts for the operator
that it is about. Failed tests need types or attributes that are not there yet; skipped ones stand with
a reason in testdata/conformance/skip.txt. "Types" are those of inputs and outputs in the tests that pass;
operators take more than their tests show, and their doc comments in package ops say which.

| operator | from | passed | failed | skipped | types |
|---|---|--:|--:|--:|---|
`

// TestOperatorsPage asserts, without the test data, that the page lists exactly
// the registered operators with their versions.
func TestOperatorsPage(t *testing.T) {
	have, err := os.ReadFile(operatorsPage)
	require.NoError(t, err)
	firstColumns := func(page string) []string {
		var rows []string
		for _, line := range strings.Split(page, "\n") {
			if cells := strings.Split(line, "|"); len(cells) > 5 {
				rows = append(rows, cells[1]+"|"+cells[2])
			}
		}
		return rows
	}
	require.Equal(t, firstColumns(writeOperatorsPage(nil, nil)), firstColumns(string(have)),
		"%s is old: go test . -run TestConformance -update, with TCONV_ONNX_TESTS set", operatorsPage)
}
