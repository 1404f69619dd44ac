package ops

import (
	"fmt"
	"math"
	"slices"
)

// HannWindow, HammingWindow, BlackmanWindow: the weights of a window of size elements,
//
//	output[n] = a - b·cos(2πn/N) + c·cos(4πn/N)
//
// with N = size where periodic is 1 (default), else size - 1: a window of one element
// is NaN then, as in onnxruntime.
//
//	           a      b      c
//	Hann       1/2    1/2    0
//	Hamming    25/46  21/46  0
//	Blackman   0.42   0.5    0.08
//
//	size: int32 or int64, one element. output: output_datatype, a number or a half,
//	default float, [size]. Integers are cut off.
//
// https://onnx.ai/onnx/operators/onnx__HannWindow.html, onnx__HammingWindow.html and
// onnx__BlackmanWindow.html (version 17).
type window struct {
	a, b, c  float64
	periodic bool
	dtype    DType
}

func init() {
	for name, w := range map[string]window{
		"HannWindow": {a: 0.5, b: 0.5}, "HammingWindow": {a: 25.0 / 46, b: 21.0 / 46}, "BlackmanWindow": {a: 0.42, b: 0.5, c: 0.08},
	} {
		Register(Def{
			Name: name, Since: 17, Inputs: []string{"size"}, Outputs: []string{"output"},
			New: func(n *Node) (Op, error) {
				o := w
				o.periodic, o.dtype = n.Bool("periodic", true), readOutputDatatype(n)
				return &o, n.Err()
			},
		})
	}
}

// readOutputDatatype reads the attribute output_datatype.
func readOutputDatatype(n *Node) DType {
	d := n.DType("output_datatype", Float32)
	if !d.IsFloat() && !d.IsInteger() {
		n.Fail("output_datatype is %v, want a number", d)
	}
	return d
}

// Infer gives the window its size, if that is known.
func (o *window) Infer(in []Spec) ([]Spec, error) {
	size, known, err := intParameter("size", in, 0)
	if err != nil {
		return nil, err
	}
	if !known {
		return unknownShape(o.dtype)
	}
	if len(size) != 1 || size[0] < 0 {
		return nil, fmt.Errorf("size is %v, want one number, 0 or more", size)
	}
	return one(o.dtype, Shape{size[0]})
}

// Run computes the weights.
func (o *window) Run(c *Call, in, out []*Tensor) error {
	if err := newOutput(c, o, in, out); err != nil {
		return err
	}
	n := float64(out[0].Len())
	if !o.periodic {
		n--
	}
	return storeDraws(c, out[0], func(i int) float64 {
		at := 2 * math.Pi * float64(i) / n
		return o.a - o.b*math.Cos(at) + o.c*math.Cos(2*at)
	})
}

// withOutput gives out with a tensor as output 0 where nobody asked for that one: for
// operators that make their other outputs on the way to it.
func withOutput(c *Call, o Op, in, out []*Tensor) ([]*Tensor, error) {
	if out[0] == nil {
		out = slices.Clone(out)
	}
	return out, newOutput(c, o, in, out)
}

// newOutput allocates output 0 when its shape was not known before the run.
func newOutput(c *Call, o Op, in, out []*Tensor) error {
	if out[0] != nil {
		return nil
	}
	specs, err := o.Infer(specsOf(in))
	if err == nil {
		out[0], err = c.New(specs[0].DType, specs[0].Shape)
	}
	return err
}
