package graph

import (
	"math"
)

// dropQuantizedClip drops a Relu or Clip whose bounds the quantisation behind it has
// anyway.
//
//	before: y = Relu(x); q = QuantizeLinear(y, scale, 0: uint8)
//	after:  q = QuantizeLinear(x, scale, 0: uint8)
//
// It must not fire when somebody else reads y, when a bound lies inside the range of
// q, or when bounds or scales are no constants.
func dropQuantizedClip(g *Graph) error {
	u, readers := g.uses(), g.readerIndex()
	dead := map[*Node]bool{}
	for _, n := range g.Nodes {
		if !n.is("Relu", "Clip") || n.input(0) == NoValue {
			continue
		}
		q, ok := g.quantizedOutput(u, readers, n)
		if !ok || !q.isBytes() {
			continue
		}
		least, most := float32(0), float32(math.MaxFloat32)
		if n.Op == "Clip" {
			lo, okLo := g.clipBound(n, 1, -math.MaxFloat32)
			hi, okHi := g.clipBound(n, 2, math.MaxFloat32)
			if !okLo || !okHi {
				continue
			}
			least, most = lo, hi
		}
		if lo, hi := g.realRange(q); !(least <= lo && most >= hi) {
			continue
		}
		q.node.Inputs[0] = n.Inputs[0]
		dead[n] = true
	}
	g.deleteNodes(dead)
	return nil
}
