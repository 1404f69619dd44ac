package graph

import "github.com/tconv/tconv/ops"

// orderQuantizedConv gives a convolution of dequantised values whose result is
// quantised the order of sums that onnxruntime has.
//
//	before: q = QuantizeLinear(Conv(DequantizeLinear(x), w, b))
//	after:  q = QuantizeLinear(tconv.ConvInBlocks(DequantizeLinear(x), w, b))
//
// These are the convolutions that fuseQuantized left on floats. One activation,
// normalization or product with a constant may stand before the Q. It must not fire
// for other results: sums in blocks are slower.
func orderQuantizedConv(g *Graph) error {
	u, readers := g.uses(), g.readerIndex()
	for _, n := range g.Nodes {
		if !n.is("Conv") || n.output(0) == NoValue || !isQuantizer(u.producer[n.input(0)], "DequantizeLinear") ||
			g.Value(n.Inputs[0]).Spec.DType != ops.Float32 || !g.getsQuantized(readers, n.Outputs[0], 1) {
			continue
		}
		n.Op, n.Domain, n.Opset = "ConvInBlocks", ops.InternalDomain, 1
		if err := g.build(n); err != nil {
			return n.at(err)
		}
	}
	return nil
}

// getsQuantized reports whether a Q reads the value, or what an operator makes of it
// element by element.
func (g *Graph) getsQuantized(readers [][]*Node, id ValueID, between int) bool {
	for _, n := range readers[id] {
		if isQuantizer(n, "QuantizeLinear") {
			return true
		}
		if between > 0 && n.output(0) != NoValue && n.is("Relu", "PRelu", "LeakyRelu", "Clip", "Sigmoid", "Tanh", "HardSwish", "BatchNormalization", "Mul", "Add") &&
			g.getsQuantized(readers, n.Outputs[0], between-1) {
			return true
		}
	}
	return false
}
