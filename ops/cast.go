package ops

import "fmt"

// Cast: output = input, converted to the element type to, element by element.
// CastLike: to is the type of a second input, whose values do not matter.
//
//	input, output: any type but the complex ones, one shape.
//
// Conversions, and where they lose:
//
//   - to float, double, float16, bfloat16: to nearest, ties to even; the last two
//     by way of float.
//   - float to integer: the fraction is dropped. What does not fit follows one
//     rule on every machine, the one of onnxruntime on amd64: int8, uint8, int16
//     and uint16 are the low bits of the int32; int32 and int64 give their least
//     value; uint32 is the low half of the int64; uint64 is that of an int64 for
//     negative values, 2⁶³ for NaN and 0 from 2⁶⁴ on.
//   - float to 4-bit and 2-bit integers: half away from zero, then the low bits.
//   - integer to integer: the low bits.
//   - to bool: everything but 0 is true, NaN too. From bool: 0 and 1.
//   - to 8-bit and 4-bit floats: see [miniFloat]. saturate (default 1, since
//     version 19) clamps to the largest value what is beyond it.
//   - to float8e8m0: round_mode up (default), down or nearest, since version 24.
//   - to string: integers in decimal; floats with up to 8 digits as C's %.8g, NaN,
//     INF and -INF. From string: a whole number for integers and bool; for floats
//     what C reads, NaN and INF in any case. Any other text is an error.
//
// https://onnx.ai/onnx/operators/onnx__Cast.html (versions 6, 9, 13, 19, 21, 23, 24, 25) and
// onnx__CastLike.html (versions 15, 19, 21, 23, 24, 25).
func init() {
	Register(
		Def{
			Name: "Cast", Since: 6, Inputs: []string{"input"}, Outputs: []string{"output"}, Exact: true,
			New: func(n *Node) (Op, error) {
				if !n.Has("to") {
					n.Fail("attribute to is missing")
				}
				o := newCast(n)
				if o.to = n.DType("to", Float32); castTypes[o.to] == nil {
					n.Unsupported("attribute to is %v, want a type that is not complex", o.to)
				}
				return o, n.Err()
			},
		},
		Def{
			Name: "CastLike", Since: 15, Inputs: []string{"input", "target_type"}, Outputs: []string{"output"}, Exact: true,
			New: func(n *Node) (Op, error) { return newCast(n), n.Err() },
		},
	)
}

// cast is Cast; to is Undefined for CastLike.
type cast struct {
	to DType
	castRules
}

// castRules are the attributes that say how values are brought into narrow types.
type castRules struct {
	saturate bool
	round    string // of float8e8m0: up, down, nearest
}

func newCast(n *Node) *cast {
	o := &cast{castRules: castRules{saturate: true, round: "up"}}
	if n.Opset >= 19 {
		o.saturate = n.Bool("saturate", true)
	}
	if n.Opset >= 24 {
		o.round = n.Str("round_mode", "up", "up", "down", "nearest")
	}
	return o
}

// target is the type of the result.
func (o *cast) target(in []Spec) DType {
	if o.to == Undefined {
		return in[1].DType
	}
	return o.to
}

// Infer keeps the shape.
func (o *cast) Infer(in []Spec) ([]Spec, error) {
	if err := wantAsIs("input", in[0]); err != nil {
		return nil, err
	}
	to := o.target(in)
	if castTypes[in[0].DType] == nil || castTypes[to] == nil {
		return nil, unsupportedf("cast of tensor(%v) to tensor(%v), want types that are not complex", in[0].DType, to)
	}
	return one(to, in[0].Shape)
}

// Share makes a cast to the type that is there a view.
func (o *cast) Share(in []Spec) Needs {
	if in[0].DType == o.target(in) {
		return viewShare()
	}
	return Needs{}
}

// Run converts the elements.
func (o *cast) Run(c *Call, in, out []*Tensor) error {
	x, y := in[0], out[0]
	switch {
	case x.dtype == y.dtype:
		copyElements(c, y, x)
		return nil
	case x.dtype == String:
		return parseStrings(c, y, x, o.castRules)
	}
	from, to := castTypes[x.dtype], castTypes[y.dtype]
	n := x.Len()
	c.Parallel((n+castRun-1)/castRun, castRun*2, func(lo, hi int) {
		var v castValues
		for ; lo < hi; lo++ {
			v.n = min(castRun, n-lo*castRun)
			from.load(x, lo*castRun, &v)
			to.store(y, lo*castRun, &v, o.castRules)
		}
	})
	return nil
}

// castRun is the number of elements that are converted at a time: they stay in the
// first-level cache on the way. A multiple of 8, so that runs of packed types
// start at a byte.
const castRun = 256

// castValues are elements on their way from one type to another, in a form that
// holds every value of the source: reals, signed integers, or unsigned ones.
type castValues struct {
	n     int
	form  castForm
	reals [castRun]float64
	ints  [castRun]int64 // of unsigned ones, their bits
}

type castForm uint8

const (
	castReal castForm = iota
	castSigned
	castUnsigned
)

// castType is how elements of one type enter and leave a cast.
type castType struct {
	// load reads v.n elements of x from element at on and sets v.form.
	load func(x *Tensor, at int, v *castValues)
	// store writes v's elements to y from element at on.
	store func(y *Tensor, at int, v *castValues, rules castRules)
}

// castText says what was found when a text is not a number.
func castText(text string, i int, to DType) error {
	const shown = 64
	if len(text) > shown {
		text = text[:shown]
	}
	return fmt.Errorf("input element %d is %q, want a number of type %v", i, text, to)
}
