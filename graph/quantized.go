package graph

import "github.com/tconv/tconv/ops"

// This file finds the parts of quantised models: QuantizeLinear (Q) and
// DequantizeLinear (DQ) nodes around operators on floats.

// quantized is a quantised value with its parameters: what a DQ reads or a Q writes.
type quantized struct {
	node               *Node // the DQ or Q
	value, scale, zero ValueID
	dtype              ops.DType
	axis               int  // of scales, where there are several
	scalar             bool // one scale for all
}

// isQuantizer reports whether n is QuantizeLinear, or DequantizeLinear, of the default
// domain or of com.microsoft.
func isQuantizer(n *Node, op string) bool {
	return n != nil && n.Op == op && (n.Domain == "" || n.Domain == ops.MicrosoftDomain)
}

// parameters reads the scale and the zero point of a Q or DQ, which must be constant:
// floats without blocks.
func (g *Graph) parameters(n *Node) (q quantized, ok bool) {
	scale, zero := g.Const(n.input(1)), g.Const(n.input(2))
	if scale == nil || zero == nil || scale.DType() != ops.Float32 || scale.Len() != zero.Len() {
		return q, false
	}
	if block, has := n.attr("block_size"); has && block.I != 0 {
		return q, false
	}
	q = quantized{node: n, scale: n.input(1), zero: n.input(2), dtype: zero.DType(), axis: 1, scalar: scale.Len() == 1}
	if a, has := n.attr("axis"); has {
		q.axis = int(a.I)
	}
	return q, true
}

// dequantized finds the DQ that makes a value.
func (g *Graph) dequantized(u *uses, id ValueID) (quantized, bool) {
	if id == NoValue || !isQuantizer(u.producer[id], "DequantizeLinear") {
		return quantized{}, false
	}
	n := u.producer[id]
	if t, has := n.attr("output_dtype"); has && t.I != 0 && ops.DType(t.I) != ops.Float32 {
		return quantized{}, false
	}
	q, ok := g.parameters(n)
	q.value = n.Inputs[0]
	return q, ok
}

// readerIndex lists the nodes that read each value, once for each input.
func (g *Graph) readerIndex() [][]*Node {
	index := make([][]*Node, len(g.Values))
	for _, n := range g.Nodes {
		for id := range given(n.Inputs) {
			index[id] = append(index[id], n)
		}
	}
	return index
}

// quantizedOutput finds the Q that alone reads output 0 of n, where n has no other
// outputs and the caller does not see it.
func (g *Graph) quantizedOutput(u *uses, readers [][]*Node, n *Node) (quantized, bool) {
	for _, id := range n.Outputs[min(1, len(n.Outputs)):] {
		if id != NoValue && (u.readers[id] > 0 || u.output[id]) {
			return quantized{}, false
		}
	}
	id := n.output(0)
	if id == NoValue || u.output[id] || len(readers[id]) != 1 {
		return quantized{}, false
	}
	q := readers[id][0]
	if !isQuantizer(q, "QuantizeLinear") || q.Inputs[0] != id {
		return quantized{}, false
	}
	out, ok := g.parameters(q)
	out.value = q.Outputs[0]
	return out, ok
}

// realRange is the range of reals that a scalar Q does not saturate.
func (g *Graph) realRange(q quantized) (lo, hi float32) {
	least, most := ops.IntegerRange(q.dtype)
	scale, zero := ops.Data[float32](g.Const(q.scale))[0], zeroOf(g.Const(q.zero))
	return float32(least-zero) * scale, float32(most-zero) * scale
}

// zeroOf reads a zero point of 8 bits.
func zeroOf(t *ops.Tensor) int32 {
	if t.DType() == ops.Int8 {
		return int32(ops.Data[int8](t)[0])
	}
	return int32(ops.Data[uint8](t)[0])
}

// isBytes reports whether values are quantised to 8 bits with one scale.
func (q quantized) isBytes() bool {
	return q.scalar && (q.dtype == ops.Uint8 || q.dtype == ops.Int8)
}
