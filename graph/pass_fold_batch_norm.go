package graph

import (
	"math"

	"github.com/tconv/tconv/ops"
)

// foldBatchNorm multiplies a BatchNormalization with constant parameters into the
// weights and bias of the convolution before it.
//
//	before: y = Conv(x, W, B);  z = BatchNormalization(y, scale, bias, mean, var)
//	after:  z = Conv(x, W·s, (B - mean)·s + bias)   with s = scale / sqrt(var + epsilon)
//
// The same for ConvTranspose, whose output channels are axis 1 of W, by group.
// It must not fire when somebody else reads y, when W or B are no constants, or
// when the BatchNormalization trains. Products are computed in float64.
func foldBatchNorm(g *Graph) error {
	u := g.uses()
	dead := map[*Node]bool{}
	for _, n := range g.Nodes {
		if !n.is("BatchNormalization") {
			continue
		}
		conv := u.producer[n.input(0)]
		if conv == nil || dead[conv] || !conv.is("Conv", "ConvTranspose") || !u.onlyReader(n.input(0)) {
			continue
		}
		scale, shift, ok := g.affine(n)
		if !ok {
			continue
		}
		if folded := g.scaleConv(conv, scale, shift); folded {
			conv.Outputs[0] = n.Outputs[0]
			u.producer[n.Outputs[0]] = conv
			dead[n] = true
		}
	}
	g.deleteNodes(dead)
	return nil
}

// deleteNodes removes the nodes of a set.
func (g *Graph) deleteNodes(dead map[*Node]bool) {
	kept := g.Nodes[:0]
	for _, n := range g.Nodes {
		if !dead[n] {
			kept = append(kept, n)
		}
	}
	g.Nodes = kept
}

// affine gives a BatchNormalization node as y = scale·x + shift per channel.
func (g *Graph) affine(n *Node) (scale, shift []float64, ok bool) {
	for _, name := range []string{"training_mode", "spatial", "is_test"} {
		if a, has := n.attr(name); has && (name == "training_mode") == (a.I != 0) {
			return nil, nil, false
		}
	}
	var p [4][]float32 // scale, B, mean, var
	for i := range p {
		c := g.Const(n.input(1 + i))
		if c == nil || c.DType() != ops.Float32 {
			return nil, nil, false
		}
		p[i] = ops.Data[float32](c)
		if len(p[i]) != len(p[0]) {
			return nil, nil, false
		}
	}
	for i := 1; i < len(n.Outputs); i++ {
		if n.Outputs[i] != NoValue {
			return nil, nil, false
		}
	}
	epsilon := float32(1e-5)
	if a, has := n.attr("epsilon"); has {
		epsilon = a.F
	}
	for i := range p[0] {
		s := float64(p[0][i]) / math.Sqrt(float64(p[3][i])+float64(epsilon))
		scale = append(scale, s)
		shift = append(shift, float64(p[1][i])-float64(p[2][i])*s)
	}
	return scale, shift, true
}

// scaleConv makes conv compute scale·conv(x) + shift per output channel. It
// reports false, and changes nothing, where the parts do not fit.
func (g *Graph) scaleConv(conv *Node, scale, shift []float64) bool {
	w := g.Const(conv.input(1))
	if w == nil || w.DType() != ops.Float32 || w.Shape().Rank() < 3 {
		return false
	}
	bias, ok := g.convBias(conv, len(scale))
	if !ok {
		return false
	}
	scaled, ok := scaleWeights(w, conv, scale)
	if !ok {
		return false
	}
	for i := range bias {
		bias[i] = float32(float64(bias[i])*scale[i] + shift[i])
	}
	for len(conv.Inputs) < 3 {
		conv.Inputs = append(conv.Inputs, NoValue)
	}
	name := g.Value(conv.Inputs[1]).Name
	conv.Inputs[1] = g.AddConst(name+".scaled", scaled)
	conv.Inputs[2] = g.AddConst(name+".bias", ops.Of(bias, len(bias)))
	return true
}

// convBias gives a copy of the bias, or zeros where there is none.
func (g *Graph) convBias(conv *Node, channels int) ([]float32, bool) {
	out := make([]float32, channels)
	id := conv.input(2)
	if id == NoValue {
		return out, true
	}
	b := g.Const(id)
	if b == nil || b.DType() != ops.Float32 || b.Len() != channels {
		return nil, false
	}
	copy(out, ops.Data[float32](b))
	return out, true
}

// scaleWeights gives weights whose output channel m is multiplied by scale[m].
//
//	Conv:          W is [M, C/group, k...]: channel m is the row m
//	ConvTranspose: W is [C, M/group, k...]: rows of group g hold the channels
//	               g·M/group to (g+1)·M/group
func scaleWeights(w *ops.Tensor, conv *Node, scale []float64) (*ops.Tensor, bool) {
	s := w.Shape()
	group := 1
	if a, ok := conv.attr("group"); ok {
		group = int(a.I)
	}
	if conv.Op == "Conv" {
		if s[0] != len(scale) {
			return nil, false
		}
		return w.Derive(func(out *ops.Tensor) {
			data := ops.Data[float32](out)
			scaleRows(data, len(data)/max(1, s[0]), func(row int) float64 { return scale[row] })
		}), true
	}
	if group < 1 || s[0]%group != 0 || s[1]*group != len(scale) {
		return nil, false
	}
	perGroup := max(1, s[0]/group)
	return w.Derive(func(out *ops.Tensor) {
		data := ops.Data[float32](out)
		scaleRows(data, len(data)/max(1, s[0]*s[1]), func(row int) float64 {
			c, m := row/s[1], row%s[1]
			return scale[c/perGroup*s[1]+m]
		})
	}), true
}

// scaleRows multiplies each run of n values by the factor of its number.
func scaleRows(data []float32, n int, factor func(row int) float64) {
	for row := 0; n > 0 && (row+1)*n <= len(data); row++ {
		f := factor(row)
		for i := row * n; i < (row+1)*n; i++ {
			data[i] = float32(float64(data[i]) * f)
		}
	}
}
