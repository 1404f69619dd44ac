package graph

import "github.com/tconv/tconv/ops"

// recogniseGlobalPool makes a reduction over all pixels the pooling that it is: exporters write adaptive pooling to one
// pixel either way, and the poolings have kernels for channel blocks.
//
//	before: y = ReduceMean(x, [2, 3]) {keepdims=1}        x: float [N, C, H, W], y: [N, C, 1, 1]
//	after:  y = GlobalAveragePool(x)
//
// ReduceMax becomes GlobalMaxPool likewise, and so do one and three spatial axes. The shapes tell which axes are reduced:
// over one of a single element a mean is what it was. It must not fire when samples or channels are reduced, when some
// pixels stay apart, or over no pixels.
func recogniseGlobalPool(g *Graph) error {
	pools := map[string]string{"ReduceMean": "GlobalAveragePool", "ReduceMax": "GlobalMaxPool"}
	for _, n := range g.Nodes {
		if pool := pools[n.Op]; pool != "" && n.Domain == "" && g.reducesPixels(n) {
			n.Op, n.Attrs, n.Inputs = pool, nil, n.Inputs[:1]
			if err := g.build(n); err != nil {
				return err
			}
		}
	}
	return nil
}

// reducesPixels reports whether a reduction leaves one pixel of each channel of floats, and all axes.
func (g *Graph) reducesPixels(n *Node) bool {
	if n.input(0) == NoValue || n.output(0) == NoValue {
		return false
	}
	x, y := g.Value(n.input(0)).Spec, g.Value(n.output(0)).Spec
	if !ops.Blockable(x) || !y.Static() || y.Shape.Rank() != x.Shape.Rank() || x.Shape.Elements() == 0 {
		return false
	}
	return x.Shape[0] == y.Shape[0] && x.Shape[1] == y.Shape[1] && y.Shape.Elements() == y.Shape[0]*y.Shape[1]
}
