package ops

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestGridSampleByHand samples one row of four pixels, 10 to 40.
func TestGridSampleByHand(t *testing.T) {
	x := Of([]float32{10, 20, 30, 40}, 1, 1, 1, 4)
	for _, c := range []struct {
		name  string
		attrs []Attr
		x     float32 // the place along the row
		want  float32
	}{
		{"outer edge", nil, -1, 5}, // half of it lies outside
		{"centre of pixel 1", nil, -0.25, 20},
		{"between", nil, 0, 25},
		{"align_corners", []Attr{IntAttr("align_corners", 1)}, -1, 10},
		{"align_corners, a third", []Attr{IntAttr("align_corners", 1)}, -1. / 3, 20},
		{"far outside", nil, 9, 0},
		{"border", []Attr{StringAttr("padding_mode", "border")}, 9, 40},
		{"reflection", []Attr{StringAttr("padding_mode", "reflection")}, -1.75, 20},
		{"reflection at the centres", []Attr{StringAttr("padding_mode", "reflection"), IntAttr("align_corners", 1)}, -5. / 3, 20},
		{"nearest", []Attr{StringAttr("mode", "nearest")}, 0.1, 30},
		{"nearest, half to even", []Attr{StringAttr("mode", "nearest")}, 0, 30},
		{"NaN lies outside", nil, nan32, 0},
		{"infinity lies outside", []Attr{StringAttr("mode", "nearest"), StringAttr("padding_mode", "border")}, inf32, 40},
	} {
		out := opCase{op: "GridSample", attrs: c.attrs, inputs: []*Tensor{x, Of([]float32{c.x, 0}, 1, 1, 1, 2)}}.mustRun(t)
		require.InDelta(t, c.want, Data[float32](out[0])[0], 1e-5, c.name)
	}
}

// naiveSample is one sample by recursion over the axes.
func naiveSample(x []float64, dims []int, at []float64, mode, padding string, align bool) float64 {
	if len(dims) == 0 {
		return x[0]
	}
	d, inner := dims[0], product(dims[1:])
	pixel := func(i int) float64 {
		for i < 0 || i >= d {
			switch {
			case padding == "zeros":
				return 0
			case padding == "border":
				i = max(0, min(i, d-1))
			case align && i < 0:
				i = -i
			case align:
				i = 2*(d-1) - i
			case i < 0:
				i = -1 - i
			default:
				i = 2*d - 1 - i
			}
		}
		return naiveSample(x[i*inner:], dims[1:], at[1:], mode, padding, align)
	}
	p := ((at[0]+1)*float64(d) - 1) / 2
	if align {
		p = (at[0] + 1) / 2 * float64(d-1)
	}
	k := int(math.Floor(p))
	f := p - float64(k)
	switch mode {
	case "nearest":
		return pixel(int(math.RoundToEven(p)))
	case "linear":
		return (1-f)*pixel(k) + f*pixel(k+1)
	}
	sum := 0.0
	for n := -1; n <= 2; n++ {
		sum += keys(math.Abs(float64(n)-f), -0.75) * pixel(k+n)
	}
	return sum
}

func TestGridSampleRandom(t *testing.T) {
	rng := rand.New(rand.NewPCG(21, 22))
	for n := range 200 {
		mode, padding := []string{"nearest", "linear", "cubic"}[n%3], []string{"zeros", "border", "reflection"}[n/3%3]
		align, rank := n%2 == 1, 1+rng.IntN(3)
		dims, places := make([]int, rank), make([]int, rank)
		for i := range dims {
			dims[i], places[i] = 2+rng.IntN(4), 1+rng.IntN(9)
		}
		x := make([]float64, 2*3*product(dims))
		for i := range x {
			x[i] = rng.NormFloat64()
		}
		grid := make([]float64, 2*product(places)*rank)
		for i := range grid {
			grid[i] = 4*rng.Float64() - 2
		}
		attrs := []Attr{StringAttr("mode", mode), StringAttr("padding_mode", padding)}
		if align {
			attrs = append(attrs, IntAttr("align_corners", 1))
		}
		gridShape := append(append([]int{2}, places...), rank)
		out := opCase{op: "GridSample", attrs: attrs, inputs: []*Tensor{Of(x, append([]int{2, 3}, dims...)...), Of(grid, gridShape...)}}.mustRun(t)
		count := product(places)
		for i, got := range Data[float64](out[0]) {
			plane, place := i/count, i%count
			at := make([]float64, rank)
			for k := range at { // the grid names the innermost axis first
				at[k] = grid[(plane/3*count+place)*rank+rank-1-k]
			}
			want := naiveSample(x[plane*product(dims):], dims, at, mode, padding, align)
			require.InDelta(t, want, got, 1e-12, fmt.Sprintf("%d: %s %s %v %v at %d", n, mode, padding, dims, places, i))
		}
	}
}

func TestGridSampleErrors(t *testing.T) {
	x, grid := NewTensor(Float32, Shape{1, 1, 2, 2}), NewTensor(Float32, Shape{1, 3, 3, 2})
	sample := func(x, grid *Tensor, attrs ...Attr) opCase {
		return opCase{op: "GridSample", attrs: attrs, inputs: []*Tensor{x, grid}}
	}
	sample(x, NewTensor(Float32, Shape{1, 3, 3, 3})).mustFail(t, "grid has shape [1, 3, 3, 3], want [1, E1, ..., 2]")
	sample(x, NewTensor(Float32, Shape{2, 3, 3, 2})).mustFail(t, "grid has shape [2, 3, 3, 2]")
	sample(NewTensor(Float32, Shape{1, 1}), grid).mustFail(t, "want [N, C, D1, ...]")
	sample(NewTensor(Float32, Shape{1, 1, 0, 2}), grid).mustFail(t, "there is no pixel to sample")
	sample(NewTensor(Int32, x.Shape()), grid).mustFail(t, "X is tensor(int32), want one of")
	sample(x, grid, StringAttr("mode", "bilinear")).mustFail(t, `attribute mode is "bilinear", want one of`)
	sample(x, grid, StringAttr("padding_mode", "wrap")).mustFail(t, `attribute padding_mode is "wrap"`)
	old := sample(x, grid, StringAttr("mode", "bilinear"))
	old.opset = 16
	old.mustRun(t)
	require.Equal(t, Shape{1, 1, 0, 3}, sample(x, NewTensor(Float32, Shape{1, 0, 3, 2})).mustRun(t)[0].Shape())
}
