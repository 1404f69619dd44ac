package ops

import "github.com/tconv/tconv/backend/cpu"

// rowWalk is how operands that broadcast to one shape are walked: row by row of
// the innermost merged axis. Along a row an operand either advances with the
// output or stands still, so that every inner loop runs over plain slices. Same
// shapes and scalars make one long row, a channel operand [1, C, 1, 1] makes rows
// of H·W elements.
type rowWalk struct {
	elements int     // of the output
	inner    int     // length of a row
	outer    Shape   // the merged axes outside the rows
	strides  [][]int // of each operand along outer
	still    []bool  // whether the operand stands still along a row
}

// newRowWalk plans the walk of operands that broadcast to shape.
func newRowWalk(shape Shape, operands ...Shape) *rowWalk {
	w := &rowWalk{elements: shape.Elements(), inner: 1, still: make([]bool, len(operands))}
	all := make([][]int, len(operands)+1)
	for i, s := range operands {
		all[i] = broadcastStrides(s, shape)
	}
	// The output takes part so that its rows stay contiguous.
	all[len(operands)] = shape.Strides()
	merged, strides := mergeAxes(shape, all...)
	w.strides = strides[:len(operands)]
	if last := len(merged) - 1; last >= 0 {
		w.inner, w.outer = merged[last], merged[:last]
		for i, st := range w.strides {
			w.still[i] = st[last] == 0
			w.strides[i] = st[:last]
		}
	}
	return w
}

// parallel calls row for pieces of rows that together cover the output: at is the
// output's first element of the piece, n its length and from[i] the element of
// operand i where it begins. cost is the rough time of one element in nanoseconds.
func (w *rowWalk) parallel(c *Call, cost int, row func(at, n int, from []int)) {
	if w.elements == 0 {
		return
	}
	c.Parallel(w.elements, cost, func(lo, hi int) {
		o := newOdometer(lo/w.inner, w.outer, w.strides...)
		from := make([]int, len(w.still))
		skip := lo % w.inner
		for at := lo; at < hi; {
			n := min(w.inner-skip, hi-at)
			for i, off := range o.offset {
				from[i] = off
				if !w.still[i] {
					from[i] += skip
				}
			}
			row(at, n, from)
			at += n
			skip = 0
			o.next()
		}
	})
}

// rowOf is an operand's part of a row: n elements, or the one that it stands at.
func rowOf[T any](data []T, from, n int, still bool) []T {
	if still {
		return data[from : from+1]
	}
	return data[from : from+n]
}

// binaryRow computes z[i] = f(a[i], b[i]) for every i; an operand of one element
// stands for as many as z has.
type binaryRow[A, B, Z any] func(z []Z, a []A, b []B)

// runRows computes z = f(a, b) with numpy broadcasting.
func runRows[A, B, Z any](c *Call, cost int, row binaryRow[A, B, Z], a, b, z *Tensor) {
	runRowsOf(c, cost, row, newRowWalk(z.Shape(), a.Shape(), b.Shape()), units[A](a), units[B](b), units[Z](z))
}

// runRowsOf is runRows on plain slices.
func runRowsOf[A, B, Z any](c *Call, cost int, row binaryRow[A, B, Z], w *rowWalk, a []A, b []B, z []Z) {
	w.parallel(c, cost, func(at, n int, from []int) {
		row(z[at:at+n], rowOf(a, from[0], n, w.still[0]), rowOf(b, from[1], n, w.still[1]))
	})
}

// eachPair makes the row of a scalar function that is worth a call per element.
func eachPair[A, B, Z any](f func(A, B) Z) binaryRow[A, B, Z] {
	return func(z []Z, a []A, b []B) {
		switch {
		case len(a) == len(z) && len(b) == len(z):
			for i := range z {
				z[i] = f(a[i], b[i])
			}
		case len(a) == len(z):
			y := b[0]
			for i, x := range a {
				z[i] = f(x, y)
			}
		case len(b) == len(z):
			x := a[0]
			for i, y := range b {
				z[i] = f(x, y)
			}
		default:
			v := f(a[0], b[0])
			for i := range z {
				z[i] = v
			}
		}
	}
}

// binaryKernel computes one element type of an operator with two operands.
type binaryKernel func(c *Call, a, b, z *Tensor) error

// mapPairs makes the kernel of a row function. cost is the rough time of one
// element in nanoseconds.
func mapPairs[T, Z Element](cost int, row binaryRow[T, T, Z]) binaryKernel {
	return func(c *Call, a, b, z *Tensor) error {
		runRows(c, cost, row, a, b, z)
		return nil
	}
}

// binary is an operator C = f(A, B) with numpy broadcasting on two operands of
// one type.
type binary struct {
	names   [2]string
	kernels map[DType]binaryKernel // by the type of the operands
	result  DType                  // Undefined: the type of the operands
	vec     *cpu.VecPair           // the same on floats in terms of the vector kernels, where they have it
}

// Infer gives C the shape to which A and B broadcast.
func (o *binary) Infer(in []Spec) ([]Spec, error) {
	if o.kernels[in[0].DType] == nil {
		return nil, wantType(o.names[0], in[0], sortedTypes(o.kernels)...)
	}
	if err := wantSameType(o.names[0], in[0], o.names[1], in[1]); err != nil {
		return nil, err
	}
	shape, err := broadcastShape(in[0].Shape, in[1].Shape)
	if err != nil {
		return nil, err
	}
	if o.result != Undefined {
		return one(o.result, shape)
	}
	return one(in[0].DType, shape)
}

// Run computes C = f(A, B).
func (o *binary) Run(c *Call, in, out []*Tensor) error {
	return o.kernels[in[0].DType()](c, in[0], in[1], out[0])
}

// Share lets C take the memory of an operand that has its type and shape.
func (o *binary) Share(in []Spec) Needs {
	shape, err := broadcastShape(in[0].Shape, in[1].Shape)
	if err != nil || o.result != Undefined && o.result != in[0].DType {
		return Needs{}
	}
	return shareSameShape(shape, in...)
}

// Blocked follows the layout of an operand of C's shape; the other may be a scalar or
// have one element for each channel or pixel.
func (o *binary) Blocked(in, out []Spec, _ *cpu.Kernels) (Choice, bool) {
	if o.vec == nil {
		return Choice{}, false
	}
	return foldChoice(in, out[0])
}

// Bind computes floats with the vector kernels.
func (o *binary) Bind(b *Binding) (Step, error) {
	if o.vec == nil || b.In[0].DType != Float32 {
		return bindPlain(o, b), nil
	}
	return bindFold(b, *o.vec, false, o.Share(b.In)), nil
}

// shareSameShape lets output 0 take the memory of each of the inputs that has its
// shape; the caller has compared the types. An operand of another shape is never
// in the memory that is written.
func shareSameShape(shape Shape, in ...Spec) Needs {
	var n Needs
	for i, s := range in {
		if s.Shape.Known() && s.Shape.Equal(shape) {
			n.InPlace = append(n.InPlace, Pair{Out: 0, In: i})
		}
	}
	return n
}

// vecPairs are the vector kernels of operators.
var vecPairs = map[string]cpu.VecPair{
	"Add": cpu.PairAdd, "Sub": cpu.PairSub, "Mul": cpu.PairMul, "Div": cpu.PairDiv,
}

// registerBinary registers an operator C = f(A, B).
func registerBinary(name string, since int, exact bool, result DType, kernels map[DType]binaryKernel) {
	op := &binary{names: [2]string{"A", "B"}, kernels: kernels, result: result}
	if f, ok := vecPairs[name]; ok {
		op.vec = &f
	}
	Register(Def{
		Name: name, Since: since, Inputs: []string{"A", "B"}, Outputs: []string{"C"}, Exact: exact,
		New: func(n *Node) (Op, error) {
			if n.Opset < 7 {
				return newOldBroadcast(n, op)
			}
			return op, nil
		},
	})
}
