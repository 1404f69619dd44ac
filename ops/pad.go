package ops

import (
	"fmt"
)

// Pad: Y is X with elements added to or cut from the ends of its axes.
//
//	data: T, any shape. output: T, out = begin + in + end along each axis.
//	pads: int64, [2·axes]: the begins, then the ends; negative ones cut. An
//	attribute at version 2.
//	constant_value: T, one element, default 0; the attribute value at version 2.
//	axes: int32 or int64, default all (since 18).
//	T: elements of any type of 8 bits or more, and strings.
//
// mode says what is added: constant_value (constant), the mirror image without the
// edge (reflect), the edge (edge), or the axis repeated (wrap, since 19). What
// negative pads cut is cut first. Errors: a reflect pad wider than what is left of
// the axis less 1, anything but a constant for an axis of which nothing is left,
// more cut than there is.
//
// https://onnx.ai/onnx/operators/onnx__Pad.html (versions 2, 11, 13, 18, 19, 21, 23, 24, 25).
type padOp struct {
	mode  string
	value float32 // where constant_value is missing
}

func init() {
	constant := func(n *Node, modes ...string) *padOp {
		return &padOp{mode: n.Str("mode", "constant", append(modes, "constant", "reflect", "edge")...)}
	}
	Register(
		Def{
			Name: "Pad", Since: 2, Inputs: []string{"data"}, Outputs: []string{"output"}, Exact: true,
			New: func(n *Node) (Op, error) {
				o := constant(n)
				o.value = n.Float("value", 0)
				if !n.Has("pads") {
					n.Fail("attribute pads is missing")
				}
				n.ConstInput(1, OfInts(n.Ints("pads")))
				return o, nil
			},
		},
		Def{
			Name: "Pad", Since: 11, Inputs: []string{"data", "pads", "constant_value?"}, Outputs: []string{"output"}, Exact: true,
			New: func(n *Node) (Op, error) { return constant(n), nil },
		},
		Def{
			Name: "Pad", Since: 18, Inputs: []string{"data", "pads", "constant_value?", "axes?"}, Outputs: []string{"output"}, Exact: true,
			New: func(n *Node) (Op, error) {
				if n.Opset >= 19 {
					return constant(n, "wrap"), nil
				}
				return constant(n), nil
			},
		},
	)
}

// padAxis is one axis: what is added and what is cut at its ends.
type padAxis struct{ in, begin, end int }

func (p padAxis) out() int { return p.in + p.begin + p.end }

// kept is how many elements are left after the cuts, from which one on.
func (p padAxis) kept() (first, n int) {
	first = max(0, -p.begin)
	return first, p.in - first - max(0, -p.end)
}

// Infer gives Y its shape, if pads and axes are known.
func (o *padOp) Infer(in []Spec) ([]Spec, error) {
	x := in[0]
	if err := wantDense("data", x); err != nil {
		return nil, err
	}
	if v := input(in, 2); !v.Omitted() {
		if err := wantSameType("data", x, "constant_value", v); err != nil {
			return nil, err
		}
		if v.Shape.Known() && v.Shape.Elements() != 1 {
			return nil, fmt.Errorf("constant_value has shape %v, want one element", v.Shape)
		}
	}
	pads := input(in, 1)
	if err := wantType("pads", pads, Int64); err != nil {
		return nil, err
	}
	axes, known, err := intParameter("axes", in, 3)
	if err != nil {
		return nil, err
	}
	if !known || pads.Const == nil {
		return unknownShape(x.DType)
	}
	p, err := o.plan(x.Shape, pads.Const.Ints(), axes)
	if err != nil {
		return nil, err
	}
	return one(x.DType, paddedShape(p))
}

func paddedShape(p []padAxis) Shape {
	shape := make(Shape, len(p))
	for i := range p {
		shape[i] = p[i].out()
	}
	return shape
}

// plan says what happens at the ends of every axis; nil axes are all.
func (o *padOp) plan(x Shape, pads, axes []int) ([]padAxis, error) {
	p := make([]padAxis, len(x))
	for i, d := range x {
		p[i].in = d
	}
	if axes == nil {
		for i := range x {
			axes = append(axes, i)
		}
	}
	if len(pads) != 2*len(axes) {
		return nil, fmt.Errorf("pads has %d values, want %d: a begin and an end for each of %d axes", len(pads), 2*len(axes), len(axes))
	}
	if _, err := normAxes(axes, len(x)); err != nil {
		return nil, err
	}
	for i, a := range axes {
		if a < 0 {
			a += len(x)
		}
		begin, end := pads[i], pads[len(axes)+i]
		if max(begin, end) > MaxElements/4 || min(begin, end) < -MaxElements/4 {
			return nil, fmt.Errorf("pads %d and %d of axis %d: %w", begin, end, a, ErrLimit)
		}
		p[a].begin, p[a].end = begin, end
		if err := o.check(a, p[a]); err != nil {
			return nil, err
		}
	}
	return p, nil
}

// check refuses pads that the mode cannot fill.
func (o *padOp) check(axis int, p padAxis) error {
	_, left := p.kept()
	added := max(p.begin, p.end)
	switch {
	case p.out() < 0:
		return fmt.Errorf("pads %d and %d cut more than the %d elements of axis %d", p.begin, p.end, p.in, axis)
	case o.mode == "constant" || added <= 0:
		return nil
	case left <= 0:
		return fmt.Errorf("pads %d and %d in mode %s: nothing is left of axis %d, which has %d elements", p.begin, p.end, o.mode, axis, p.in)
	case o.mode == "reflect" && added > left-1:
		return fmt.Errorf("a pad of %d in mode reflect for the %d elements of axis %d, want at most %d", added, left, axis, left-1)
	}
	return nil
}

// source is the element of X from which element i along the axis of Y is taken;
// -1 for constant_value.
func (o *padOp) source(p padAxis, i int) int {
	first, n := p.kept()
	at := i - max(0, p.begin) // counted from the first element that is kept
	if o.mode == "constant" {
		if at = i - p.begin; at < 0 || at >= p.in {
			return -1
		}
		return at
	}
	switch o.mode {
	case "edge":
		at = max(0, min(at, n-1))
	case "wrap":
		if at %= n; at < 0 {
			at += n
		}
	case "reflect":
		if at < 0 {
			at = -at
		}
		if at >= n {
			at = 2*(n-1) - at
		}
	}
	return first + at
}

// Run copies X row by row.
func (o *padOp) Run(c *Call, in, out []*Tensor) error {
	x := in[0]
	var axes []int
	if a := tensorAt(in, 3); a != nil {
		axes = a.Ints()
	}
	p, err := o.plan(x.Shape(), in[1].Ints(), axes)
	if err != nil {
		return err
	}
	if out[0] == nil {
		if out[0], err = c.New(x.DType(), paddedShape(p)); err != nil {
			return err
		}
	}
	value := tensorAt(in, 2)
	if value == nil {
		value = elementOf(x.DType(), float64(o.value))
	}
	y := out[0]
	switch x.DType().Bits() {
	case 0:
		padRows(c, o, p, x.Strings(), y.Strings(), value.Strings()[0])
	case 8:
		padRows(c, o, p, units[uint8](x), units[uint8](y), units[uint8](value)[0])
	case 16:
		padRows(c, o, p, units[uint16](x), units[uint16](y), units[uint16](value)[0])
	case 32:
		padRows(c, o, p, units[uint32](x), units[uint32](y), units[uint32](value)[0])
	case 64:
		padRows(c, o, p, units[uint64](x), units[uint64](y), units[uint64](value)[0])
	case 128:
		padRows(c, o, p, units[[2]uint64](x), units[[2]uint64](y), units[[2]uint64](value)[0])
	}
	return nil
}

// padRows walks Y in rows of the innermost axis that changes; what lies inside it
// is part of the row.
func padRows[T any](c *Call, o *padOp, p []padAxis, x, y []T, value T) {
	if len(y) == 0 {
		return
	}
	if len(p) == 0 {
		copy(y, x)
		return
	}
	last, block := len(p)-1, 1
	for ; last > 0 && p[last].begin == 0 && p[last].end == 0; last-- {
		block *= p[last].in
	}
	outer, strides := make(Shape, last), make([]int, last)
	stride := p[last].in * block
	for k := last - 1; k >= 0; k-- {
		outer[k], strides[k] = p[k].out(), stride
		stride *= p[k].in
	}
	row := p[last].out() * block
	c.Parallel(outer.Elements(), row/4+10, func(lo, hi int) {
		walk := newOdometer(lo, outer)
		for r := lo; r < hi; r++ {
			from := 0
			for k, i := range walk.index {
				s := o.source(p[k], i)
				if s < 0 {
					from = -1
					break
				}
				from += s * strides[k]
			}
			if dst := y[r*row : (r+1)*row]; from < 0 {
				fill(dst, value)
			} else {
				o.padRow(p[last], block, func(to, at, n int) {
					if at < 0 {
						fill(dst[to:to+n], value)
						return
					}
					copy(dst[to:to+n], x[from+at:from+at+n])
				})
			}
			walk.next()
		}
	})
}

// padRow calls move for the pieces of one row: n elements from at on (-1:
// constant_value) go to the place to.
func (o *padOp) padRow(p padAxis, block int, move func(to, at, n int)) {
	first, kept := p.kept()
	before := max(0, p.begin)
	if kept <= 0 {
		before, kept = p.out(), 0
	}
	piece := func(begin, end int) {
		if o.mode == "constant" {
			move(begin*block, -1, (end-begin)*block)
			return
		}
		for i := begin; i < end; i++ {
			move(i*block, o.source(p, i)*block, block)
		}
	}
	piece(0, before)
	if kept > 0 {
		move(before*block, first*block, kept*block)
	}
	piece(before+kept, p.out())
}
