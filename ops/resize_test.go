package ops

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tconv/tconv/backend/cpu"
)

// resizeCase is Resize with scales or sizes and attributes.
func resizeCase(x, roi *Tensor, scales []float32, sizes []int, attrs ...Attr) opCase {
	c := opCase{op: "Resize", attrs: attrs, inputs: []*Tensor{x, roi, nil, nil}}
	if scales != nil {
		c.inputs[2] = Of(scales, len(scales))
	}
	if sizes != nil {
		c.inputs[3] = OfInts(sizes)
	}
	return c
}

// TestResizeByHand: one axis, numbers that can be checked on paper.
func TestResizeByHand(t *testing.T) {
	mode := func(m, c string) []Attr {
		return []Attr{StringAttr("mode", m), StringAttr("coordinate_transformation_mode", c)}
	}
	nearest := func(c, n string) []Attr { return append(mode("nearest", c), StringAttr("nearest_mode", n)) }
	x2, x4 := []float32{10, 20}, []float32{1, 2, 3, 4}
	for _, c := range []struct {
		name  string
		x     []float32
		scale float32
		size  int
		attrs []Attr
		want  []float32
	}{
		{"nearest floor", x2, 2, 0, nearest("asymmetric", "floor"), []float32{10, 10, 20, 20}},
		{"nearest ceil", x2, 2, 0, nearest("asymmetric", "ceil"), []float32{10, 20, 20, 20}},
		{"half goes down", x2, 2, 0, nearest("asymmetric", "round_prefer_floor"), []float32{10, 10, 20, 20}},
		{"half goes up", x2, 2, 0, nearest("asymmetric", "round_prefer_ceil"), []float32{10, 20, 20, 20}},
		{"default", x2, 2, 0, nil, []float32{10, 10, 20, 20}},
		{"tf_half_pixel_for_nn", x4, 0.5, 0, nearest("tf_half_pixel_for_nn", "floor"), []float32{2, 4}},
		{"linear half_pixel", x2, 2, 0, mode("linear", "half_pixel"), []float32{10, 12.5, 17.5, 20}},
		{"linear asymmetric", x2, 2, 0, mode("linear", "asymmetric"), []float32{10, 15, 20, 20}},
		{"linear align_corners", x2, 2, 0, mode("linear", "align_corners"), []float32{10, 10 + 10./3, 10 + 20./3, 20}},
		{"align_corners to 1", x4, 0, 1, mode("linear", "align_corners"), []float32{1}},
		// The scale asks for a length of 2.4: 3 / 1.4 is the step, as in the ONNX test suite.
		{"align_corners, no whole length", x4, 0.6, 0, mode("linear", "align_corners"), []float32{1, 1 + 3/1.4}},
		{"pytorch_half_pixel to 1", x4, 0, 1, mode("linear", "pytorch_half_pixel"), []float32{1}},
		{"half_pixel to 1", x4, 0, 1, mode("linear", "half_pixel"), []float32{2.5}},
		// (x + 0.5) / 0.6 - 0.5 for x = 0, 1 moved by 2 (1 - 2 / 2.4) = 1/3.
		{"half_pixel_symmetric", x4, 0.6, 0, mode("linear", "half_pixel_symmetric"), []float32{1 + 2./3, 1 + 7./3}},
		{"linear half_pixel 0.6", x4, 0.6, 0, mode("linear", "half_pixel"), []float32{1 + 1./3, 3}},
		// Keys' weights at 0.25 with a = -0.75: -0.10546875, 0.87890625, 0.26171875, -0.03515625.
		{"cubic", []float32{0, 0, 64, 0}, 2, 0, mode("cubic", "half_pixel"),
			[]float32{0, -0.03515625 * 64, -0.10546875 * 64, 0.26171875 * 64, 0.87890625 * 64, 0.87890625 * 64, 0.26171875 * 64, -0.10546875*64 + -0.03515625*0}},
		{"floor of in times scale", x4, 0.7, 0, nearest("asymmetric", "floor"), []float32{1, 2}},
		{"scale 1", x4, 1, 0, mode("cubic", "half_pixel"), x4},
		{"antialias", x4, 0.5, 0, append(mode("linear", "half_pixel"), IntAttr("antialias", 1)), []float32{(7*1 + 0 + 5*2 + 3*3 + 1*4 - 4*1) / 12., 0}},
	} {
		if c.name == "antialias" { // the triangle of reach 2 around 0.5: 1/8, 3/8, 3/8, 1/8, the first on the edge
			c.want = []float32{0.125*1 + 0.375*1 + 0.375*2 + 0.125*3, 0.125*2 + 0.375*3 + 0.375*4 + 0.125*4}
		}
		if c.name == "cubic" { // the last one also sees the edge element 3 twice, which is 0
			c.want[7] = -0.10546875 * 64
		}
		rc := resizeCase(Of(c.x, len(c.x)), nil, []float32{c.scale}, nil, c.attrs...)
		if c.size > 0 {
			rc = resizeCase(Of(c.x, len(c.x)), nil, nil, []int{c.size}, c.attrs...)
		}
		out := rc.mustRun(t)
		require.Equal(t, Shape{len(c.want)}, out[0].Shape(), c.name)
		require.InDeltaSlice(t, c.want, Data[float32](out[0]), 1e-5, c.name)
	}
}

// naivePosition is the position along an axis as the specification writes it, in double.
func naivePosition(mode string, i, in, out int, scale, start, end float64) float64 {
	x := float64(i)
	switch mode {
	case "asymmetric":
		return x / scale
	case "tf_half_pixel_for_nn":
		return (x + 0.5) / scale
	case "align_corners":
		if out == 1 {
			return 0
		}
		return x * float64(in-1) / float64(out-1)
	case "pytorch_half_pixel":
		if out == 1 {
			return 0
		}
	case "tf_crop_and_resize":
		if out == 1 {
			return 0.5 * (start + end) * float64(in-1)
		}
		return start*float64(in-1) + x*(end-start)*float64(in-1)/float64(out-1)
	}
	return (x+0.5)/scale - 0.5
}

// naiveAxis resizes one axis of a tensor of doubles, element by element.
func naiveAxis(x []float64, shape Shape, axis, out int, mode, coordinates string, start, end float64) []float64 {
	in := shape[axis]
	inner, outer := product(shape[axis+1:]), product(shape[:axis])
	y := make([]float64, outer*out*inner)
	at := func(o, i, j int) float64 { return x[(o*in+max(0, min(i, in-1)))*inner+j] }
	for o := range outer {
		for i := range out {
			p := naivePosition(coordinates, i, in, out, float64(out)/float64(in), start, end)
			floor := math.Floor(p)
			f, k := p-floor, int(floor)
			for j := range inner {
				v := 0.0
				switch mode {
				case "nearest":
					v = at(o, int(math.Ceil(p-0.5)), j)
				case "linear":
					v = (1-f)*at(o, k, j) + f*at(o, k+1, j)
				case "cubic":
					for n := -1; n <= 2; n++ {
						v += keys(math.Abs(float64(n)-f), -0.75) * at(o, k+n, j)
					}
				}
				y[(o*out+i)*inner+j] = v
			}
		}
	}
	return y
}

func keys(d, a float64) float64 {
	if d <= 1 {
		return (a+2)*d*d*d - (a+3)*d*d + 1
	}
	return a*d*d*d - 5*a*d*d + 8*a*d - 4*a
}

// TestResizeRandom: any rank, any axes, all coordinates, against the formula.
func TestResizeRandom(t *testing.T) {
	rng := rand.New(rand.NewPCG(11, 12))
	all := []string{"half_pixel", "pytorch_half_pixel", "align_corners", "asymmetric", "tf_half_pixel_for_nn", "tf_crop_and_resize"}
	for n := range 400 {
		mode, coordinates := []string{"nearest", "linear", "cubic"}[n%3], all[rng.IntN(len(all))]
		rank := 1 + rng.IntN(5)
		shape, sizes, roi := make(Shape, rank), make([]int, rank), make([]float32, 2*rank)
		for i := range shape {
			shape[i], roi[rank+i] = 1+rng.IntN(7), 1
			if sizes[i] = shape[i]; rng.IntN(3) > 0 {
				sizes[i] = 1 + rng.IntN(11)
				roi[i], roi[rank+i] = float32(rng.IntN(5))/8, float32(4+rng.IntN(5))/8
			}
		}
		x := make([]float64, shape.Elements())
		for i := range x {
			x[i] = rng.NormFloat64()
		}
		want, grown := x, shape.Clone()
		for k := range shape {
			if sizes[k] != shape[k] || coordinates == "tf_crop_and_resize" {
				want = naiveAxis(want, grown, k, sizes[k], mode, coordinates, float64(roi[k]), float64(roi[rank+k]))
				grown[k] = sizes[k]
			}
		}
		c := resizeCase(Of(x, shape...), Of(roi, len(roi)), nil, sizes, StringAttr("mode", mode), StringAttr("coordinate_transformation_mode", coordinates))
		name := fmt.Sprintf("%d: %s %s %v to %v roi %v", n, mode, coordinates, shape, sizes, roi)
		got := Data[float64](c.mustRun(t)[0])
		if mode == "nearest" { // halves in double and float may differ: allow a neighbour
			single := 0
			for i := range want {
				if want[i] != got[i] {
					single++
				}
			}
			require.LessOrEqual(t, single, len(want)/4, name)
			continue
		}
		require.InDeltaSlice(t, want, got, 1e-12, name)
	}
}

// TestResizeIntegers: outputs of onnxruntime 1.30.
func TestResizeIntegers(t *testing.T) {
	linear := StringAttr("mode", "linear")
	out := resizeCase(Of([]uint8{0, 255, 100, 7}, 1, 1, 2, 2), nil, nil, []int{1, 1, 3, 3}, linear).mustRun(t)
	require.Equal(t, []uint8{0, 127, 255, 50, 90, 131, 100, 53, 7}, Data[uint8](out[0]), "fractions are cut off")
	out = resizeCase(Of([]int8{-100, 101, 51, -7}, 1, 2, 2, 1), nil, nil, []int{1, 3, 3, 1}, linear).mustRun(t)
	require.Equal(t, []int8{-100, 0, 101, -24, 11, 47, 51, 22, -7}, Data[int8](out[0]), "channels last, towards 0")
	out = resizeCase(Of([]uint8{0, 255, 100, 7}, 4), nil, nil, []int{2}, linear, IntAttr("antialias", 1)).mustRun(t)
	require.Equal(t, []uint8{108, 73}, Data[uint8](out[0]), "antialias rounds")
	out = resizeCase(Of([]int64{1 << 60, 1<<60 + 8}, 2), nil, nil, []int{1}, linear).mustRun(t)
	require.Equal(t, []int64{1 << 60}, Data[int64](out[0]))
}

// TestResizeMoves: nearest moves elements of every type.
func TestResizeMoves(t *testing.T) {
	out := resizeCase(OfStrings([]string{"a", "b"}, 2), nil, []float32{2}, nil).mustRun(t)
	require.Equal(t, []string{"a", "a", "b", "b"}, out[0].Strings())
	bools := resizeCase(Of([]bool{true, false}, 1, 2), nil, []float32{2, 1}, nil).mustRun(t)
	require.Equal(t, []bool{true, false, true, false}, Data[bool](bools[0]))
	wide := resizeCase(Of([]complex128{1i, 2}, 2), nil, []float32{2}, nil).mustRun(t)
	require.Equal(t, []complex128{1i, 1i, 2, 2}, Data[complex128](wide[0]))
	crop := []Attr{StringAttr("coordinate_transformation_mode", "tf_crop_and_resize"), FloatAttr("extrapolation_value", 300)}
	roi := Of([]float32{-1, 1}, 2)
	out = resizeCase(Of([]uint8{1, 2}, 2), roi, nil, []int{3}, crop...).mustRun(t)
	require.Equal(t, []uint8{255, 1, 2}, Data[uint8](out[0]), "outside is extrapolation_value, saturated")
	out = resizeCase(Of([]float32{1, 2}, 2), roi, nil, []int{3}, append(crop, StringAttr("mode", "linear"))...).mustRun(t)
	require.Equal(t, []float32{300, 1, 2}, Data[float32](out[0]))
}

func TestResizeShapes(t *testing.T) {
	x := NewTensor(Float32, Shape{1, 3, 4, 6})
	axes, policy := IntsAttr("axes", 3, -2), func(p string) Attr { return StringAttr("keep_aspect_ratio_policy", p) }
	for _, c := range []struct {
		name string
		c    opCase
		want Shape
	}{
		{"axes in their order", resizeCase(x, nil, []float32{2, 0.5}, nil, axes), Shape{1, 3, 2, 12}},
		{"sizes of axes", resizeCase(x, nil, nil, []int{5, 7}, axes), Shape{1, 3, 7, 5}},
		{"not_larger", resizeCase(x, nil, nil, []int{12, 6}, axes, policy("not_larger")), Shape{1, 3, 6, 9}},
		{"not_smaller", resizeCase(x, nil, nil, []int{12, 6}, axes, policy("not_smaller")), Shape{1, 3, 8, 12}},
		{"the product is a float", resizeCase(NewTensor(Float32, Shape{10}), nil, []float32{0.7}, nil), Shape{7}},
		{"no axis", resizeCase(x, nil, []float32{1, 1, 1, 1}, nil), Shape{1, 3, 4, 6}},
		{"empty X", resizeCase(NewTensor(Float32, Shape{0, 4}), nil, []float32{2, 2}, nil), Shape{0, 8}},
		{"empty Y", resizeCase(x, nil, nil, []int{1, 3, 0, 6}, StringAttr("mode", "linear")), Shape{1, 3, 0, 6}},
	} {
		require.Equal(t, c.want, c.c.mustRun(t)[0].Shape(), c.name)
	}
	empty := Of([]float32{}, 0)
	c := opCase{op: "Resize", opset: 11, inputs: []*Tensor{x, empty, empty, OfInts([]int{1, 3, 8, 8})}}
	require.Equal(t, Shape{1, 3, 8, 8}, c.mustRun(t)[0].Shape(), "empty roi and scales, as exporters give")
}

// TestResizeOldNearest: version 10 takes the floor growing, the ceiling shrinking.
func TestResizeOldNearest(t *testing.T) {
	c := opCase{op: "Resize", opset: 10, inputs: []*Tensor{Of([]float32{0, 1, 2, 3, 4}, 5), Of([]float32{0.6}, 1)}}
	require.Equal(t, []float32{0, 2, 4}, Data[float32](c.mustRun(t)[0]))
	c.inputs[1] = Of([]float32{1.5}, 1)
	require.Equal(t, []float32{0, 0, 1, 2, 2, 3, 4}, Data[float32](c.mustRun(t)[0]))
}

func TestUpsample(t *testing.T) {
	x := Of([]float32{1, 2}, 1, 2)
	c := opCase{op: "Upsample", opset: 7, attrs: []Attr{FloatsAttr("scales", 1, 2)}, inputs: []*Tensor{x}}
	require.Equal(t, []float32{1, 1, 2, 2}, Data[float32](c.mustRun(t)[0]))
	c = opCase{op: "Upsample", opset: 9, attrs: []Attr{StringAttr("mode", "linear")}, inputs: []*Tensor{x, Of([]float32{1, 2}, 2)}}
	require.Equal(t, []float32{1, 1.5, 2, 2}, Data[float32](c.mustRun(t)[0]))
	c.inputs[1] = Of([]float32{1, 0.5}, 2)
	c.mustFail(t, "scales[1] is 0.5, want at least 1")
	c.opset = 10
	c.mustFail(t, "Upsample was withdrawn at opset 10, want Resize")
	opCase{op: "Upsample", opset: 7, inputs: []*Tensor{x}}.mustFail(t, "attribute scales is missing")
}

// TestResizeParallel: the bits are the same for any number of threads.
func TestResizeParallel(t *testing.T) {
	rng := rand.New(rand.NewPCG(13, 14))
	x := Of(spreadFloats(rng, 3*67*71), 1, 3, 67, 71)
	for _, attrs := range [][]Attr{
		{StringAttr("mode", "nearest")}, {StringAttr("mode", "linear")}, {StringAttr("mode", "cubic")},
		{StringAttr("mode", "linear"), IntAttr("antialias", 1)},
	} {
		c := resizeCase(x, nil, nil, []int{1, 3, 211, 199}, attrs...)
		want := c.mustRun(t)[0]
		op, in, err := c.build()
		require.NoError(t, err)
		pool := cpu.NewPool(3)
		got := NewTensor(Float32, want.Shape())
		require.NoError(t, op.Run(NewCall(context.Background(), pool), in, []*Tensor{got}))
		pool.Close()
		require.Equal(t, want.Bytes(), got.Bytes(), "%v", attrs)
	}
}

func TestResizeErrors(t *testing.T) {
	x := Of([]float32{1, 2, 3, 4}, 1, 1, 2, 2)
	s, linear, crop := []float32{1, 1, 2, 2}, StringAttr("mode", "linear"), StringAttr("coordinate_transformation_mode", "tf_crop_and_resize")
	resizeCase(x, nil, s, []int{1, 1, 4, 4}).mustFail(t, "scales and sizes together")
	resizeCase(x, nil, nil, nil).mustFail(t, "scales and sizes are both missing or empty")
	resizeCase(x, nil, []float32{1, 1, 0, 2}, nil).mustFail(t, "scale must be positive")
	resizeCase(x, nil, []float32{1, 1, nan32, 2}, nil).mustFail(t, "scales[2] is NaN")
	resizeCase(x, nil, []float32{1, 1, inf32, 2}, nil).mustFail(t, "limit exceeded")
	resizeCase(NewTensor(Float32, Shape{0}), nil, []float32{inf32}, nil).mustFail(t, "limit exceeded")
	resizeCase(x, nil, []float32{1, 1, 1e30, 2}, nil).mustFail(t, "limit exceeded")
	resizeCase(x, nil, []float32{1 << 29, 1 << 29, 1 << 29, 1}, nil).mustFail(t, "limit exceeded")
	resizeCase(x, nil, []float32{2, 2, 2}, nil).mustFail(t, "4 scales wanted")
	resizeCase(x, nil, nil, []int{4, 4}).mustFail(t, "sizes has 2 values, 4 sizes wanted")
	resizeCase(x, nil, nil, []int{1, 1, -4, 4}).mustFail(t, "sizes[2] is -4")
	resizeCase(NewTensor(Float32, Shape{0}), nil, nil, []int{3}).mustFail(t, "axis without elements")
	resizeCase(x, nil, s, nil, IntsAttr("axes", 2, 2)).mustFail(t, "name axis 2 twice")
	resizeCase(x, nil, s, nil, IntsAttr("axes", 4)).mustFail(t, "axis is 4, want one in [-4, 4)")
	resizeCase(x, Of([]float32{0, 1}, 2), s, nil, crop).mustFail(t, "roi has 2 values, want 8")
	resizeCase(x, Of([]float32{0, 0, nan32, 0, 1, 1, 1, 1}, 8), s, nil, crop).mustFail(t, "roi[2] is NaN")
	resizeCase(x, nil, s, nil, IntAttr("antialias", 1)).mustFail(t, "antialias=1 with mode nearest")
	resizeCase(x, nil, s, nil, linear, IntAttr("exclude_outside", 1)).mustFail(t, "exclude_outside=1 with mode linear")
	resizeCase(x, nil, s, nil, StringAttr("mode", "area")).mustFail(t, `attribute mode is "area", want one of`)
	resizeCase(Of([]bool{true}, 1), nil, []float32{2}, nil, linear).mustFail(t, "X is tensor(bool), want one of")
	c := resizeCase(x, nil, s, nil, IntAttr("antialias", 1), linear)
	c.opset = 13
	c.mustFail(t, "attribute antialias=1 is not known to Resize at opset 13")
}

// BenchmarkResize doubles a map of 64 channels of 128 x 128.
func BenchmarkResize(b *testing.B) {
	x := NewTensor(Float32, Shape{1, 64, 128, 128})
	for _, mode := range []string{"nearest", "linear", "cubic"} {
		b.Run(mode, func(b *testing.B) {
			c := resizeCase(x, nil, []float32{1, 1, 2, 2}, nil, StringAttr("mode", mode))
			op, in, err := c.build()
			require.NoError(b, err)
			y := NewTensor(Float32, Shape{1, 64, 256, 256})
			for b.Loop() {
				_ = op.Run(NewCall(context.Background(), nil), in, []*Tensor{y})
			}
		})
	}
}
