package ops

import "fmt"

// BitCast: output = the bits of input, read as elements of type to, which are as wide.
//
//	input: any type but strings. output: to, the same shape.
//
// https://onnx.ai/onnx/operators/onnx__BitCast.html (version 26).
func init() {
	Register(Def{
		Name: "BitCast", Since: 26, Inputs: []string{"input"}, Outputs: []string{"output"}, Exact: true,
		New: func(n *Node) (Op, error) {
			if !n.Has("to") {
				n.Fail("attribute to is missing")
			}
			return bitCast{n.DType("to", Undefined)}, n.Err()
		},
	})
}

type bitCast struct {
	to DType
}

// Infer keeps the shape.
func (o bitCast) Infer(in []Spec) ([]Spec, error) {
	from := in[0].DType
	if err := wantAsIs("input", in[0]); err != nil {
		return nil, err
	}
	if from == String || o.to == String || from.Bits() != o.to.Bits() {
		return nil, fmt.Errorf("input is tensor(%v) and to is %v, want types of one width", from, o.to)
	}
	return one(o.to, in[0].Shape)
}

// Run copies the bits; a byte that is neither 0 nor 1 is the bool true.
func (o bitCast) Run(c *Call, in, out []*Tensor) error {
	copyElements(c, out[0], in[0])
	if o.to == Bool {
		for i, b := range out[0].Bytes() {
			out[0].Bytes()[i] = min(b, 1)
		}
	}
	return nil
}
