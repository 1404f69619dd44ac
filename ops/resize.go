package ops

import (
	"fmt"
	"math"
	"slices"
)

// Resize: Y is X with some of its axes stretched or shrunk by interpolation.
//
//	X: T1, any shape. Y: T1, the rank of X, out = floor(in · scale) or as sizes says.
//	roi: float or double, [2·axes] starts then ends, for tf_crop_and_resize alone.
//	scales: float, one per axis (of axes, where that is given).
//	sizes: int64, likewise; one of scales and sizes is given, the other is missing
//	or empty.
//	T1: nearest moves elements of any type; linear and cubic compute with float,
//	double and integers. Integers are truncated as onnxruntime does (linear), or
//	rounded to the nearest even (cubic) and to the nearest (antialias), saturating.
//
// Each axis has its own table of source indices and weights (resize_axis.go); Y is
// their tensor product, so the operator is separable. Axes whose scale is 1 keep
// their elements whatever the mode, except where roi crops them.
//
// align_corners divides by the length that the scale asks for, scale · in, also
// where that is no whole number, as the ONNX test suite does. keep_aspect_ratio_policy
// applies to sizes. Errors: not exactly one of scales and sizes, a wrong number of
// values, a scale or a size that is not positive, sizes for an axis without elements.
//
// https://onnx.ai/onnx/operators/onnx__Resize.html (versions 10, 11, 13, 18, 19).
// Version 10 (and Upsample) maps asymmetrically; its nearest takes the floor when
// growing and the ceiling when shrinking, as onnxruntime does.
type resizeOp struct {
	mode        string // nearest, linear, cubic
	coordinates string // coordinate_transformation_mode
	nearest     string // nearest_mode; "simple" is version 10's
	policy      string // keep_aspect_ratio_policy
	axes        []int  // nil: all
	cubicA      float32
	extra       float32 // extrapolation_value
	exclude     bool    // exclude_outside
	antialias   bool
	leastScale  float32 // 1 for Upsample, else 0, which itself is excluded
	inputs      resizeInputs
}

// resizeInputs says where a version has its inputs, [noInput] where it has none.
type resizeInputs struct{ roi, scales, sizes int }

func init() {
	Register(
		Def{
			Name: "Resize", Since: 10, Inputs: []string{"X", "scales"}, Outputs: []string{"Y"},
			New: func(n *Node) (Op, error) {
				return &resizeOp{
					mode: n.Str("mode", "nearest", "nearest", "linear"), coordinates: "asymmetric", nearest: "simple",
					policy: "stretch", inputs: resizeInputs{roi: noInput, scales: 1, sizes: noInput},
				}, nil
			},
		},
		Def{
			Name: "Resize", Since: 11, Inputs: []string{"X", "roi?", "scales?", "sizes?"}, Outputs: []string{"Y"},
			New: newResize,
		},
	)
}

// newResize reads the attributes of version 11 and later.
func newResize(n *Node) (Op, error) {
	o := &resizeOp{
		mode: n.Str("mode", "nearest", "nearest", "linear", "cubic"),
		coordinates: n.Str("coordinate_transformation_mode", "half_pixel", "half_pixel", "pytorch_half_pixel",
			"align_corners", "asymmetric", "tf_half_pixel_for_nn", "tf_crop_and_resize", "half_pixel_symmetric"),
		nearest: n.Str("nearest_mode", "round_prefer_floor", "round_prefer_floor", "round_prefer_ceil", "floor", "ceil"),
		policy:  "stretch",
		cubicA:  n.Float("cubic_coeff_a", -0.75),
		extra:   n.Float("extrapolation_value", 0),
		exclude: n.Bool("exclude_outside", false),
		inputs:  resizeInputs{roi: 1, scales: 2, sizes: 3},
	}
	if n.Opset >= 18 {
		o.policy = n.Str("keep_aspect_ratio_policy", o.policy, "stretch", "not_larger", "not_smaller")
		o.axes = n.Ints("axes")
		o.antialias = n.Bool("antialias", false)
	}
	if o.antialias && o.mode == "nearest" {
		n.Fail("antialias=1 with mode nearest, want linear or cubic")
	}
	if o.exclude && o.mode != "cubic" && !o.antialias {
		n.Fail("exclude_outside=1 with mode %s, want cubic, or antialias=1", o.mode)
	}
	return o, nil
}

// Infer gives Y its shape, if the values of scales or sizes are known.
func (o *resizeOp) Infer(in []Spec) ([]Spec, error) {
	if o.mode != "nearest" {
		if err := wantType("X", in[0], sortedTypes(interpolators)...); err != nil {
			return nil, err
		}
	} else if err := wantDense("X", in[0]); err != nil {
		return nil, err
	}
	if err := o.checkInputs(in); err != nil {
		return nil, err
	}
	scales, sizes := input(in, o.inputs.scales), input(in, o.inputs.sizes)
	if given(scales) && scales.Const == nil || given(sizes) && sizes.Const == nil || !in[0].Shape.Known() {
		return unknownShape(in[0].DType)
	}
	p, err := o.plan(in[0].Shape, nil, scales.Const, sizes.Const)
	if err != nil {
		return nil, err
	}
	shape := make(Shape, len(p))
	for i := range p {
		shape[i] = p[i].out
	}
	return one(in[0].DType, shape)
}

// checkInputs checks what types and shapes alone can tell.
func (o *resizeOp) checkInputs(in []Spec) error {
	roi, scales, sizes := input(in, o.inputs.roi), input(in, o.inputs.scales), input(in, o.inputs.sizes)
	switch {
	case given(scales) && given(sizes):
		return fmt.Errorf("scales and sizes together, want only one of them")
	case !given(scales) && !given(sizes):
		return fmt.Errorf("scales and sizes are both missing or empty, want one of them")
	case given(scales) && scales.DType != Float32:
		return wantType("scales", scales, Float32)
	case given(sizes) && sizes.DType != Int64:
		return wantType("sizes", sizes, Int64)
	case o.needsRoi() && given(roi):
		return wantType("roi", roi, Float32, Float64)
	}
	return nil
}

func (o *resizeOp) needsRoi() bool { return o.coordinates == "tf_crop_and_resize" }

// noInput stands for the index of an input that a version does not have.
const noInput = math.MaxInt

// tensorAt is input i, or nil.
func tensorAt(in []*Tensor, i int) *Tensor {
	if i >= len(in) {
		return nil
	}
	return in[i]
}

// given reports whether an optional input is there and not empty: exporters emit
// empty roi and scales at versions 11 and 12.
func given(s Spec) bool { return !s.Omitted() && !slices.Contains(s.Shape, 0) }

// axisPlan is what happens to one axis.
type axisPlan struct {
	in, out    int
	scale      float32
	sized      bool    // the scale is out / in
	start, end float32 // of the region of interest, in units of in - 1
	joins      bool    // is interpolated even when no element moves
}

// moves reports whether elements of the axis change their places at all.
func (p *axisPlan) moves() bool { return p.scale != 1 || p.out != p.in || p.start != 0 || p.end != 1 }

// resized reports whether the axis takes part in the interpolation.
func (p *axisPlan) resized() bool { return p.joins || p.moves() }

// plan finds the extent of every axis of Y and how it is mapped to X's.
func (o *resizeOp) plan(x Shape, roi, scales, sizes *Tensor) ([]axisPlan, error) {
	axes, err := o.resizedAxes(len(x))
	if err != nil {
		return nil, err
	}
	p := make([]axisPlan, len(x))
	for i, d := range x {
		p[i] = axisPlan{in: d, out: d, scale: 1, end: 1}
	}
	if err := o.planRoi(p, axes, roi); err != nil {
		return nil, err
	}
	if scales != nil && scales.Len() > 0 {
		return p, o.planScales(p, axes, Data[float32](scales))
	}
	if err := o.planSizes(p, axes, sizes.Ints()); err != nil {
		return nil, err
	}
	return p, o.keepAspectRatio(p, axes)
}

// resizedAxes is the attribute axes, counted from the front, or all axes. Their
// order is that of the values in roi, scales and sizes.
func (o *resizeOp) resizedAxes(rank int) ([]int, error) {
	var axes []int
	if o.axes == nil {
		for i := range rank {
			axes = append(axes, i)
		}
		return axes, nil
	}
	for _, a := range o.axes {
		n, err := normAxis(a, rank)
		if err != nil {
			return nil, err
		}
		if slices.Contains(axes, n) {
			return nil, fmt.Errorf("axes %v name axis %d twice", o.axes, n)
		}
		axes = append(axes, n)
	}
	return axes, nil
}

func (o *resizeOp) planRoi(p []axisPlan, axes []int, roi *Tensor) error {
	if !o.needsRoi() || roi == nil || roi.Len() == 0 {
		return nil
	}
	if roi.Len() != 2*len(axes) {
		return fmt.Errorf("roi has %d values, want %d: a start and an end for each of %d axes", roi.Len(), 2*len(axes), len(axes))
	}
	for i, v := range floats64(roi) {
		if v != v || math.Abs(v) > math.MaxFloat32 {
			return fmt.Errorf("roi[%d] is %v, want a finite number", i, v)
		}
		if a := axes[i%len(axes)]; i < len(axes) {
			p[a].start = float32(v)
		} else {
			p[a].end = float32(v)
		}
	}
	return nil
}

func (o *resizeOp) planScales(p []axisPlan, axes []int, scales []float32) error {
	if len(scales) != len(axes) {
		return fmt.Errorf("scales has %d values, %d scales wanted, one per axis", len(scales), len(axes))
	}
	for i, s := range scales {
		switch {
		case !(s > 0):
			return fmt.Errorf("scales[%d] is %v: scale must be positive", i, s)
		case s < o.leastScale:
			return fmt.Errorf("scales[%d] is %v, want at least %v", i, s, o.leastScale)
		}
		a := &p[axes[i]]
		// The product is a float's, as in onnxruntime: 10 times the float 0.7 is 7.
		out := float64(float32(a.in) * s)
		if !(out <= math.MaxInt32) {
			return fmt.Errorf("scales[%d] is %v, which makes %d elements to %v: %w", i, s, a.in, out, ErrLimit)
		}
		a.scale, a.out = s, int(out)
	}
	return nil
}

func (o *resizeOp) planSizes(p []axisPlan, axes, sizes []int) error {
	if len(sizes) != len(axes) {
		return fmt.Errorf("sizes has %d values, %d sizes wanted, one per axis", len(sizes), len(axes))
	}
	for i, n := range sizes {
		a := &p[axes[i]]
		switch {
		case n < 0:
			return fmt.Errorf("sizes[%d] is %d, want 0 or more", i, n)
		case n > math.MaxInt32:
			return fmt.Errorf("sizes[%d] is %d, want at most %d: %w", i, n, math.MaxInt32, ErrLimit)
		case a.in == 0 && n > 0:
			return fmt.Errorf("sizes[%d] is %d for an axis without elements, want 0", i, n)
		case n != a.in:
			a.scale, a.out, a.sized = float32(n)/float32(a.in), n, true
		}
	}
	return nil
}

// keepAspectRatio takes the same scale for all axes, the least or the largest that
// sizes asks for.
func (o *resizeOp) keepAspectRatio(p []axisPlan, axes []int) error {
	if o.policy == "stretch" || len(axes) == 0 {
		return nil
	}
	scale := p[axes[0]].scale
	for _, a := range axes[1:] {
		if o.policy == "not_larger" {
			scale = min(scale, p[a].scale)
		} else {
			scale = max(scale, p[a].scale)
		}
	}
	for _, a := range axes {
		out := math.Round(float64(scale * float32(p[a].in)))
		if out > math.MaxInt32 {
			return fmt.Errorf("sizes make %d elements to %v: %w", p[a].in, out, ErrLimit)
		}
		p[a].scale, p[a].out, p[a].sized = scale, int(out), false
	}
	return nil
}

// floats64 gives the elements of a float or double tensor.
func floats64(t *Tensor) []float64 {
	if t.DType() == Float64 {
		return Data[float64](t)
	}
	src := Data[float32](t)
	out := make([]float64, len(src))
	for i, v := range src {
		out[i] = float64(v)
	}
	return out
}

// Run computes Y.
func (o *resizeOp) Run(c *Call, in, out []*Tensor) error {
	x := in[0]
	p, err := o.plan(x.Shape(), tensorAt(in, o.inputs.roi), tensorAt(in, o.inputs.scales), tensorAt(in, o.inputs.sizes))
	if err != nil {
		return err
	}
	if out[0] == nil {
		shape := make(Shape, len(p))
		for i := range p {
			shape[i] = p[i].out
		}
		if out[0], err = c.New(x.DType(), shape); err != nil {
			return err
		}
	}
	if out[0].Len() == 0 {
		return nil
	}
	if !slices.ContainsFunc(p, func(a axisPlan) bool { return a.resized() }) {
		copyElements(c, out[0], x)
		return nil
	}
	switch {
	case o.mode == "nearest":
		return o.runNearest(c, p, x, out[0])
	case o.antialias:
		return interpolators[x.DType()].antialias(o, c, p, x, out[0])
	}
	return interpolators[x.DType()].plain(o, c, p, x, out[0])
}
