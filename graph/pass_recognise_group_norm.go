package graph

import "github.com/tconv/tconv/ops"

// recogniseGroupNorm puts a group normalization back together that an exporter took apart.
//
//	before: r = Reshape(x, [N, G, -1]);  i = InstanceNormalization(r, scale, B);  b = Reshape(i, [N, C, ...]);
//	        m = Mul(b, gamma);  y = Add(m, beta)
//	after:  y = tconv.GroupNormalization(x, gamma', beta') {num_groups=G}
//
// with gamma'[c] = gamma[c]·scale[g] and beta'[c] = gamma[c]·B[g] + beta[c], computed
// in float64. Multiplication and addition may be missing. It must not fire when
// somebody else reads what lies in between, when scale, B, gamma or beta are no
// constants, or when gamma or beta vary over pixels.
func recogniseGroupNorm(g *Graph) error {
	u := g.uses()
	readers := g.readers()
	dead := map[*Node]bool{}
	for _, n := range g.Nodes {
		if !n.is("InstanceNormalization") || dead[n] {
			continue
		}
		c := groupNormChain{g: g, u: u, readers: readers, norm: n}
		if !c.find() {
			continue
		}
		for _, d := range c.dead {
			dead[d] = true
		}
		if err := c.rewrite(); err != nil {
			return err
		}
	}
	g.deleteNodes(dead)
	return nil
}

// readers lists the nodes that read each value, once per input.
func (g *Graph) readers() [][]*Node {
	readers := make([][]*Node, len(g.Values))
	for _, n := range g.Nodes {
		for id := range given(n.Inputs) {
			readers[id] = append(readers[id], n)
		}
	}
	return readers
}

// groupNormChain is the nodes of one group normalization.
type groupNormChain struct {
	g       *Graph
	u       *uses
	readers [][]*Node

	norm        *Node // InstanceNormalization
	dead        []*Node
	x, y        ValueID
	groups      int
	gamma, beta []float64 // by channel
}

// next gives the only reader of a value that nobody else sees.
func (c *groupNormChain) next(id ValueID) *Node {
	if id == NoValue || !c.u.onlyReader(id) {
		return nil
	}
	return c.readers[id][0]
}

// find follows the chain both ways from the InstanceNormalization.
func (c *groupNormChain) find() bool {
	before := c.u.producer[c.norm.input(0)]
	after := c.next(c.norm.output(0))
	if before == nil || !before.is("Reshape") || c.next(before.output(0)) != c.norm || after == nil || !after.is("Reshape") || after.input(0) != c.norm.output(0) {
		return false
	}
	c.x, c.y = before.input(0), after.output(0)
	if c.y == NoValue || !c.findGroups(c.g.Value(before.output(0)).Spec) {
		return false
	}
	c.dead = []*Node{before, after}
	for _, op := range []string{"Mul", "Add"} {
		n := c.next(c.y)
		if n == nil || !n.is(op) || !c.affine(n) {
			continue
		}
		c.y = n.output(0)
		c.dead = append(c.dead, n)
	}
	return true
}

// findGroups checks shapes and takes scale and B; r is what is normalized.
func (c *groupNormChain) findGroups(r ops.Spec) bool {
	x, y := c.g.Value(c.x).Spec, c.g.Value(c.y).Spec
	if !x.Static() || !r.Static() || !sameShape(x, y) || x.DType != ops.Float32 || x.Shape.Rank() < 3 || r.Shape[0] != x.Shape[0] || x.Shape.Elements() == 0 {
		return false
	}
	channels := x.Shape[1]
	if c.groups = r.Shape[1]; channels%c.groups != 0 {
		return false
	}
	scale, bias := c.g.Const(c.norm.input(1)), c.g.Const(c.norm.input(2))
	if scale == nil || bias == nil {
		return false
	}
	c.gamma, c.beta = make([]float64, channels), make([]float64, channels)
	for i := range channels {
		group := i / (channels / c.groups)
		c.gamma[i], c.beta[i] = float64(ops.Data[float32](scale)[group]), float64(ops.Data[float32](bias)[group])
	}
	return true
}

// affine takes a multiplication by or an addition of one number per channel.
func (c *groupNormChain) affine(n *Node) bool {
	for side := range 2 {
		values := channelValues(c.g.Const(n.input(side)), c.g.Value(c.y).Spec.Shape)
		if n.input(1-side) != c.y || values == nil || n.output(0) == NoValue || !sameShape(c.g.Value(c.y).Spec, c.g.Value(n.output(0)).Spec) {
			continue
		}
		for i, v := range values {
			if n.Op == "Add" {
				c.beta[i] += v
			} else {
				c.gamma[i] *= v
				c.beta[i] *= v
			}
		}
		return true
	}
	return false
}

// channelValues gives a constant that broadcasts along all axes of x but the
// channels, one number per channel; nil where it is none.
func channelValues(t *ops.Tensor, x ops.Shape) []float64 {
	if t == nil || t.DType() != ops.Float32 || t.Shape().Rank() > x.Rank() {
		return nil
	}
	axis := t.Shape().Rank() - (x.Rank() - 1) // of the channels
	for i, d := range t.Shape() {
		if d != 1 && i != axis {
			return nil
		}
	}
	data, out := ops.Data[float32](t), make([]float64, x[1])
	for i := range out {
		out[i] = float64(data[i%len(data)])
	}
	return out
}

// rewrite turns the InstanceNormalization into the whole chain.
func (c *groupNormChain) rewrite() error {
	attrs := []ops.Attr{ops.IntAttr("num_groups", c.groups)}
	if a, ok := c.norm.attr("epsilon"); ok {
		attrs = append(attrs, a)
	}
	name := c.g.Value(c.y).Name
	n := c.norm
	n.Op, n.Domain, n.Opset, n.Attrs = "GroupNormalization", ops.InternalDomain, 1, attrs
	n.Inputs = []ValueID{c.x, c.g.AddConst(name+".gamma", floats32(c.gamma)), c.g.AddConst(name+".beta", floats32(c.beta))}
	n.Outputs = []ValueID{c.y}
	return c.g.build(n)
}

// floats32 rounds numbers to a vector of float32.
func floats32(x []float64) *ops.Tensor {
	out := make([]float32, len(x))
	for i, v := range x {
		out[i] = float32(v)
	}
	return ops.Of(out, len(out))
}
