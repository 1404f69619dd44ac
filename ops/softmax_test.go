package ops

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
)

// naiveSoftmax normalises along one axis in float64, element by element.
func naiveSoftmax(x *Tensor, axis int, log bool) []float64 {
	xs := floats(x)
	ys := make([]float64, len(xs))
	forEachIndex(x.shape, func(i int, index []int) {
		sum := 0.0
		k := index[axis]
		for index[axis] = range x.shape[axis] {
			sum += math.Exp(xs[offsetOf(x.shape, index)])
		}
		index[axis] = k
		ys[i] = math.Exp(xs[i]) / sum
		if log {
			ys[i] = xs[i] - math.Log(sum)
		}
	})
	return ys
}

// randomFloats makes a tensor of normal values.
func randomFloats(r *rand.Rand, d DType, dims ...int) *Tensor {
	x := NewTensor(d, append(Shape{}, dims...))
	for i := range x.Len() {
		if d == Float64 {
			Data[float64](x)[i] = r.NormFloat64()
		} else {
			Data[float32](x)[i] = float32(r.NormFloat64())
		}
	}
	return x
}

func TestSoftmax(t *testing.T) {
	x := Of([]float32{0, float32(math.Log(3)), 1000, 1000}, 2, 2)
	got := opCase{op: "Softmax", inputs: []*Tensor{x}}.mustRun(t)[0]
	require.InDeltaSlice(t, []float32{0.25, 0.75, 0.5, 0.5}, Data[float32](got), 1e-7)
	got = opCase{op: "LogSoftmax", inputs: []*Tensor{x}}.mustRun(t)[0]
	require.InDeltaSlice(t, []float64{math.Log(0.25), math.Log(0.75), -math.Ln2, -math.Ln2}, floats(got), 1e-6)
}

func TestSoftmaxRandom(t *testing.T) {
	r := rand.New(rand.NewPCG(6, 6))
	for round := range 100 {
		d := []DType{Float32, Float64}[round%2]
		shape := randomShape(r, 1+r.IntN(4))
		if round%10 == 0 && len(shape) < 3 {
			shape = append(shape, softmaxWidth+7)
		}
		axis := r.IntN(len(shape))
		x := randomFloats(r, d, shape...)
		for _, op := range []string{"Softmax", "LogSoftmax"} {
			got := opCase{op: op, attrs: []Attr{IntAttr("axis", axis-r.IntN(2)*len(shape))}, inputs: []*Tensor{x}}.mustRun(t)[0]
			want := naiveSoftmax(x, axis, op == "LogSoftmax")
			if len(want) > 0 {
				require.InDeltaSlice(t, want, floats(got), 1e-6, "%s of %v along %d", op, shape, axis)
			}
			// Before version 13 the axes from axis on are one.
			old := opCase{op: op, opset: 11, attrs: []Attr{IntAttr("axis", axis)}, inputs: []*Tensor{x}}.mustRun(t)[0]
			require.Equal(t, shape, old.shape)
			flat := x.View(Shape{product(shape[:axis]), product(shape[axis:])})
			if want := naiveSoftmax(flat, 1, op == "LogSoftmax"); len(want) > 0 {
				require.InDeltaSlice(t, want, floats(old), 1e-6)
			}
		}
	}
}

func TestSoftmaxAxes(t *testing.T) {
	x := randomFloats(rand.New(rand.NewPCG(7, 7)), Float32, 2, 3, 4)
	require.InDeltaSlice(t, naiveSoftmax(x, 2, false), floats(opCase{op: "Softmax", inputs: []*Tensor{x}}.mustRun(t)[0]), 1e-6, "axis is -1 when absent")
	flat := x.View(Shape{2, 12})
	require.InDeltaSlice(t, naiveSoftmax(flat, 1, false), floats(opCase{op: "Softmax", opset: 7, inputs: []*Tensor{x}}.mustRun(t)[0]), 1e-6, "axis was 1 when absent")
	ones := opCase{op: "Softmax", opset: 11, attrs: []Attr{IntAttr("axis", 3)}, inputs: []*Tensor{x}}.mustRun(t)[0]
	require.Equal(t, float32(1), Data[float32](ones)[5])
	require.Equal(t, []float32{1}, Data[float32](opCase{op: "Softmax", inputs: []*Tensor{Of([]float32{5})}}.mustRun(t)[0]), "of a scalar")
}

// TestSoftmaxKernels has rows, planes and blocks that the vector kernels take.
func TestSoftmaxKernels(t *testing.T) {
	r := rand.New(rand.NewPCG(8, 8))
	for _, c := range []struct {
		axis  int
		shape []int
	}{
		{-1, []int{3, 16}}, {-1, []int{2, 3, 17}}, {-1, []int{1, 9000}}, {-1, []int{40, 301}}, {-1, []int{7, 2, 15}},
		{0, []int{20, 16}}, {0, []int{3, 700}}, {1, []int{2, 5, 16}}, {2, []int{2, 2, 21, 5, 7}}, {1, []int{2, 21, 33, 9}}, {1, []int{2, 40, 3}},
	} {
		x := randomFloats(r, Float32, c.shape...)
		for _, op := range []string{"Softmax", "LogSoftmax"} {
			got := opCase{op: op, attrs: []Attr{IntAttr("axis", c.axis)}, inputs: []*Tensor{x}}.mustRun(t)[0]
			want := naiveSoftmax(x, (c.axis+len(c.shape))%len(c.shape), op == "LogSoftmax")
			require.InDeltaSlice(t, want, floats(got), 2e-6, "%s of %v along %d", op, c.shape, c.axis)
		}
	}
	// A value that is far below the largest gives 0, a row with a NaN or an infinity nothing but NaN.
	x := NewTensor(Float32, Shape{3, 40})
	d := Data[float32](x)
	d[3], d[45], d[80+39] = -200, float32(math.NaN()), float32(math.Inf(1))
	y := Data[float32](opCase{op: "Softmax", inputs: []*Tensor{x}}.mustRun(t)[0])
	require.Zero(t, y[3])
	require.InDelta(t, 1./39, y[0], 1e-8)
	for _, v := range y[40:] {
		require.True(t, v != v)
	}
}

func TestSoftmaxSpecialValues(t *testing.T) {
	inf, nan := float32(math.Inf(1)), float32(math.NaN())
	x := Of([]float32{1, -inf, 1, nan, inf, 1, -inf, -inf}, 4, 2)
	for _, axis := range []int{1, 0} {
		in := x
		if axis == 0 {
			in = opCase{op: "Transpose", inputs: []*Tensor{x}}.mustRun(t)[0]
		}
		got := opCase{op: "Softmax", attrs: []Attr{IntAttr("axis", axis)}, inputs: []*Tensor{in}}.mustRun(t)[0]
		if axis == 0 {
			got = opCase{op: "Transpose", inputs: []*Tensor{got}}.mustRun(t)[0]
		}
		y := Data[float32](got)
		require.Equal(t, []float32{1, 0}, y[:2])
		for _, v := range y[2:] {
			require.True(t, v != v, "as onnxruntime 1.30: NaN, infinity, nothing but -infinity")
		}
	}
}

func TestHardmax(t *testing.T) {
	x := Of([]float32{3, 0, 1, 2, 2, 5, 2, 5}, 2, 4)
	require.Equal(t, []float32{1, 0, 0, 0, 0, 1, 0, 0}, Data[float32](opCase{op: "Hardmax", inputs: []*Tensor{x}}.mustRun(t)[0]))
	require.Equal(t, []float32{1, 0, 0, 0, 0, 1, 1, 1}, Data[float32](opCase{op: "Hardmax", attrs: []Attr{IntAttr("axis", 0)}, inputs: []*Tensor{x}}.mustRun(t)[0]))
	require.Equal(t, []float32{0, 0, 0, 0, 0, 1, 0, 0}, Data[float32](opCase{op: "Hardmax", opset: 11, attrs: []Attr{IntAttr("axis", 0)}, inputs: []*Tensor{x}}.mustRun(t)[0]))
	require.Equal(t, Shape{0, 4}, opCase{op: "Hardmax", inputs: []*Tensor{counted(Float64, 0, 4)}}.mustRun(t)[0].Shape())
}

func TestSoftmaxErrors(t *testing.T) {
	for _, op := range []string{"Softmax", "LogSoftmax", "Hardmax"} {
		opCase{op: op, inputs: []*Tensor{Of([]int32{1}, 1)}}.mustFail(t, "input is tensor(int32)")
		opCase{op: op, attrs: []Attr{IntAttr("axis", 2)}, inputs: []*Tensor{Of([]float32{1}, 1, 1)}}.mustFail(t, "axis is 2, want one in [-2, 2) for rank 2")
	}
}

func BenchmarkSoftmax(b *testing.B) {
	for _, c := range []struct {
		dims []int
		axis int
	}{{[]int{1, 21, 256, 256}, 1}, {[]int{1, 1024, 1000}, 2}} {
		b.Run(fmt.Sprint(c.dims, c.axis), func(b *testing.B) {
			x := randomFloats(rand.New(rand.NewPCG(8, 8)), Float32, c.dims...)
			y := NewTensor(Float32, x.shape)
			op := &softmax{axisOrTail: axisOrTail{axis: c.axis}}
			b.SetBytes(int64(x.Len()))
			for b.Loop() {
				op.Run(NewCall(context.Background(), nil), []*Tensor{x}, []*Tensor{y})
			}
		})
	}
}
