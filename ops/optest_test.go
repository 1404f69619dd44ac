package ops

import (
	"context"
	"fmt"
	"math"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tconv/tconv/backend/cpu"
)

// opCase is one node with its inputs; the zero values of most fields will do.
type opCase struct {
	op      string
	domain  string
	opset   int // default NewestOpset
	attrs   []Attr
	inputs  []*Tensor // nil: omitted
	outputs int       // default 1
}

// run builds the node through the registry, infers, runs the plain definition,
// and gives the outputs. It checks on the way what every operator promises:
// the inferred types and shapes are those of the result, inputs are not written,
// outputs do not depend on what their memory held before, Infer without the
// values agrees as far as it says anything, and, where the operator can be bound,
// every kernel tier of this machine agrees with the plain definition.
func (c opCase) run(t testing.TB) ([]*Tensor, error) {
	t.Helper()
	op, in, err := c.build()
	if err != nil {
		return nil, err
	}
	specs := make([]Spec, len(in))
	before := make([]*Tensor, len(in))
	for i, x := range in {
		specs[i] = x.Spec()
		if x != nil {
			before[i] = x.Clone()
		}
	}
	want, err := op.Infer(specs)
	if err != nil {
		return nil, err
	}
	c.checkInferWithoutValues(t, op, specs, want)
	out := allocate(want)
	call := NewCall(context.Background(), nil)
	if err := op.Run(call, in, out); err != nil {
		return nil, err
	}
	for i, o := range out {
		require.Equal(t, want[i].DType, o.DType(), "type of output %d", i)
		if want[i].Shape != nil && o.Kind() == KindTensor {
			require.Equal(t, want[i].Shape.String(), o.Shape().String(), "shape of output %d", i)
		}
	}
	for i, x := range in {
		if x != nil {
			require.Equal(t, before[i].Bytes(), x.Bytes(), "input %d was written", i)
		}
	}
	c.checkBound(t, op, specs, want, in, out)
	return out, nil
}

// mustRun is run for cases that must succeed.
func (c opCase) mustRun(t testing.TB) []*Tensor {
	t.Helper()
	out, err := c.run(t)
	require.NoError(t, err)
	return out
}

// mustFail asserts that the node is refused with a message that contains text.
func (c opCase) mustFail(t testing.TB, text string) {
	t.Helper()
	_, err := c.run(t)
	require.ErrorContains(t, err, text)
}

// build makes the Op and its full list of inputs, constants from attributes included.
func (c opCase) build() (Op, []*Tensor, error) {
	opset := c.opset
	if opset == 0 {
		opset = NewestOpset
	}
	def, err := Lookup(c.domain, c.op, opset)
	if err != nil {
		return nil, nil, err
	}
	n := NewNode(c.op, c.domain, opset, len(c.inputs), max(1, c.outputs), c.attrs...)
	for i, x := range c.inputs {
		n.Inputs[i] = x != nil
	}
	op, err := def.Build(n)
	if err != nil {
		return nil, nil, err
	}
	in := append([]*Tensor(nil), c.inputs...)
	for i, x := range n.ConstInputs() {
		for len(in) <= i {
			in = append(in, nil)
		}
		in[i] = x
	}
	return op, in, nil
}

// checkInferWithoutValues asserts that Infer, told types and shapes alone, says
// the same or less (or, for constants it must know, reports an error).
func (c opCase) checkInferWithoutValues(t testing.TB, op Op, specs, want []Spec) {
	t.Helper()
	blind := append([]Spec(nil), specs...)
	for i := range blind {
		blind[i].Const = nil
	}
	got, err := op.Infer(blind)
	if err != nil {
		return
	}
	require.Len(t, got, len(want))
	for i := range got {
		if got[i].Shape != nil {
			require.Equal(t, want[i].String(), got[i].String(), "Infer without values, output %d", i)
		}
	}
}

// checkBound runs the operator's fast path on every tier, with all inputs but
// the first as constants, and alone and on three threads.
func (c opCase) checkBound(t testing.TB, op Op, specs, want []Spec, in, plain []*Tensor) {
	t.Helper()
	binder, ok := op.(Binder)
	if !ok {
		return
	}
	for _, tier := range cpu.Available() {
		for _, constants := range []bool{true, false} {
			specs := append([]Spec(nil), specs...)
			for i := range specs {
				if i == 0 || !constants {
					specs[i].Const = nil
				}
			}
			var first []*Tensor
			for _, threads := range []int{1, 3} {
				got := bindAndRun(t, binder, specs, want, in, tier, threads)
				for i := range got {
					requireClose(t, plain[i], got[i], 1e-4, fmt.Sprintf("%s, %d threads, output %d", tier, threads, i))
					if first != nil {
						require.Equal(t, first[i].Bytes(), got[i].Bytes(), "%s: bits differ between 1 and %d threads", tier, threads)
					}
				}
				first = got
			}
			checkInPlace(t, binder, specs, want, in, plain, tier)
			checkBlocked(t, binder, specs, want, in, plain, tier)
		}
	}
}

// bindAndRun binds for one tier and runs the step once.
func bindAndRun(t testing.TB, op Binder, specs, want []Spec, in []*Tensor, tier cpu.Tier, threads int) []*Tensor {
	t.Helper()
	pool := cpu.NewPool(threads)
	defer pool.Close()
	use := NewPacked().Use()
	defer use.Release()
	step, err := op.Bind(&Binding{In: specs, Out: want, Kernels: cpu.KernelsFor(tier), Threads: threads, Packed: use})
	require.NoError(t, err)
	needs := step.Needs()
	out := allocate(want)
	for _, v := range needs.Views {
		out[v.Out] = in[v.In].View(want[v.Out].Shape)
	}
	if len(needs.Views) > 0 {
		return out
	}
	call := NewCall(context.Background(), pool)
	call.SetWorkspace(alignedBytes(needs.Workspace))
	require.NoError(t, step.Run(call, in, out))
	return out
}

// allocate makes outputs full of bytes that no result has by chance.
func allocate(specs []Spec) []*Tensor {
	out := make([]*Tensor, len(specs))
	for i, s := range specs {
		if !s.Static() {
			continue
		}
		out[i] = NewTensor(s.DType, s.Shape)
		for k := range out[i].Bytes() {
			out[i].Bytes()[k] = 0xFD
		}
		if s.DType == Bool {
			clear(out[i].Bytes())
		}
	}
	return out
}

// requireClose asserts |got - want| <= tol * max(1, max|want|) for float and double and
// equality for everything else; NaN equals NaN.
func requireClose(t testing.TB, want, got *Tensor, tol float64, msg string) {
	t.Helper()
	require.Equal(t, want.String(), got.String(), msg)
	if d := want.DType(); d != Float32 && d != Float64 {
		require.Equal(t, want.Bytes(), got.Bytes(), msg)
		require.Equal(t, want.Strings(), got.Strings(), msg)
		return
	}
	w, g := floats(want), floats(got)
	scale := 1.0
	for _, v := range w {
		if !math.IsInf(v, 0) && !math.IsNaN(v) {
			scale = math.Max(scale, math.Abs(v))
		}
	}
	for i := range w {
		same := w[i] == g[i] || math.IsNaN(w[i]) && math.IsNaN(g[i])
		if !same && !(math.Abs(w[i]-g[i]) <= tol*scale) {
			require.Failf(t, "values differ", "%s: element %d: got %v, want %v", msg, i, g[i], w[i])
		}
	}
}

// floats gives the elements of a float or double tensor as float64.
func floats(t *Tensor) []float64 {
	if t.DType() == Float64 {
		return Data[float64](t)
	}
	var out []float64
	for _, v := range Data[float32](t) {
		out = append(out, float64(v))
	}
	return out
}
