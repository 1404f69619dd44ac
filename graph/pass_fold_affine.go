package graph

import (
	"math"

	"github.com/tconv/tconv/ops"
)

// foldAffine computes arithmetic with constants into the weights and bias of the
// convolution before it.
//
//	before: y = Conv(x, W, B);  m = Mul(y, s);  z = Add(m, t)
//	after:  z = Conv(x, W·s, B·s + t)
//
// The same for Sub, for Div by a constant, and for ConvTranspose. A constant has one
// element or one for each channel. It must not fire when somebody else reads y, when
// W or B are no constants, or when something would not be finite. Products are
// computed in float64.
func foldAffine(g *Graph) error {
	u := g.uses()
	dead := map[*Node]bool{}
	var folds []*affineFold
	byConv := map[*Node]*affineFold{}
	for _, n := range g.Nodes {
		if !n.is("Mul", "Add", "Sub", "Div") || len(n.Inputs) != 2 || n.output(0) == NoValue {
			continue
		}
		for side, id := range n.Inputs {
			conv := u.producer[id]
			if conv == nil || !conv.is("Conv", "ConvTranspose") || !u.onlyReader(id) {
				continue
			}
			f := byConv[conv]
			if f == nil {
				f = g.newAffineFold(conv)
			}
			if f.join(g, n, side) {
				if byConv[conv] == nil {
					byConv[conv], folds = f, append(folds, f)
				}
				g.takeOutput(conv, n, u)
				dead[n] = true
			}
			break
		}
	}
	// Weights are multiplied once, however many nodes there were.
	for _, f := range folds {
		if !g.scaleConv(f.conv, f.scale, f.shift) {
			panic("BUG: a convolution that was checked cannot be scaled")
		}
	}
	g.deleteNodes(dead)
	return nil
}

// affineFold is scale·y + shift per output channel, y made by conv.
type affineFold struct {
	conv         *Node
	rank         int
	scale, shift []float64 // none where conv does not qualify
}

// newAffineFold is the identity behind conv.
func (g *Graph) newAffineFold(conv *Node) *affineFold {
	f := &affineFold{conv: conv}
	w := g.Const(conv.input(1))
	if w == nil || w.DType() != ops.Float32 || w.Shape().Rank() < 3 {
		return f
	}
	s, group := w.Shape(), int(conv.int("group", 1))
	channels := s[0]
	if conv.Op == "ConvTranspose" {
		if group < 1 || s[0]%group != 0 {
			return f
		}
		channels = s[1] * group
	}
	if _, ok := g.convBias(conv, channels); !ok {
		return f
	}
	f.rank, f.scale, f.shift = s.Rank(), make([]float64, channels), make([]float64, channels)
	for i := range f.scale {
		f.scale[i] = 1
	}
	return f
}

// join continues with n, one side of which is what f gives. It reports false, and
// changes nothing, where it cannot.
func (f *affineFold) join(g *Graph, n *Node, side int) bool {
	constants, ok := channelConstants(g.Const(n.Inputs[1-side]), f.rank, len(f.scale))
	if !ok || n.Op == "Div" && side == 1 {
		return false
	}
	for i := range f.scale {
		s, t := f.after(n, side, i, float64(constants[i%len(constants)]))
		// Within this range no product of it with a usual weight leaves that of float32.
		if !(math.Abs(s) <= 1e18) || !(math.Abs(t) <= 1e18) {
			return false
		}
	}
	for i := range f.scale {
		f.scale[i], f.shift[i] = f.after(n, side, i, float64(constants[i%len(constants)]))
	}
	return true
}

// after gives scale and shift of channel i after n with the constant c.
func (f *affineFold) after(n *Node, side, i int, c float64) (scale, shift float64) {
	scale, shift = f.scale[i], f.shift[i]
	switch {
	case n.Op == "Mul":
		return scale * c, shift * c
	case n.Op == "Div":
		return scale / c, shift / c
	case n.Op == "Add":
		return scale, shift + c
	case side == 0:
		return scale, shift - c
	}
	return -scale, c - shift
}

// channelConstants gives the elements of a constant that has one, or one for each
// channel of values of that rank.
func channelConstants(c *ops.Tensor, rank, channels int) ([]float32, bool) {
	if c == nil || c.DType() != ops.Float32 || c.Shape().Rank() > rank || channels < 1 {
		return nil, false
	}
	for i, d := range c.Shape() {
		axis := rank - c.Shape().Rank() + i
		if d != 1 && (axis != 1 || d != channels) {
			return nil, false
		}
	}
	return ops.Data[float32](c), true
}
