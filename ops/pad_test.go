package ops

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
)

// padCase is Pad in a mode, with pads and perhaps axes.
func padCase(mode string, x *Tensor, pads []int, axes ...int) opCase {
	c := opCase{op: "Pad", attrs: []Attr{StringAttr("mode", mode)}, inputs: []*Tensor{x, OfInts(pads), nil, nil}}
	if axes != nil {
		c.inputs[3] = OfInts(axes)
	}
	return c
}

func TestPadByHand(t *testing.T) {
	x := []float32{1, 2, 3}
	for _, c := range []struct {
		mode       string
		begin, end int
		want       []float32
	}{
		{"constant", 2, 1, []float32{0, 0, 1, 2, 3, 0}},
		{"constant", -1, 2, []float32{2, 3, 0, 0}},
		{"constant", -3, 1, []float32{0}},
		{"constant", -5, 4, []float32{0, 0}},
		{"constant", -2, -1, []float32{}},
		{"reflect", 2, 2, []float32{3, 2, 1, 2, 3, 2, 1}},
		{"reflect", -1, 1, []float32{2, 3, 2}},
		{"edge", 2, 4, []float32{1, 1, 1, 2, 3, 3, 3, 3, 3}},
		{"edge", 3, -2, []float32{1, 1, 1, 1}},
		{"wrap", 2, 2, []float32{2, 3, 1, 2, 3, 1, 2}},
		{"wrap", 4, 5, []float32{3, 1, 2, 3, 1, 2, 3, 1, 2, 3, 1, 2}},
		{"wrap", -1, 3, []float32{2, 3, 2, 3, 2}},
		{"edge", -2, -1, []float32{}},
	} {
		out := padCase(c.mode, Of(x, 3), []int{c.begin, c.end}).mustRun(t)
		require.Equal(t, c.want, append([]float32{}, Data[float32](out[0])...), "%s %d %d", c.mode, c.begin, c.end)
	}
}

// TestPadRandom: every axis by its own definition, any rank, element by element.
func TestPadRandom(t *testing.T) {
	rng := rand.New(rand.NewPCG(17, 18))
	for n := range 300 {
		mode := []string{"constant", "reflect", "edge", "wrap"}[n%4]
		rank := 1 + rng.IntN(4)
		shape, pads := make(Shape, rank), make([]int, 2*rank)
		for i := range shape {
			shape[i] = 2 + rng.IntN(5)
			if rng.IntN(3) > 0 {
				pads[i], pads[rank+i] = rng.IntN(3)-1, rng.IntN(3)-1
				if shape[i] < 4 {
					pads[i], pads[rank+i] = max(pads[i], 0), max(pads[rank+i], 0)
				}
			}
		}
		x := counting[int16](shape...)
		c := padCase(mode, x, pads)
		c.inputs[2] = Of([]int16{-7})
		out := c.mustRun(t)[0]
		want := make([]int16, out.Len())
		for at := range want {
			from, stride, rest, outside := 0, 1, at, false
			for k := rank - 1; k >= 0; k-- {
				b, e := pads[k], pads[rank+k]
				lo, hi := max(0, -b), shape[k]-max(0, -e) // what is left of the axis
				i := rest%(shape[k]+b+e) - b
				rest /= shape[k] + b + e
				for i < lo || i >= hi {
					switch mode {
					case "constant":
						outside, i = true, lo
					case "edge":
						i = max(lo, min(i, hi-1))
					case "wrap":
						if i < lo {
							i += hi - lo
						} else {
							i -= hi - lo
						}
					case "reflect":
						if i < lo {
							i = 2*lo - i
						} else {
							i = 2*(hi-1) - i
						}
					}
				}
				from += i * stride
				stride *= shape[k]
			}
			if want[at] = -7; !outside {
				want[at] = int16(from)
			}
		}
		require.Equal(t, want, Data[int16](out), fmt.Sprintf("%s of %v by %v", mode, shape, pads))
	}
}

func TestPadInputs(t *testing.T) {
	x := Of([]float32{1, 2}, 1, 2)
	axes := padCase("constant", x, []int{1, 0, 0, 2}, -1, 0).mustRun(t)
	require.Equal(t, Shape{3, 3}, axes[0].Shape(), "axes in their order, from the end")
	require.Equal(t, []float32{0, 1, 2, 0, 0, 0, 0, 0, 0}, Data[float32](axes[0]))
	c := padCase("constant", x, []int{1, 0, 0, 0})
	c.inputs[2] = Of([]float32{9}, 1)
	require.Equal(t, []float32{9, 9, 1, 2}, Data[float32](c.mustRun(t)[0]))
	old := opCase{op: "Pad", opset: 2, attrs: []Attr{IntsAttr("pads", 0, 1, 0, 0), FloatAttr("value", 1.5)}, inputs: []*Tensor{Of([]float64{7}, 1, 1)}}
	require.Equal(t, []float64{1.5, 7}, Data[float64](old.mustRun(t)[0]))
	words := padCase("constant", OfStrings([]string{"a"}, 1), []int{1, 0}).mustRun(t)
	require.Equal(t, []string{"", "a"}, words[0].Strings())
	require.Equal(t, Shape{2}, padCase("constant", NewTensor(Bool, Shape{0}), []int{1, 1}).mustRun(t)[0].Shape())
	require.Equal(t, Shape{}, padCase("edge", Of([]float32{3}), []int{}).mustRun(t)[0].Shape())
}

func TestPadErrors(t *testing.T) {
	x := Of([]float32{1, 2, 3}, 3)
	padCase("reflect", x, []int{3, 0}).mustFail(t, "a pad of 3 in mode reflect for the 3 elements of axis 0, want at most 2")
	padCase("reflect", x, []int{-1, 2}).mustFail(t, "a pad of 2 in mode reflect for the 2 elements of axis 0, want at most 1")
	padCase("edge", x, []int{-3, 1}).mustFail(t, "nothing is left of axis 0")
	padCase("wrap", NewTensor(Float32, Shape{0}), []int{0, 1}).mustFail(t, "nothing is left of axis 0")
	padCase("constant", x, []int{-2, -2}).mustFail(t, "cut more than the 3 elements of axis 0")
	padCase("constant", x, []int{1}).mustFail(t, "pads has 1 values, want 2")
	padCase("constant", x, []int{math.MaxInt, 0}).mustFail(t, "limit exceeded")
	padCase("constant", x, []int{1, 0, 1, 0}, 0, -1).mustFail(t, "name axis 0 twice")
	padCase("mirror", x, []int{1, 0}).mustFail(t, `attribute mode is "mirror", want one of`)
	c := padCase("wrap", x, []int{1, 0})
	c.opset = 18
	c.mustFail(t, `attribute mode is "wrap", want one of`)
	c = padCase("constant", x, []int{1, 0})
	c.inputs[2] = Of([]float64{1})
	c.mustFail(t, "data is tensor(float) and constant_value is tensor(double), want one type")
	c.inputs[2] = Of([]float32{1, 2}, 2)
	c.mustFail(t, "constant_value has shape [2], want one element")
	opCase{op: "Pad", opset: 2, inputs: []*Tensor{x}}.mustFail(t, "attribute pads is missing")
}
