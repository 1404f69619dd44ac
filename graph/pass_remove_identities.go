package graph

import (
	"slices"

	"github.com/tconv/tconv/ops"
)

// removeIdentities drops nodes that give back what they get, and lets readers
// read the source.
//
//	before: y = Identity(x); z = Relu(y)
//	after:  z = Relu(x)
//
// Such are Identity, Dropout whose mask nobody asks for and which does not train,
// and - once types and shapes are known - Cast to the type that is there, and
// Reshape, Flatten, Squeeze, Unsqueeze, Expand, Slice, Pad, Tile, Transpose and
// Concat of one that change no shape; the latter only where an unchanged shape
// means unchanged elements. A graph output keeps its node when it would become a
// graph input or a constant, so that outputs never alias what the caller gave.
func removeIdentities(g *Graph) error {
	u := g.uses()
	source := map[ValueID]ValueID{}
	follow := func(id ValueID) ValueID {
		if s, ok := source[id]; ok {
			return s
		}
		return id
	}
	g.Nodes = slices.DeleteFunc(g.Nodes, func(n *Node) bool {
		for i, id := range n.Inputs {
			if id != NoValue {
				n.Inputs[i] = follow(id)
			}
		}
		if !g.isIdentity(n, u) {
			return false
		}
		in, out := n.Inputs[0], n.Outputs[0]
		if u.output[out] {
			return false
		}
		source[out] = in
		return true
	})
	return nil
}

// isIdentity reports whether output 0 of n always equals input 0 and is all that
// anybody reads of n.
func (g *Graph) isIdentity(n *Node, u *uses) bool {
	if n.Domain != "" || n.input(0) == NoValue || n.output(0) == NoValue {
		return false
	}
	for _, id := range n.Outputs[1:] {
		if id != NoValue && (u.readers[id] > 0 || u.output[id]) {
			return false
		}
	}
	x, y := g.Value(n.Inputs[0]).Spec, g.Value(n.Outputs[0]).Spec
	if y.DType == ops.Undefined && n.Op != "Identity" && n.Op != "Dropout" {
		return false // nothing is known yet
	}
	switch n.Op {
	case "Identity":
		return true
	case "Dropout":
		return !g.trains(n)
	case "Cast":
		return x.DType == y.DType && x.Static()
	case "Reshape", "Flatten", "Squeeze", "Unsqueeze", "Expand", "Tile":
		return sameShape(x, y)
	case "Concat":
		return len(n.Inputs) == 1
	case "Slice":
		return sameShape(x, y) && g.allPositive(n.input(4))
	case "Pad":
		pads := g.Const(n.input(1))
		return sameShape(x, y) && pads != nil && !slices.ContainsFunc(pads.Ints(), func(p int) bool { return p != 0 })
	case "Transpose":
		perm, ok := n.attr("perm")
		return ok && slices.IsSorted(perm.Ints)
	}
	return false
}

// sameShape reports whether both are known to be tensors of one type and shape.
func sameShape(x, y ops.Spec) bool {
	return x.Static() && y.Static() && x.DType == y.DType && x.Shape.Equal(y.Shape)
}

// allPositive reports whether the steps of a Slice are absent or known to be
// above zero.
func (g *Graph) allPositive(steps ValueID) bool {
	if steps == NoValue {
		return true
	}
	c := g.Const(steps)
	return c != nil && !slices.ContainsFunc(c.Ints(), func(s int) bool { return s <= 0 })
}

// trains reports whether a Dropout node may drop: its training_mode input is not
// known to be false.
func (g *Graph) trains(n *Node) bool {
	id := n.input(2)
	if id == NoValue {
		return false
	}
	mode := g.Const(id)
	return mode == nil || mode.DType() != ops.Bool || mode.Len() != 1 || ops.Data[bool](mode)[0]
}
