package graph

import (
	"math"

	"github.com/tconv/tconv/ops"
)

// recogniseGates puts together activations that exporters write as a product of x
// with a function of x.
//
//	before: s = Sigmoid(x);  y = Mul(x, s)
//	after:  y = Swish(x)
//
// In all:
//
//	x · Sigmoid(k · x)                                   Swish of alpha k
//	x · HardSigmoid(x) of alpha 1/6                      HardSwish
//	x · Clip(x + 3, 0, 6) / 6                            HardSwish
//	Clip(x + 3, 0, 6) / 6                                HardSigmoid of alpha 1/6
//	x · (1 + Erf(x / √2)) / 2                            Gelu
//	x · (1 + Tanh(√(2/π) · (x + 0.044715 · x³))) / 2     Gelu by tanh
//	x · Tanh(Softplus(x))                                Mish
//
// Factors and constants may come in any order, divided or multiplied by. It must
// not fire when somebody else reads the function of x, or when a constant makes y
// larger than x.
func recogniseGates(g *Graph) error {
	m := &gateMatcher{g: g, u: g.uses()}
	for _, n := range g.Nodes {
		if !n.is("Mul", "Div") || len(n.Inputs) != 2 || n.output(0) == NoValue {
			continue
		}
		gate, ok := m.match(n)
		if !ok {
			continue
		}
		n.Op, n.Opset, n.Attrs, n.Inputs = gate.op, gate.opset, gate.attrs, []ValueID{gate.x}
		if err := g.build(n); err != nil {
			return err
		}
	}
	return dropDead(g)
}

// gateMatcher looks for what recogniseGates recognises.
type gateMatcher struct {
	g *Graph
	u *uses
}

// gate is an operator that was recognised.
type gate struct {
	op    string
	opset int
	attrs []ops.Attr
	x     ValueID
}

// product is a value as scale · factors.
type product struct {
	scale    float64
	factors  []ValueID
	constant bool // some factor was one
	nodes    int  // that it spans
}

// mostNodes bounds the nodes that a product spans, so that long chains of products
// take linear time.
const mostNodes = 6

// match recognises the product that n computes.
func (m *gateMatcher) match(n *Node) (gate, bool) {
	p := product{scale: 1}
	if !m.multiply(&p, n) {
		return gate{}, false
	}
	var found gate
	var ok bool
	switch len(p.factors) {
	case 1:
		found, ok = m.hardSigmoid(p)
	case 2:
		if found, ok = m.gated(p.scale, p.factors[0], p.factors[1]); !ok {
			found, ok = m.gated(p.scale, p.factors[1], p.factors[0])
		}
	}
	if !ok || m.g.Value(found.x).Spec.DType != ops.Float32 {
		return gate{}, false
	}
	return found, !p.constant || sameShape(m.g.Value(found.x).Spec, m.g.Value(n.Outputs[0]).Spec)
}

// multiply adds the factors of a Mul, or of a Div by a constant, to p.
func (m *gateMatcher) multiply(p *product, n *Node) bool {
	if p.nodes++; p.nodes > mostNodes {
		return false
	}
	for i, id := range n.Inputs {
		if c, ok := m.scalar(id); ok {
			if n.Op == "Div" {
				c = 1 / c
			}
			if n.Op == "Div" && i == 0 {
				return false
			}
			p.scale *= c
			p.constant = true
			continue
		}
		if n.Op == "Div" && i == 1 {
			return false
		}
		inner := m.u.producer[id]
		if inner != nil && inner.is("Mul", "Div") && len(inner.Inputs) == 2 && m.u.onlyReader(id) {
			if !m.multiply(p, inner) {
				return false
			}
			continue
		}
		p.factors = append(p.factors, id)
	}
	return true
}

// productOf gives a value as a product; the value itself where it is x or nothing
// multiplies.
func (m *gateMatcher) productOf(id, x ValueID) product {
	p := product{scale: 1}
	if n := m.u.producer[id]; id != x && n != nil && n.is("Mul", "Div") && len(n.Inputs) == 2 && m.multiply(&p, n) {
		return p
	}
	return product{scale: 1, factors: []ValueID{id}}
}

// scalar is the value of a constant of one element.
func (m *gateMatcher) scalar(id ValueID) (float64, bool) {
	c := m.g.Const(id)
	if c == nil || c.DType() != ops.Float32 || c.Len() != 1 {
		return 0, false
	}
	return float64(ops.Data[float32](c)[0]), true
}

// maker is the node of that operator which makes a value, or nil.
func (m *gateMatcher) maker(id ValueID, op string) *Node {
	if n := m.u.producer[id]; n != nil && n.is(op) {
		return n
	}
	return nil
}

// near compares with a constant of a formula, as precisely as exporters write it.
func near(got, want float64) bool { return math.Abs(got-want) <= 1e-5*math.Abs(want) }

// hardSigmoid recognises Clip(x + 3, 0, 6) / 6.
func (m *gateMatcher) hardSigmoid(p product) (gate, bool) {
	x, ok := m.clipped(p.factors[0])
	if !ok || !near(p.scale, 1./6) {
		return gate{}, false
	}
	return gate{op: "HardSigmoid", opset: 6, attrs: []ops.Attr{ops.FloatAttr("alpha", 1./6), ops.FloatAttr("beta", 0.5)}, x: x}, true
}

// clipped gives x of Clip(x + 3, 0, 6) that nobody else reads.
func (m *gateMatcher) clipped(id ValueID) (ValueID, bool) {
	clip := m.maker(id, "Clip")
	if clip == nil || !m.u.onlyReader(id) {
		return 0, false
	}
	lo, okLo := m.g.clipBound(clip, 1, -math.MaxFloat32)
	hi, okHi := m.g.clipBound(clip, 2, math.MaxFloat32)
	if !okLo || !okHi || lo != 0 || hi != 6 {
		return 0, false
	}
	x, c, ok := m.plus(clip.input(0))
	return x, ok && c == 3
}

// plus gives x and c of x + c.
func (m *gateMatcher) plus(id ValueID) (x ValueID, c float64, ok bool) {
	add := m.maker(id, "Add")
	if add == nil {
		return 0, 0, false
	}
	for side, id := range add.Inputs {
		if c, ok := m.scalar(id); ok {
			return add.Inputs[1-side], c, true
		}
	}
	return 0, 0, false
}

// gated recognises scale · x · f, f a function of x that nobody else reads.
func (m *gateMatcher) gated(scale float64, x, f ValueID) (gate, bool) {
	n := m.u.producer[f]
	if n == nil || x == f || !m.u.onlyReader(f) {
		return gate{}, false
	}
	if clipped, ok := m.clipped(f); ok {
		return gate{op: "HardSwish", opset: 14, x: x}, clipped == x && near(scale, 1./6)
	}
	if half, c, ok := m.plus(f); ok {
		return m.gelu(x, half, scale == 0.5 && c == 1)
	}
	switch {
	case scale != 1:
	case n.is("Sigmoid"):
		arg := m.productOf(n.input(0), x)
		if len(arg.factors) == 1 && arg.factors[0] == x {
			return gate{op: "Swish", opset: 24, attrs: alphaAttr(arg.scale), x: x}, true
		}
	case n.is("HardSigmoid"):
		a, _ := n.attr("alpha")
		b, has := n.attr("beta")
		return gate{op: "HardSwish", opset: 14, x: x}, n.input(0) == x && near(float64(a.F), 1./6) && (!has || b.F == 0.5)
	case n.is("Tanh"):
		plus := m.maker(n.input(0), "Softplus")
		return gate{op: "Mish", opset: 18, x: x}, plus != nil && plus.input(0) == x
	}
	return gate{}, false
}

// alphaAttr is the attribute alpha where it is not 1.
func alphaAttr(alpha float64) []ops.Attr {
	if alpha == 1 {
		return nil
	}
	return []ops.Attr{ops.FloatAttr("alpha", float32(alpha))}
}

// gelu recognises the function that 1 is added to: erf or tanh.
func (m *gateMatcher) gelu(x, f ValueID, fits bool) (gate, bool) {
	n := m.u.producer[f]
	if !fits || n == nil || !n.is("Erf", "Tanh") {
		return gate{}, false
	}
	arg := m.productOf(n.input(0), x)
	found := gate{op: "Gelu", opset: 20, x: x}
	if n.Op == "Erf" {
		return found, len(arg.factors) == 1 && arg.factors[0] == x && near(arg.scale, 1/math.Sqrt2)
	}
	found.attrs = []ops.Attr{ops.StringAttr("approximate", "tanh")}
	return found, near(arg.scale, math.Sqrt(2/math.Pi)) && m.cubic(x, arg.factors)
}

// cubic recognises x + 0.044715·x³ and x · (1 + 0.044715·x²).
func (m *gateMatcher) cubic(x ValueID, factors []ValueID) bool {
	const c = 0.044715
	switch len(factors) {
	case 1:
		add := m.maker(factors[0], "Add")
		return add != nil && (add.Inputs[0] == x && m.isPower(x, add.Inputs[1], c, 3) || add.Inputs[1] == x && m.isPower(x, add.Inputs[0], c, 3))
	case 2:
		for side := range 2 {
			if square, one, ok := m.plus(factors[1-side]); ok && factors[side] == x && one == 1 && m.isPower(x, square, c, 2) {
				return true
			}
		}
	}
	return false
}

// isPower reports whether a value is scale·x^exponent.
func (m *gateMatcher) isPower(x, id ValueID, scale float64, exponent int) bool {
	p := m.productOf(id, x)
	for _, f := range p.factors {
		if pow := m.maker(f, "Pow"); pow != nil && pow.input(0) == x {
			e, ok := m.scalar(pow.input(1))
			if !ok || e != math.Trunc(e) {
				return false
			}
			exponent -= int(e)
		} else if f == x {
			exponent--
		} else {
			return false
		}
	}
	return exponent == 0 && near(p.scale, scale)
}
