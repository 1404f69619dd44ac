package ops

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tconv/tconv/backend/cpu"
)

// naiveReductions are the formulas over the list of elements of one result.
var naiveReductions = map[string]func(xs []float64) float64{
	"ReduceSum":       func(xs []float64) float64 { return sumOf(xs, asIs) },
	"ReduceMean":      func(xs []float64) float64 { return sumOf(xs, asIs) / float64(len(xs)) },
	"ReduceProd":      func(xs []float64) float64 { return foldOf(1, xs, func(a, x float64) float64 { return a * x }) },
	"ReduceL1":        func(xs []float64) float64 { return sumOf(xs, math.Abs) },
	"ReduceL2":        func(xs []float64) float64 { return math.Sqrt(sumOf(xs, square)) },
	"ReduceSumSquare": func(xs []float64) float64 { return sumOf(xs, square) },
	"ReduceLogSum":    func(xs []float64) float64 { return math.Log(sumOf(xs, asIs)) },
	"ReduceLogSumExp": func(xs []float64) float64 { return math.Log(sumOf(xs, math.Exp)) },
	"ReduceMax":       func(xs []float64) float64 { return foldOf(math.Inf(-1), xs, math.Max) },
	"ReduceMin":       func(xs []float64) float64 { return foldOf(math.Inf(1), xs, math.Min) },
}

func asIs(x float64) float64   { return x }
func square(x float64) float64 { return x * x }

func foldOf(start float64, xs []float64, f func(a, x float64) float64) float64 {
	for _, x := range xs {
		start = f(start, x)
	}
	return start
}

func sumOf(xs []float64, f func(float64) float64) float64 {
	return foldOf(0, xs, func(a, x float64) float64 { return a + f(x) })
}

// naiveReduce collects the elements of each result and applies the formula.
func naiveReduce(x *Tensor, axes []int, f func([]float64) float64) []float64 {
	kept := dropAxes(x.shape, axes, true)
	sets := make([][]float64, kept.Elements())
	forEachIndex(x.shape, func(i int, index []int) {
		at := slices.Clone(index)
		for _, a := range axes {
			at[a] = 0
		}
		o := offsetOf(kept, at)
		sets[o] = append(sets[o], float64(Data[float32](x)[i]))
	})
	out := make([]float64, len(sets))
	for i, s := range sets {
		out[i] = f(s)
	}
	return out
}

func TestReduceByHand(t *testing.T) {
	x := Of([]float32{1, -2, 3, 4}, 2, 2)
	for op, want := range map[string][]float32{
		"ReduceSum": {-1, 7}, "ReduceMean": {-0.5, 3.5}, "ReduceProd": {-2, 12}, "ReduceL1": {3, 7}, "ReduceL2": {2.236068, 5},
		"ReduceSumSquare": {5, 25}, "ReduceMax": {1, 4}, "ReduceMin": {-2, 3}, "ReduceLogSumExp": {1.0485874, 4.3132617},
	} {
		now := opCase{op: op, inputs: []*Tensor{x, OfInts([]int{-1})}}
		old := opCase{op: op, opset: 11, attrs: []Attr{IntsAttr("axes", 1)}, inputs: []*Tensor{x}}
		for _, oc := range []opCase{now, old} {
			got := oc.mustRun(t)[0]
			require.Equal(t, Shape{2, 1}, got.Shape())
			require.InDeltaSlice(t, want, Data[float32](got), 1e-6, op)
			oc.attrs = append(oc.attrs, IntAttr("keepdims", 0))
			require.Equal(t, Shape{2}, oc.mustRun(t)[0].Shape())
		}
	}
	logs := opCase{op: "ReduceLogSum", inputs: []*Tensor{x, OfInts([]int{0})}}.mustRun(t)[0]
	require.InDeltaSlice(t, []float64{math.Log(4), math.Log(2)}, floats(logs), 1e-6)
}

func TestReduceRandom(t *testing.T) {
	r := rand.New(rand.NewPCG(9, 9))
	pool := cpu.NewPool(3)
	defer pool.Close()
	for round := range 60 {
		shape := randomShape(r, 1+r.IntN(5))
		if slices.Contains(shape, 0) {
			continue
		}
		if round%6 == 0 {
			shape[r.IntN(len(shape))] = foldWidth + 30
		}
		axes := shuffled(r, len(shape))[:1+r.IntN(len(shape))]
		x := NewTensor(Float32, shape)
		for i := range x.Len() {
			Data[float32](x)[i] = float32(r.Float64() + 0.5)
		}
		for op, f := range naiveReductions {
			in := []*Tensor{x, OfInts(axes)}
			got := opCase{op: op, inputs: in}.mustRun(t)[0]
			want := naiveReduce(x, axes, f)
			for i, w := range want {
				require.InEpsilon(t, 10+w, 10+floats(got)[i], 1e-6, "%s of %v over %v", op, shape, axes)
			}
			again := NewTensor(Float32, got.shape)
			built, _, err := opCase{op: op, inputs: in}.build()
			require.NoError(t, err)
			require.NoError(t, built.Run(NewCall(context.Background(), pool), in, []*Tensor{again}))
			require.Equal(t, got.Bytes(), again.Bytes(), "bits differ on 3 threads")
		}
	}
}

// TestReduceAxes covers no axes, empty axes, and the choice to do nothing then.
func TestReduceAxes(t *testing.T) {
	x := Of([]float32{1, -2, 3, 4}, 2, 2)
	for _, axes := range []*Tensor{nil, OfInts(nil)} {
		all := opCase{op: "ReduceSum", inputs: []*Tensor{x, axes}}.mustRun(t)[0]
		require.Equal(t, Shape{1, 1}, all.Shape())
		require.Equal(t, []float32{6}, Data[float32](all))
		scalar := opCase{op: "ReduceSum", attrs: []Attr{IntAttr("keepdims", 0)}, inputs: []*Tensor{x, axes}}.mustRun(t)[0]
		require.Equal(t, Scalar(), scalar.Shape())
		none := opCase{op: "ReduceSumSquare", attrs: []Attr{IntAttr("noop_with_empty_axes", 1)}, inputs: []*Tensor{x, axes}}.mustRun(t)[0]
		require.Equal(t, []float32{1, 4, 9, 16}, Data[float32](none))
	}
	of0 := opCase{op: "ReduceSumSquare", inputs: []*Tensor{Of([]float32{3})}}.mustRun(t)[0]
	require.Equal(t, []float32{9}, Data[float32](of0))
	require.Equal(t, Scalar(), of0.Shape())
}

func TestReduceNothing(t *testing.T) {
	inf := float32(math.Inf(1))
	x := []*Tensor{Of([]float32{}, 2, 0), OfInts([]int{1})}
	for op, want := range map[string]float32{
		"ReduceSum": 0, "ReduceMean": 0, "ReduceProd": 1, "ReduceL1": 0, "ReduceL2": 0, "ReduceSumSquare": 0,
		"ReduceLogSum": -inf, "ReduceLogSumExp": -inf, "ReduceMax": -inf, "ReduceMin": inf,
	} {
		require.Equal(t, []float32{want, want}, Data[float32](opCase{op: op, inputs: x}.mustRun(t)[0]), op)
		kept := opCase{op: op, inputs: []*Tensor{x[0], OfInts([]int{0})}}.mustRun(t)[0]
		require.Equal(t, Shape{1, 0}, kept.Shape())
	}
	ints := []*Tensor{Of([]int8{}, 0)}
	require.Equal(t, []int8{-128}, Data[int8](opCase{op: "ReduceMax", inputs: ints}.mustRun(t)[0]))
	require.Equal(t, []int8{127}, Data[int8](opCase{op: "ReduceMin", inputs: ints}.mustRun(t)[0]))
}

func TestReduceIntegers(t *testing.T) {
	x := Of([]int32{1, 2, -3, -5, math.MaxInt32, math.MaxInt32}, 3, 2)
	for op, want := range map[string][]int32{ // by onnxruntime 1.30, but for the last set
		"ReduceSum": {3, -8, -2}, "ReduceMean": {1, -4, math.MaxInt32}, "ReduceMax": {2, -3, math.MaxInt32},
		"ReduceLogSum": {1, math.MinInt32, 22}, "ReduceLogSumExp": {2, -2, math.MaxInt32}, "ReduceProd": {2, 15, 1},
	} {
		require.Equal(t, want, Data[int32](opCase{op: op, inputs: []*Tensor{x, OfInts([]int{1})}}.mustRun(t)[0]), op)
	}
	require.Equal(t, []int64{5}, Data[int64](opCase{op: "ReduceL2", inputs: []*Tensor{Of([]int64{3, 5}, 2)}}.mustRun(t)[0]))
	require.Equal(t, []uint64{1 << 63}, Data[uint64](opCase{op: "ReduceMean", inputs: []*Tensor{Of([]uint64{1 << 63}, 1)}}.mustRun(t)[0]))
	b := Of([]bool{true, false, false, false}, 2, 2)
	require.Equal(t, []bool{true, false}, Data[bool](opCase{op: "ReduceMax", inputs: []*Tensor{b, OfInts([]int{1})}}.mustRun(t)[0]))
	require.Equal(t, []bool{false}, Data[bool](opCase{op: "ReduceMin", inputs: []*Tensor{b}}.mustRun(t)[0]))
}

func TestReduceSpecialValues(t *testing.T) {
	nan, inf := float32(math.NaN()), float32(math.Inf(1))
	for _, op := range []string{"ReduceMax", "ReduceMin"} {
		for _, x := range [][]float32{{nan, 1, 3}, {1, nan, 3}, {1, 3, nan}} {
			v := Data[float32](opCase{op: op, inputs: []*Tensor{Of(x, 3)}}.mustRun(t)[0])[0]
			require.True(t, v != v, "%s of %v", op, x)
		}
	}
	lse := func(x ...float32) float32 {
		return Data[float32](opCase{op: "ReduceLogSumExp", inputs: []*Tensor{Of(x, len(x))}}.mustRun(t)[0])[0]
	}
	require.InDelta(t, 1000.6932, lse(1000, 1000), 1e-3)
	require.Equal(t, -inf, lse(-inf, -inf))
	require.Equal(t, inf, lse(1, inf, 2, inf))
	require.Equal(t, float32(1), lse(-inf, 1))
	require.True(t, math.IsNaN(float64(lse(1, nan))))
}

// TestReduceSumIsAccurate adds what a sum in float32 would lose.
func TestReduceSumIsAccurate(t *testing.T) {
	x := make([]float32, 1<<20)
	for i := range x {
		x[i] = 1
	}
	x[0] = 1 << 24
	for _, dims := range [][]int{{1 << 20}, {1 << 20, 1}, {1 << 10, 1 << 10}} {
		got := opCase{op: "ReduceSum", inputs: []*Tensor{Of(x, dims...)}}.mustRun(t)[0]
		require.Equal(t, float32(1<<24+1<<20), Data[float32](got)[0]) // the exact sum is one less: a tie, to even
	}
}

func TestReduceErrors(t *testing.T) {
	x := Of([]float32{1, 2}, 1, 2)
	opCase{op: "ReduceSum", inputs: []*Tensor{Of([]bool{true}, 1)}}.mustFail(t, "data is tensor(bool), want one of")
	opCase{op: "ReduceSum", inputs: []*Tensor{x, OfInts([]int{2})}}.mustFail(t, "axis is 2, want one in [-2, 2)")
	opCase{op: "ReduceSum", inputs: []*Tensor{x, OfInts([]int{1, -1})}}.mustFail(t, "name axis 1 twice")
	opCase{op: "ReduceMean", opset: 13, inputs: []*Tensor{x, OfInts([]int{1})}}.mustFail(t, "2 inputs, want at most 1")
	opCase{op: "ReduceMean", attrs: []Attr{IntsAttr("axes", 1)}, inputs: []*Tensor{x}}.mustFail(t, "attribute axes=[1] is not known")
	opCase{op: "ReduceMean", opset: 13, attrs: []Attr{IntAttr("noop_with_empty_axes", 1)}, inputs: []*Tensor{x}}.mustFail(t, "noop_with_empty_axes=1 is not known")
}

func BenchmarkReduce(b *testing.B) {
	for _, op := range []string{"ReduceMean", "ReduceMax", "ReduceSumSquare"} {
		for _, c := range []struct{ dims, axes []int }{{[]int{1, 64, 256, 256}, []int{2, 3}}, {[]int{1, 64, 256, 256}, []int{1}}, {[]int{1, 256, 256, 64}, []int{3}}, {[]int{1, 256, 256, 64}, []int{1, 2}}} {
			b.Run(fmt.Sprint(op, c.dims, c.axes), func(b *testing.B) {
				x := randomFloats(rand.New(rand.NewPCG(8, 8)), Float32, c.dims...)
				y := NewTensor(Float32, dropAxes(x.shape, c.axes, true))
				b.SetBytes(int64(x.Len()))
				for b.Loop() {
					reduceKernels[op][Float32](NewCall(context.Background(), nil), x, y, c.axes)
				}
			})
		}
	}
}
