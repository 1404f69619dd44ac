package graph

import (
	"slices"

	"github.com/tconv/tconv/ops"
)

// foldPad lets a convolution pad with zeros by itself.
//
//	before: y = Pad(x, pads);  z = Conv(y, W) {pads=p}
//	after:  z = Conv(x, W) {pads=p+pads}
//
// It must not fire when somebody else reads y, when pads are no constants, cut
// something, or pad more than the spatial axes, with another mode or constant than
// zero, or when the convolution chooses its pads itself (auto_pad SAME).
func foldPad(g *Graph) error {
	u := g.uses()
	dead := map[*Node]bool{}
	for _, n := range g.Nodes {
		if !isConv(n) || n.Op != "Conv" || n.input(0) == NoValue || !u.onlyReader(n.input(0)) {
			continue
		}
		pad := u.producer[n.input(0)]
		if pad == nil || dead[pad] || !pad.is("Pad") {
			continue
		}
		added, ok := g.zeroPads(pad)
		if !ok {
			continue
		}
		attrs, ok := addPads(n.Attrs, added)
		if !ok {
			continue
		}
		n.Attrs = attrs
		n.Inputs[0] = pad.Inputs[0]
		if err := g.build(n); err != nil {
			return err
		}
		dead[pad] = true
	}
	g.deleteNodes(dead)
	return nil
}

// zeroPads gives the spatial pads, begins then ends, of a Pad that only adds zeros
// around the spatial axes.
func (g *Graph) zeroPads(n *Node) ([]int, bool) {
	x := g.Value(n.input(0)).Spec
	mode, hasMode := n.attr("mode")
	value, hasValue := n.attr("value")
	if x.DType != ops.Float32 || !x.Shape.Known() || x.Shape.Rank() < 3 || hasMode && mode.S != "constant" || hasValue && value.F != 0 {
		return nil, false
	}
	if n.input(2) != NoValue {
		if c := g.Const(n.input(2)); c == nil || c.Len() != 1 || ops.Data[float32](c)[0] != 0 {
			return nil, false
		}
	}
	if n.input(3) != NoValue || g.Const(n.input(1)) == nil {
		return nil, false
	}
	pads, rank := g.Const(n.input(1)).Ints(), x.Shape.Rank()
	if len(pads) != 2*rank || slices.Min(pads) < 0 || pads[0]+pads[1]+pads[rank]+pads[rank+1] != 0 {
		return nil, false
	}
	return slices.Concat(pads[2:rank], pads[rank+2:]), true
}

// addPads gives the attributes of a convolution with larger pads.
func addPads(attrs []ops.Attr, added []int) ([]ops.Attr, bool) {
	var out []ops.Attr
	for _, a := range attrs {
		switch a.Name {
		case "auto_pad":
			if s := a.S; s != "" && s != "NOTSET" && s != "VALID" {
				return nil, false
			} else if s == "VALID" {
				attrs = slices.DeleteFunc(slices.Clone(attrs), func(a ops.Attr) bool { return a.Name == "pads" })
			}
		case "pads":
			if len(a.Ints) != len(added) {
				return nil, false
			}
		default:
			out = append(out, a)
		}
	}
	for _, a := range attrs {
		if a.Name == "pads" {
			for i, p := range a.Ints {
				added[i] += int(p)
			}
		}
	}
	return append(out, ops.IntsAttr("pads", added...)), true
}
