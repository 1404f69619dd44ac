package ops

import (
	"fmt"
	"math"
	"math/cmplx"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
)

// naiveDFT is the sum that the operator is defined by; sign -1 is the inverse, not
// divided.
func naiveDFT(x []complex128, n int, sign float64) []complex128 {
	y := make([]complex128, n)
	for k := range y {
		for j := range min(n, len(x)) {
			y[k] += x[j] * cmplx.Exp(complex(0, -sign*2*math.Pi*float64(j*k%n)/float64(n)))
		}
	}
	return y
}

// Every length up to 70, and some large ones.
func TestFourier(t *testing.T) {
	lengths := []int{127, 128, 1000, 1024, 4099}
	for n := range 70 {
		lengths = append(lengths, n+1)
	}
	r := rand.New(rand.NewPCG(1, 18))
	for _, n := range lengths {
		f, err := newFourier(NewCall(t.Context(), nil), n)
		require.NoError(t, err)
		x := make([]complex128, n)
		for i := range x {
			x[i] = complex(r.NormFloat64(), r.NormFloat64())
		}
		want := naiveDFT(x, n, 1)
		f.transform(NewCall(t.Context(), nil), x, make([]complex128, f.room()))
		for k := range want {
			require.InDelta(t, 0, cmplx.Abs(want[k]-x[k]), 1e-12*float64(n), "length %d, element %d", n, k)
		}
	}
}

func TestDFT(t *testing.T) {
	run := func(x *Tensor, attrs ...Attr) []float32 {
		return Data[float32](opCase{op: "DFT", attrs: attrs, inputs: []*Tensor{x}}.mustRun(t)[0])
	}
	x := ramp(1, 4, 1) // 1 2 3 4: 10, -2+2i, -2, -2-2i
	require.InDeltaSlice(t, []float32{10, 0, -2, 2, -2, 0, -2, -2}, run(x), 1e-6)
	require.InDeltaSlice(t, []float32{10, 0, -2, 2, -2, 0}, run(x, IntAttr("onesided", 1)), 1e-6)
	full, half := Of([]float32{10, 0, -2, 2, -2, 0, -2, -2}, 1, 4, 2), Of([]float32{10, 0, -2, 2, -2, 0}, 1, 3, 2)
	require.InDeltaSlice(t, []float32{1, 0, 2, 0, 3, 0, 4, 0}, run(full, IntAttr("inverse", 1)), 1e-6)
	out := opCase{op: "DFT", attrs: []Attr{IntAttr("inverse", 1), IntAttr("onesided", 1)}, inputs: []*Tensor{half}}.mustRun(t)[0]
	require.Equal(t, Shape{1, 4, 1}, out.shape)
	require.InDeltaSlice(t, []float32{1, 2, 3, 4}, Data[float32](out), 1e-6)

	old := opCase{op: "DFT", opset: 17, attrs: []Attr{IntAttr("axis", 0)}, inputs: []*Tensor{ramp(2, 2, 1), Of([]int32{2})}}
	require.InDeltaSlice(t, []float32{4, 0, 6, 0, -2, 0, -2, 0}, Data[float32](old.mustRun(t)[0]), 1e-6, "1 2; 3 4 along the columns")
	old = opCase{op: "DFT", opset: 17, inputs: []*Tensor{ramp(1, 2, 1)}}
	require.InDeltaSlice(t, []float32{3, 0, -1, 0}, Data[float32](old.mustRun(t)[0]), 1e-6, "axis was 1 when absent")
}

// Any axis, length and form agrees with the formula.
func TestDFTRandom(t *testing.T) {
	for seed := range uint64(80) {
		r := rand.New(rand.NewPCG(seed, 19))
		d := []DType{Float32, Float64}[seed%2]
		inverse, oneSided := seed/2%2 == 1, seed/4%2 == 1
		parts := 1 + r.IntN(2)
		if oneSided {
			parts = 1 + oneIf(inverse)
		}
		dims := []int{1 + r.IntN(3), 2 + r.IntN(9), 1 + r.IntN(3), parts}
		axis := r.IntN(3)
		x := randomFloats(r, d, dims...)
		n := dims[axis]
		inputs := []*Tensor{x, nil, Of([]int64{int64(axis - r.IntN(2)*4)})}
		if inverse && oneSided {
			n = 2 * (n - 1)
		}
		if r.IntN(2) == 0 || n == 0 {
			n = 1 + r.IntN(12)
			inputs[1] = Of([]int64{int64(n)})
		}
		got := opCase{op: "DFT", inputs: inputs, attrs: []Attr{IntAttr("inverse", oneIf(inverse)), IntAttr("onesided", oneIf(oneSided))}}.mustRun(t)[0]

		lead := append(append([]int{}, dims[:axis]...), dims[axis+1:3]...)
		forEachIndex(lead, func(_ int, index []int) {
			at := func(x *Tensor, k int) complex128 {
				i := append(append(append([]int{}, index[:axis]...), k), index[axis:]...)
				v := complex(floats(x)[offsetOf(x.shape, append(i, 0))], 0)
				if x.shape[3] == 2 {
					v += complex(0, floats(x)[offsetOf(x.shape, append(i, 1))])
				}
				return v
			}
			signal := make([]complex128, n)
			for k := range min(n, dims[axis]) {
				signal[k] = at(x, k)
			}
			want := naiveDFT(signal, n, 1)
			if inverse {
				if oneSided {
					signal[0] = complex(real(signal[0]), 0)
					for k := 1; k < n; k++ {
						if 2*k == n {
							signal[k] = complex(real(signal[k]), 0)
						} else if 2*k > n {
							signal[k] = cmplx.Conj(signal[n-k])
						}
					}
				}
				want = naiveDFT(signal, n, -1)
				for k := range want {
					want[k] /= complex(float64(n), 0)
				}
			}
			text := fmt.Sprintf("seed %d: %v, axis %d, length %d, inverse %v, onesided %v", seed, dims, axis, n, inverse, oneSided)
			for k := range got.shape[axis] {
				require.InDelta(t, 0, cmplx.Abs(want[k]-at(got, k)), 1e-5, text)
			}
		})
	}
}

func TestDFTEmpty(t *testing.T) {
	require.Equal(t, Shape{0, 4, 2}, opCase{op: "DFT", inputs: []*Tensor{zeros(0, 4, 1)}}.mustRun(t)[0].shape)
	filled := opCase{op: "DFT", inputs: []*Tensor{zeros(1, 0, 1), Of([]int64{3})}}.mustRun(t)[0]
	require.Equal(t, make([]float32, 6), Data[float32](filled), "zeros alone")
}

func TestDFTErrors(t *testing.T) {
	fail := func(text string, attrs []Attr, inputs ...*Tensor) {
		t.Helper()
		opCase{op: "DFT", attrs: attrs, inputs: inputs}.mustFail(t, text)
	}
	x := zeros(1, 4, 1)
	fail("input is tensor(int32)", nil, Of([]int32{1}, 1, 1))
	fail("input has shape [1, 4, 3], want [D1, ..., 1] or [D1, ..., 2]", nil, zeros(1, 4, 3))
	fail("onesided wants real numbers", []Attr{IntAttr("onesided", 1)}, zeros(1, 4, 2))
	fail("with inverse complex ones", []Attr{IntAttr("onesided", 1), IntAttr("inverse", 1)}, x)
	fail("axis is 2, the last", nil, x, nil, Of([]int64{2}))
	fail("axis is 3, want one in [-3, 3)", nil, x, nil, Of([]int64{3}))
	fail("dft_length is [1 2], want one number", nil, x, Of([]int64{1, 2}, 2))
	fail("the transform has the length 0", nil, x, Of([]int64{0}))
	fail("the transform has the length 0", nil, zeros(1, 0, 1))
	fail("the transform has the length 0", []Attr{IntAttr("onesided", 1), IntAttr("inverse", 1)}, zeros(1, 1, 2))
}

func TestSTFT(t *testing.T) {
	// By onnxruntime 1.30.
	signal, window := ramp(1, 8, 1), Of([]float32{1, 2, 1}, 3)
	out := opCase{op: "STFT", inputs: []*Tensor{signal, Of([]int64{2}), window}}.mustRun(t)[0]
	require.Equal(t, Shape{1, 3, 2, 2}, out.shape)
	require.InDeltaSlice(t, []float32{8, 0, -2.5, -0.8660254, 16, 0, -3.5, -2.598076, 24, 0, -4.5, -4.330127}, Data[float32](out), 1e-5)
	c := opCase{op: "STFT", attrs: []Attr{IntAttr("onesided", 0)}, inputs: []*Tensor{signal.View(Shape{1, 8}), Of([]int64{4}), nil, Of([]int64{4})}}
	require.InDeltaSlice(t, []float32{10, 0, -2, 2, -2, 0, -2, -2, 26, 0, -2, 2, -2, 0, -2, -2}, Data[float32](c.mustRun(t)[0]), 1e-5)
	c.inputs = []*Tensor{signal.View(Shape{1, 4, 2}), Of([]int64{2}), nil, Of([]int64{2})}
	require.InDeltaSlice(t, []float32{4, 6, -2, -2, 12, 14, -2, -2}, Data[float32](c.mustRun(t)[0]), 1e-5, "complex")
	c.inputs = []*Tensor{ramp(1, 2, 1), Of([]int64{1})}
	require.InDeltaSlice(t, []float32{3, 0, -1, 0}, Data[float32](c.mustRun(t)[0]), 1e-5, "one frame")
	c.inputs = []*Tensor{zeros(0, 4, 1), Of([]int64{1})}
	require.Equal(t, Shape{0, 1, 4, 2}, c.mustRun(t)[0].shape)
}

// A frame is the DFT of its part of the signal times the window.
func TestSTFTRandom(t *testing.T) {
	for seed := range uint64(30) {
		r := rand.New(rand.NewPCG(seed, 20))
		batch, n, step, frames, oneSided := 1+r.IntN(3), 1+r.IntN(20), 1+r.IntN(5), 1+r.IntN(5), r.IntN(2)
		x, w := randomFloats(r, Float64, batch, n+step*(frames-1)+r.IntN(step), 1), randomFloats(r, Float64, n)
		got := opCase{op: "STFT", attrs: []Attr{IntAttr("onesided", oneSided)}, inputs: []*Tensor{x, Of([]int32{int32(step)}), w}}.mustRun(t)[0]
		require.Equal(t, frames, got.shape[1])
		for i := range batch * frames {
			part := NewTensor(Float64, Shape{1, n, 1})
			for k := range n {
				Data[float64](part)[k] = floats(w)[k] * floats(x)[i/frames*x.shape[1]+i%frames*step+k]
			}
			want := opCase{op: "DFT", attrs: []Attr{IntAttr("onesided", oneSided)}, inputs: []*Tensor{part}}.mustRun(t)[0]
			require.InDeltaSlice(t, floats(want), floats(got)[i*want.Len():][:want.Len()], 1e-12, "seed %d", seed)
		}
	}
}

func TestSTFTErrors(t *testing.T) {
	fail := func(text string, inputs ...*Tensor) {
		t.Helper()
		opCase{op: "STFT", inputs: inputs}.mustFail(t, text)
	}
	x, step := zeros(1, 4, 1), Of([]int64{1})
	fail("signal is tensor(int32)", Of([]int32{1}, 1, 1), step)
	fail("signal has shape [4], want [B, L, 1] or [B, L, 2]", zeros(4), step)
	fail("signal has shape [1, 4, 3]", zeros(1, 4, 3), step)
	fail("frame_step is [0], want one number, 1 or more", x, Of([]int64{0}))
	fail("a frame has the length 5, want 1 to 4", x, step, zeros(5))
	fail("a frame has the length 0", x, step, nil, Of([]int64{0}))
	fail("frame_length is [2], want one number, the length of window", x, step, zeros(3), Of([]int64{2}))
	fail("window has shape [2, 2], want rank 1", x, step, zeros(2, 2))
	fail("signal is tensor(float) and window is tensor(double)", x, step, NewTensor(Float64, Shape{2}))
}

func BenchmarkSTFT(b *testing.B) {
	for _, n := range []int{400, 512} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			x, y := zeros(1, 16000, 1), NewTensor(Float32, Shape{1, (16000-n)/160 + 1, n/2 + 1, 2})
			in := []*Tensor{x, Of([]int64{160}), zeros(n)}
			for b.Loop() {
				require.NoError(b, (&stft{true}).Run(NewCall(b.Context(), nil), in, []*Tensor{y}))
			}
		})
	}
}
