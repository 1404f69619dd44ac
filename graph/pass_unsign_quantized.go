package graph

import "github.com/tconv/tconv/ops"

// unsignQuantized makes uint8 of int8 between a Q and the DQ that alone reads it.
//
//	before: q: int8 = QuantizeLinear(x, s, z: int8);       y = DequantizeLinear(q, s, z)
//	after:  q: uint8 = QuantizeLinear(x, s, z+128: uint8); y = DequantizeLinear(q, s, z+128)
//
// y is the same. onnxruntime does so on amd64, where integer products want unsigned
// activations: which groups it then computes in integers, and which in floats, follows
// from the types. A DQ with several readers counts as one for each, as onnxruntime
// splits it.
//
// It must not fire when the caller sees q, when zero points are not constant, differ, or
// are several.
func unsignQuantized(g *Graph) error {
	u, readers := g.uses(), g.readerIndex()
	for _, n := range g.Nodes {
		if !isQuantizer(n, "QuantizeLinear") || n.output(0) == NoValue {
			continue
		}
		id := n.Outputs[0]
		if u.output[id] || len(readers[id]) != 1 {
			continue
		}
		dq := readers[id][0]
		if !isQuantizer(dq, "DequantizeLinear") || dq.Inputs[0] != id || u.sights(dq.Outputs[0]) != 1 {
			continue
		}
		from, okFrom := g.parameters(n)
		to, okTo := g.parameters(dq)
		if !okFrom || !okTo || from.dtype != ops.Int8 || to.dtype != ops.Int8 || !from.scalar {
			continue
		}
		zero := zeroOf(g.Const(from.zero))
		if zero != zeroOf(g.Const(to.zero)) {
			continue
		}
		unsigned := ops.NewTensor(ops.Uint8, g.Const(from.zero).Shape())
		ops.Data[uint8](unsigned)[0] = uint8(zero + 128)
		n.Inputs[2] = g.AddConst(g.Value(from.zero).Name+".unsigned", unsigned)
		dq.Inputs[2] = n.Inputs[2]
		if s := &g.Value(id).Spec; s.DType == ops.Int8 {
			s.DType = ops.Uint8
		}
	}
	return nil
}

// sights counts who sees a value: node inputs, and the caller.
func (u *uses) sights(id ValueID) int {
	if u.output[id] {
		return u.readers[id] + 1
	}
	return u.readers[id]
}
