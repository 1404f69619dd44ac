package onnxgo

import (
	"flag"
	"fmt"
	"maps"
	"math"
	"os"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/owulveryck/onnx-go"
	"github.com/owulveryck/onnx-go/backend/testbackend"
	_ "github.com/owulveryck/onnx-go/backend/testbackend/onnx"
	"github.com/stretchr/testify/require"
	"gorgonia.org/tensor"

	"github.com/tconv/tconv/ops"
)

var update = flag.Bool("update", false, "write the table of README.md")

// The reasons why a case of onnx-go cannot pass as it is.
const (
	// onnx-go's decoder refuses the model.
	unparsable = "onnx-go does not decode attributes that are graphs"
	// The generator of the cases wrote tensors of rank 0 and of one int64 as float32 of shape (1).
	mistyped = "the case gives or wants float32 of shape (1) where its model declares another type or shape"
	// The harness compares with 1e-6, whatever the size of the numbers.
	absolute = "wants 1e-6 of results so large that neighbouring float32 are further apart"
	// As before, for a case whose numbers were printed short.
	rounded = "wants 1e-6 of results that it gives with four decimals"
)

// exceptions are the cases that cannot pass as they are.
var exceptions = map[string]string{
	"TestScan9Sum": unparsable,

	"TestRoialign": rounded,

	"TestModBroadcast": mistyped, "TestSize": mistyped, "TestSizeExample": mistyped,
	"TestSliceNeg": mistyped, "TestSliceEndOutOfBounds": mistyped, "TestTopK": mistyped,
	"TestNonmaxsuppressionCenterPointBoxFormat": mistyped, "TestNonmaxsuppressionFlippedCoordinates": mistyped,
	"TestNonmaxsuppressionIdenticalBoxes": mistyped, "TestNonmaxsuppressionLimitOutputSize": mistyped,
	"TestNonmaxsuppressionSingleBox": mistyped, "TestNonmaxsuppressionSuppressByIOU": mistyped,
	"TestNonmaxsuppressionSuppressByIOUAndScores": mistyped, "TestNonmaxsuppressionTwoBatches": mistyped,
	"TestNonmaxsuppressionTwoClasses": mistyped,

	"TestPow": absolute, "TestReduceL1DefaultAxesKeepdimsRandom": absolute,
	"TestReduceProdDefaultAxesKeepdimsRandom": absolute, "TestReduceSumDefaultAxesKeepdimsRandom": absolute,
	"TestReduceSumSquareDefaultAxesKeepdimsRandom": absolute,
}

// count is how the cases of one operator went.
type count struct{ cases, asIs, repaired, other int }

// TestTestbackend runs onnx-go's own cases by onnx-go's own harness. Those that
// cannot pass as they are must fail there, and pass once what the case gets wrong is
// put right.
func TestTestbackend(t *testing.T) {
	counts := map[string]*count{}
	names := map[string]bool{}
	for _, newCase := range testbackend.GetAllRegisteredTests() {
		tc := newCase()
		names[tc.Title] = true
		n := counts[tc.OpType]
		if n == nil {
			n = new(count)
			counts[tc.OpType] = n
		}
		n.cases++
		t.Run(tc.Title, func(t *testing.T) {
			reason := exceptions[tc.Title]
			_, missing := ops.Lookup("", tc.OpType, ops.NewestOpset)
			switch {
			case missing != nil:
				n.other++
				t.Skipf("tconv has no operator %s: docs/OPERATORS.md lists those it has", tc.OpType)
			case reason == "":
				tc.RunTest(NewGraph(), false)(t)
				require.False(t, t.Skipped())
				n.asIs++
			case reason == unparsable:
				n.other++
				require.ErrorAs(t, runCase(tc, false), new(*onnx.ErrNotImplemented))
			default:
				require.Error(t, runCase(tc, false), "listed as %q", reason)
				require.NoError(t, runCase(tc, true))
				n.repaired++
			}
		})
	}
	for name := range exceptions {
		require.True(t, names[name], "no such case: %s", name)
	}
	checkReadme(t, counts)
}

// runCase is the harness of onnx-go as a function. With repair, one element that has
// another type or shape than the model declares gets those, and outputs are compared
// with the tolerances of the ONNX node tests.
func runCase(tc *testbackend.TestCase, repair bool) error {
	g := NewGraph()
	m := onnx.NewModel(g)
	if err := g.Unmarshal(m, tc.ModelB); err != nil {
		return err
	}
	inputs, wanted := slices.Clone(tc.Input), slices.Clone(tc.ExpectedOutput)
	rtol, atol := 0.0, 1e-6
	if repair {
		rtol, atol = 1e-3, 1e-7
		declared, err := m.GetOutputTensors()
		if err != nil {
			return err
		}
		retype(wanted, declared)
		retype(inputs, m.GetInputTensors())
	}
	for i, x := range inputs {
		if err := m.SetInput(i, x); err != nil {
			return err
		}
	}
	if err := g.Run(); err != nil {
		return err
	}
	got, err := m.GetOutputTensors()
	if err != nil {
		return err
	}
	for i, want := range wanted {
		if !slices.Equal(want.Shape(), got[i].Shape()) || want.Dtype() != got[i].Dtype() {
			return fmt.Errorf("got %v%v, want %v%v", got[i].Dtype(), got[i].Shape(), want.Dtype(), want.Shape())
		}
		a, b := numbers(got[i]), numbers(want)
		for k := range b {
			if d := math.Abs(a[k] - b[k]); !(d <= atol+rtol*math.Abs(b[k])) {
				return fmt.Errorf("output %d: got %v, want %v", i, a[k], b[k])
			}
		}
	}
	return nil
}

// retype gives tensors of one element the declared type and shape.
func retype(tensors, declared []tensor.Tensor) {
	for i, t := range tensors {
		d := declared[i]
		if v := numbers(t); len(v) == 1 && (t.Dtype() != d.Dtype() || len(t.Shape()) != len(d.Shape())) {
			one := reflect.MakeSlice(reflect.SliceOf(d.Dtype().Type), 1, 1)
			one.Index(0).Set(reflect.ValueOf(v[0]).Convert(d.Dtype().Type))
			tensors[i] = tensor.New(tensor.WithShape(d.Shape()...), tensor.WithBacking(one.Interface()))
		}
	}
}

// numbers gives the elements of a tensor as float64.
func numbers(t tensor.Tensor) []float64 {
	data := reflect.ValueOf(t.Data())
	if data.Kind() != reflect.Slice {
		return []float64{data.Convert(reflect.TypeFor[float64]()).Float()}
	}
	out := make([]float64, data.Len())
	for i := range out {
		if v := data.Index(i); v.Kind() == reflect.Bool {
			if v.Bool() {
				out[i] = 1
			}
		} else {
			out[i] = v.Convert(reflect.TypeFor[float64]()).Float()
		}
	}
	return out
}

// gorgonnxPassed are the operators of which gorgonnx passes cases, and how many: it
// was run on the same cases with Go 1.26, gorgonia v0.9.17 and gonum v0.17.0.
var gorgonnxPassed = map[string]int{
	"Abs": 1, "Add": 2, "BatchNormalization": 2, "Ceil": 2, "Concat": 6, "Constant": 1, "Conv": 4, "Cos": 2, "Div": 3,
	"Dropout": 2, "Exp": 2, "Flatten": 5, "Floor": 2, "Gemm": 2, "GlobalAveragePool": 2, "Identity": 1, "LeakyRelu": 3,
	"Log": 2, "MatMul": 1, "Max": 3, "MaxPool": 7, "Min": 3, "Mul": 3, "Neg": 2, "Relu": 1, "Reshape": 4, "Sigmoid": 2,
	"Sign": 1, "Sin": 2, "Softmax": 6, "Softplus": 2, "Sqrt": 2, "Squeeze": 1, "Sub": 3, "Tanh": 2, "Transpose": 6,
	"Unsqueeze": 1,
}

// checkReadme holds the table of README.md against the counts: it must not promise
// more than passes.
func checkReadme(t *testing.T, counts map[string]*count) {
	var table strings.Builder
	all, theirs := count{}, 0
	row := func(op string, c count, theirs int) {
		fmt.Fprintf(&table, "| %s | %d | %d | %d | %d | %d |\n", op, c.cases, c.asIs, c.repaired, c.other, theirs)
	}
	for _, op := range slices.Sorted(maps.Keys(counts)) {
		c := *counts[op]
		row(op, c, gorgonnxPassed[op])
		all.cases, all.asIs, all.repaired, all.other = all.cases+c.cases, all.asIs+c.asIs, all.repaired+c.repaired, all.other+c.other
		theirs += gorgonnxPassed[op]
	}
	row("**all**", all, theirs)
	text, err := os.ReadFile("README.md")
	require.NoError(t, err)
	const head = "|---|--:|--:|--:|--:|--:|\n"
	before, after, ok := strings.Cut(string(text), head)
	require.True(t, ok, "README.md has no table")
	old, rest, _ := strings.Cut(after, "\n\n")
	if *update {
		require.NoError(t, os.WriteFile("README.md", []byte(before+head+strings.TrimSuffix(table.String(), "\n")+"\n\n"+rest), 0o644))
		return
	}
	for line := range strings.Lines(old) {
		cells := strings.Split(strings.ReplaceAll(line, " ", ""), "|")
		c := counts[cells[1]]
		if c == nil {
			continue
		}
		promised, err := strconv.Atoi(cells[3])
		require.NoError(t, err)
		require.LessOrEqual(t, promised, c.asIs, "README.md promises too much of %s: run go test -update", cells[1])
	}
}
