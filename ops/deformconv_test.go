package ops

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestDeformConv(t *testing.T) {
	// A kernel of one tap that reads half a pixel below and one to the right.
	x, w := ramp(1, 1, 2, 3), Of([]float32{2}, 1, 1, 1, 1)
	offset := NewTensor(Float32, Shape{1, 2, 2, 3})
	for i := range 6 {
		Data[float32](offset)[i], Data[float32](offset)[6+i] = 0.5, 1
	}
	c := opCase{op: "DeformConv", inputs: []*Tensor{x, w, offset, Of([]float32{100}, 1)}}
	// Rows 1 2 3 and 4 5 6: (2+5)/2 and (3+6)/2, below them (5+0)/2 and 3; nothing at the right.
	require.Equal(t, []float32{107, 109, 100, 105, 106, 100}, Data[float32](c.mustRun(t)[0]))
	c.inputs = append(c.inputs, Of([]float32{1, 0.5, 1, 0, 1, 1}, 1, 1, 2, 3))
	require.Equal(t, []float32{107, 104.5, 100, 100, 106, 100}, Data[float32](c.mustRun(t)[0]), "weighed by mask")
	nan, inf := float32(math.NaN()), float32(math.Inf(1))
	copy(Data[float32](offset), []float32{nan, inf, -inf, 1e30, -1e30, 0})
	require.Equal(t, []float32{100, 100, 100, 100, 100, 100}, Data[float32](c.mustRun(t)[0]), "outside")
}

// Without offsets and mask the operator is Conv, on whole numbers bit for bit.
func TestDeformConvIsConv(t *testing.T) {
	for seed := range uint64(60) {
		r := rand.New(rand.NewPCG(seed, 15))
		conv := newRandomConv(r, false)
		conv.r = nil
		node := conv.node("Conv")
		want := node.mustRun(t)[0]
		offset := NewTensor(Float32, append(Shape{want.shape[0], product(conv.kernel) * conv.rank}, want.shape[2:]...))
		inputs := []*Tensor{conv.x, conv.w, offset, conv.b}
		got := opCase{op: "DeformConv", attrs: node.attrs, inputs: inputs}.mustRun(t)[0]
		require.Equal(t, Data[float32](want), Data[float32](got), "seed %d: %v", seed, node.attrs)
	}
}

// sampleAt is the linear interpolation of a plane, 0 outside.
func sampleAt(plane []float64, dims []int, place []float64) float64 {
	if len(dims) == 0 {
		return plane[0]
	}
	low := math.Floor(place[0])
	v, size := 0.0, product(dims[1:])
	for _, q := range []float64{low, low + 1} {
		if q >= 0 && q < float64(dims[0]) {
			v += (1 - math.Abs(place[0]-q)) * sampleAt(plane[int(q)*size:][:size], dims[1:], place[1:])
		}
	}
	return v
}

// The operator agrees with its formula, for 1 to 3 axes and any grouping.
func TestDeformConvRandom(t *testing.T) {
	for seed := range uint64(40) {
		r := rand.New(rand.NewPCG(seed, 16))
		d := []DType{Float32, Float64}[seed%2]
		rank := 1 + r.IntN(3)
		group, offsets := 1+r.IntN(2), 1+r.IntN(2)
		n, channels, outputs := 1+r.IntN(2), 2*group, group*(1+r.IntN(3))
		var dims, kernel, strides, pads, dilations, out []int
		for range rank {
			dims, kernel = append(dims, 3+r.IntN(5)), append(kernel, 1+r.IntN(2))
			strides, dilations = append(strides, 1+r.IntN(2)), append(dilations, 1+r.IntN(2))
			pads = append(pads, r.IntN(2))
		}
		for k := range rank {
			out = append(out, (dims[k]+2*pads[k]-(kernel[k]-1)*dilations[k]-1)/strides[k]+1)
		}
		taps := product(kernel)
		x, w := randomFloats(r, d, append([]int{n, channels}, dims...)...), randomFloats(r, d, append([]int{outputs, channels / group}, kernel...)...)
		offset, bias := randomFloats(r, d, append([]int{n, offsets * taps * rank}, out...)...), randomFloats(r, d, outputs)
		mask := randomFloats(r, d, append([]int{n, offsets * taps}, out...)...)
		inputs := []*Tensor{x, w, offset, bias, mask}
		if r.IntN(2) == 0 {
			inputs = inputs[:3]
		}
		c := opCase{op: "DeformConv", inputs: inputs, attrs: []Attr{
			IntAttr("group", group), IntAttr("offset_group", offsets), IntsAttr("strides", strides...),
			IntsAttr("dilations", dilations...), IntsAttr("pads", append(append([]int{}, pads...), pads...)...),
		}}
		got := c.mustRun(t)[0]

		xs, ws, plane := floats(x), floats(w), product(dims)
		forEachIndex(got.shape, func(i int, index []int) {
			b, m, sum := index[0], index[1], 0.0
			if len(inputs) > 3 {
				sum = floats(bias)[m]
			}
			for ch := range channels / group {
				from := m/(outputs/group)*(channels/group) + ch
				forEachIndex(kernel, func(tap int, at []int) {
					row := from/(channels/offsets)*taps + tap
					place := make([]float64, rank)
					for k := range place {
						place[k] = float64(index[2+k]*strides[k]-pads[k]+at[k]*dilations[k]) + floats(offset)[offsetOf(offset.shape, append([]int{b, row*rank + k}, index[2:]...))]
					}
					v := sampleAt(xs[(b*channels+from)*plane:][:plane], dims, place) * ws[(m*channels/group+ch)*taps+tap]
					if len(inputs) > 3 {
						v *= floats(mask)[offsetOf(mask.shape, append([]int{b, row}, index[2:]...))]
					}
					sum += v
				})
			}
			require.InDelta(t, sum, floats(got)[i], 1e-4, "seed %d, element %v", seed, index)
		})
	}
}

// More places than are gathered at a time, with a rest.
func TestDeformConvTurns(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 5))
	x, w := integers(r, 2, 128, 37, 41), integers(r, 3, 128, 3, 3)
	offset := NewTensor(Float32, Shape{2, 18, 35, 39})
	c := opCase{op: "DeformConv", inputs: []*Tensor{x, w, offset}}
	want := opCase{op: "Conv", inputs: []*Tensor{x, w}}.mustRun(t)[0]
	require.Equal(t, Data[float32](want), Data[float32](c.mustRun(t)[0]))
	step, _, _ := bindBest(t, c, NewPacked())
	require.NotNil(t, step.(*deformStep).last)
}

func TestDeformConvEmpty(t *testing.T) {
	w := zeros(2, 1, 1, 1)
	c := opCase{op: "DeformConv", inputs: []*Tensor{zeros(0, 1, 2, 2), w, zeros(0, 2, 2, 2)}}
	require.Equal(t, Shape{0, 2, 2, 2}, c.mustRun(t)[0].shape)
	c.inputs = []*Tensor{zeros(1, 0, 2, 2), zeros(2, 0, 1, 1), zeros(1, 2, 2, 2), ramp(2)}
	require.Equal(t, []float32{1, 1, 1, 1, 2, 2, 2, 2}, Data[float32](c.mustRun(t)[0]), "no channels, only the bias")
}

func TestDeformConvErrors(t *testing.T) {
	x, w, offset := zeros(1, 2, 4, 4), zeros(2, 2, 3, 3), zeros(1, 18, 2, 2)
	fail := func(text string, attrs []Attr, inputs ...*Tensor) {
		t.Helper()
		opCase{op: "DeformConv", attrs: attrs, inputs: inputs}.mustFail(t, text)
	}
	fail("X is tensor(int32)", nil, Of([]int32{1}, 1, 1, 1), w, offset)
	fail("offset has shape [1, 17, 2, 2], want [1, 18, 2, 2]", nil, x, w, zeros(1, 17, 2, 2))
	fail("mask has shape [1, 18, 2, 2], want [1, 9, 2, 2]", nil, x, w, offset, nil, offset)
	fail("X is tensor(float) and offset is tensor(double)", nil, x, w, NewTensor(Float64, offset.shape))
	fail("offset_group 3 does not divide 2 channels", []Attr{IntAttr("offset_group", 3)}, x, w, offset)
	fail("offset_group is 0", []Attr{IntAttr("offset_group", 0)}, x, w, offset)
	fail("auto_pad is given", []Attr{StringAttr("auto_pad", "VALID")}, x, w, offset)
	fail("X has 2 channels, W wants 1", nil, x, zeros(2, 1, 3, 3), offset)
	fail("kernel larger than the padded input", nil, x, zeros(2, 2, 5, 5), offset)
	fail("bias has 3 values, 2 output channels", nil, x, w, offset, zeros(3))
}

func BenchmarkDeformConv(b *testing.B) {
	for _, channels := range []int{64, 128} {
		b.Run(fmt.Sprint(channels), func(b *testing.B) {
			r := rand.New(rand.NewPCG(1, 1))
			x, w := randomFloats(r, Float32, 1, channels, 64, 64), randomFloats(r, Float32, 64, channels, 3, 3)
			offset, mask := randomFloats(r, Float32, 1, 18, 62, 62), randomFloats(r, Float32, 1, 9, 62, 62)
			benchmarkBound(b, opCase{op: "DeformConv", inputs: []*Tensor{x, w, offset, nil, mask}}, int64(64*channels*9*62*62))
		})
	}
}
