package graph

import (
	"slices"

	"github.com/tconv/tconv/ops"
)

// isHalf reports whether d is a 16-bit floating-point type.
func isHalf(d ops.DType) bool { return d == ops.Float16 || d == ops.BFloat16 }

// widenHalf makes a float16 or bfloat16 model compute in float32, as onnxruntime
// does on processors: weights are widened once, inputs where they come in, and
// outputs are narrowed where they leave. A Cast to a 16-bit type keeps its
// rounding: its result is widened again behind it.
//
//	before: y: float16 = Conv(x: float16, w: float16)
//	after:  x' = Cast(x, to=float); y' = Conv(x', w'); y = Cast(y', to=float16)
func (g *Graph) widenHalf() error {
	w := &widener{g: g, renamed: map[ValueID]ValueID{}}
	w.constants()
	if err := w.inputs(); err != nil {
		return err
	}
	if err := w.nodes(); err != nil {
		return err
	}
	return w.outputs()
}

// widenBody does the same to a sub-graph: what it gets from the graph around it
// is wide there, and what it gives has to be.
func (g *Graph) widenBody() error {
	w := &widener{g: g, renamed: map[ValueID]ValueID{}}
	w.constants()
	if err := w.nodes(); err != nil {
		return err
	}
	for i, id := range g.Outputs {
		if wide, ok := w.renamed[id]; ok {
			g.Outputs[i] = wide
		}
	}
	return nil
}

// widener is the state of one widenHalf.
type widener struct {
	g       *Graph
	renamed map[ValueID]ValueID // half value -> its widened copy
	added   []*Node
}

// constants widens every 16-bit constant, and those in attributes.
func (w *widener) constants() {
	for i := range w.g.Values {
		v := &w.g.Values[i]
		if c := v.Spec.Const; c != nil && isHalf(c.DType()) {
			v.Spec = ops.Widen(c).Spec()
		}
	}
}

// inputs puts a Cast behind every 16-bit graph input.
func (w *widener) inputs() error {
	for _, id := range w.g.Inputs {
		if s := w.g.Value(id).Spec; isHalf(s.DType) {
			if err := w.castBehind(id); err != nil {
				return err
			}
		}
	}
	return nil
}

// castBehind adds a Cast of id to float32 and makes later readers read that.
func (w *widener) castBehind(id ValueID) error {
	wide := w.g.AddValue(Value{Name: w.g.Value(id).Name + ".float32"})
	n, err := w.g.newCast(w.g.Value(id).Name+".widen", w.g.Value(id).Spec.Kind, id, wide, ops.Float32)
	if err != nil {
		return err
	}
	w.added = append(w.added, n)
	w.renamed[id] = wide
	return nil
}

// newCast builds a node that casts a tensor, or every tensor in a sequence or an
// optional.
func (g *Graph) newCast(name string, kind ops.Kind, from, to ValueID, dtype ops.DType) (*Node, error) {
	n := &Node{Name: name, Op: "Cast", Opset: ops.NewestOpset, Inputs: []ValueID{from}, Outputs: []ValueID{to},
		Attrs: []ops.Attr{ops.IntAttr("to", int(dtype))}}
	if kind != ops.KindTensor {
		n.Op, n.Domain, n.Opset = "CastMembers", ops.InternalDomain, 1
	}
	return n, g.build(n)
}

// nodes rewires the readers of widened values, widens tensors in attributes, and
// puts a Cast behind every node that makes a 16-bit value by name.
func (w *widener) nodes() error {
	for _, n := range w.g.Nodes {
		for i, id := range n.Inputs {
			if wide, ok := w.renamed[id]; ok && !n.is("BitCast") { // which reads bits, not numbers
				n.Inputs[i] = wide
			}
		}
		if err := w.attributes(n); err != nil {
			return err
		}
		w.added = append(w.added, n)
		if n.is("SequenceEmpty", "Optional") {
			if err := w.memberType(n); err != nil {
				return err
			}
			continue
		}
		if namesHalf(n) && n.output(0) != NoValue {
			if err := w.castBehind(n.output(0)); err != nil {
				return err
			}
		}
	}
	w.g.Nodes = w.added
	return nil
}

// attributes widens the 16-bit tensors among the attributes of n.
func (w *widener) attributes(n *Node) error {
	isHalfAttr := func(a ops.Attr) bool { return a.T != nil && isHalf(a.T.DType()) }
	if !slices.ContainsFunc(n.Attrs, isHalfAttr) {
		return nil
	}
	n.Attrs = slices.Clone(n.Attrs)
	for i, a := range n.Attrs {
		if isHalfAttr(a) {
			n.Attrs[i].T = ops.Widen(a.T)
		}
	}
	return w.g.build(n)
}

// memberType widens the 16-bit type that n names for the members of its result.
func (w *widener) memberType(n *Node) error {
	n.Attrs = slices.Clone(n.Attrs)
	for i, a := range n.Attrs {
		switch {
		case a.Name == "dtype" && namesHalf(n):
			n.Attrs[i].I = int64(ops.Float32)
		case a.Type != nil && isHalf(a.Type.DType):
			wide := *a.Type
			wide.DType = ops.Float32
			n.Attrs[i].Type = &wide
		}
	}
	return w.g.build(n)
}

// namesHalf reports whether n has an attribute that names a 16-bit type as the
// type of its result.
func namesHalf(n *Node) bool {
	for _, name := range []string{"to", "dtype", "output_dtype", "output_datatype"} {
		if a, ok := n.attr(name); ok && a.Kind == ops.AttrInt && a.I > 0 && a.I < 256 && isHalf(ops.DType(a.I)) {
			return true
		}
	}
	return false
}

// outputs narrows what leaves the graph under a declared 16-bit type.
func (w *widener) outputs() error {
	for i, id := range w.g.Outputs {
		want := w.g.Declared[i]
		_, stays := w.renamed[id] // a graph input, or made by a Cast: 16-bit as it is
		if stays || !isHalf(want.DType) {
			continue
		}
		narrow := w.g.AddValue(Value{Name: w.g.Value(id).Name, Dims: w.g.Value(id).Dims})
		n, err := w.g.newCast(w.g.Value(id).Name+".narrow", want.Kind, id, narrow, want.DType)
		if err != nil {
			return err
		}
		w.g.Nodes = append(w.g.Nodes, n)
		w.g.Outputs[i] = narrow
	}
	return nil
}

// newNode builds a node that the graph adds itself: an operator of the newest
// tested version of the default domain.
func (g *Graph) newNode(name, op string, in, out []ValueID, attrs ...ops.Attr) (*Node, error) {
	n := &Node{Name: name, Op: op, Opset: ops.NewestOpset, Inputs: in, Outputs: out, Attrs: attrs}
	return n, g.build(n)
}
