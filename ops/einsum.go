package ops

import (
	"fmt"
	"slices"
	"strings"
)

// Einsum: Output[o..] = Σ over the other labels of the product of the Inputs, each
// indexed by its labels in equation: "bij,bjk->bik" is a product of matrices.
//
//	Inputs...: T, one for each term. Output: T, an axis for each output label.
//	A label is a letter; "..." stands for axes that broadcast. A label that occurs
//	twice in a term takes the diagonal; extents of 1 broadcast. Without "->" the
//	output has the axes of "..." and then the labels that occur once, in the order
//	of their codes.
//	T: float, double and integers. Floats are accumulated in double.
//
// https://onnx.ai/onnx/operators/onnx__Einsum.html (version 12).
func init() {
	Register(Def{Name: "Einsum", Since: 12, Inputs: []string{"Inputs..."}, Outputs: []string{"Output"}, New: newEinsum})
}

// einsum holds the labels of the terms; '.' stands for an ellipsis.
type einsum struct {
	terms  []string
	output string
}

func newEinsum(n *Node) (Op, error) {
	equation := n.Str("equation", "")
	text := strings.ReplaceAll(strings.ReplaceAll(equation, " ", ""), "...", ".")
	if strings.Count(equation, ".") != 3*strings.Count(text, ".") {
		n.Fail("equation %q holds a '.', want \"...\"", equation)
	}
	left, right, explicit := strings.Cut(text, "->")
	o := &einsum{terms: strings.Split(left, ","), output: right}
	if !explicit {
		o.output = implicitOutput(left)
	}
	if len(o.terms) != len(n.Inputs) {
		n.Fail("equation %q has %d terms, there are %d inputs", equation, len(o.terms), len(n.Inputs))
	}
	for _, term := range append([]string{o.output}, o.terms...) {
		for _, label := range term {
			if label != '.' && !(label >= 'a' && label <= 'z' || label >= 'A' && label <= 'Z') {
				n.Fail("equation %q holds %q, want letters and \"...\"", equation, label)
			}
		}
		if strings.Count(term, ".") > 1 {
			n.Fail("equation %q has \"...\" twice in a term", equation)
		}
	}
	for i, label := range o.output {
		if label != '.' && !strings.ContainsRune(left, label) || strings.ContainsRune(o.output[i+1:], label) {
			n.Fail("equation %q: want each output label once, and in a term", equation)
		}
	}
	return o, n.Err()
}

// implicitOutput is the ellipsis, then what occurs once.
func implicitOutput(terms string) string {
	var once []rune
	for _, label := range terms {
		if label != ',' && label != '.' && strings.Count(terms, string(label)) == 1 {
			once = append(once, label)
		}
	}
	slices.Sort(once)
	if strings.Contains(terms, ".") {
		return "." + string(once)
	}
	return string(once)
}

// einsumPlan is an equation on operands of known shapes.
type einsumPlan struct {
	output, summed Shape   // extents of the output labels and of the others
	outer, inner   [][]int // strides of each operand along them
}

// labels spells out a term for an operand of a rank: the k-th axis from the right
// of an ellipsis becomes the label -k.
func labels(term string, rank int) ([]rune, error) {
	var out []rune
	free := rank - len(strings.ReplaceAll(term, ".", ""))
	if free < 0 || free > 0 && !strings.Contains(term, ".") {
		return nil, fmt.Errorf("term %q does not fit an input of rank %d", strings.ReplaceAll(term, ".", "..."), rank)
	}
	for _, label := range term {
		if label != '.' {
			out = append(out, label)
			continue
		}
		for k := free; k > 0; k-- {
			out = append(out, rune(-k))
		}
	}
	return out, nil
}

// plan resolves the labels.
func (o *einsum) plan(shapes []Shape) (*einsumPlan, error) {
	extents := map[rune]int{}
	axes := make([][]rune, len(shapes))
	var order []rune // of appearance
	widest := 0
	for i, shape := range shapes {
		var err error
		if axes[i], err = labels(o.terms[i], len(shape)); err != nil {
			return nil, err
		}
		for k, label := range axes[i] {
			if label < 0 {
				widest = max(widest, int(-label))
			}
			have, ok := extents[label]
			switch d := shape[k]; {
			case !ok:
				order = append(order, label)
				extents[label] = d
			case have == 1:
				extents[label] = d
			case d != 1 && d != have:
				return nil, fmt.Errorf("a label of term %q has the extents %d and %d", o.terms[i], have, d)
			}
		}
	}
	if widest > 0 && !strings.Contains(o.output, ".") {
		return nil, unsupportedf("the output has no \"...\", want it to keep those axes")
	}
	output, err := labels(o.output, len(strings.ReplaceAll(o.output, ".", ""))+widest)
	if err != nil {
		return nil, err
	}
	p := &einsumPlan{output: Shape{}, summed: Shape{}}
	var summed []rune
	for _, label := range order {
		if !slices.Contains(output, label) {
			summed = append(summed, label)
			p.summed = append(p.summed, extents[label])
		}
	}
	for _, label := range output {
		p.output = append(p.output, extents[label])
	}
	for i, shape := range shapes {
		p.outer = append(p.outer, labelStrides(output, axes[i], shape))
		p.inner = append(p.inner, labelStrides(summed, axes[i], shape))
	}
	return p, nil
}

// labelStrides gives the strides of an operand along labels: 0 where it has no such
// axis or broadcasts, the sum of several for a diagonal.
func labelStrides(want, axes []rune, shape Shape) []int {
	strides := shape.Strides()
	out := make([]int, len(want))
	for i, label := range want {
		for k, a := range axes {
			if a == label && shape[k] != 1 {
				out[i] += strides[k]
			}
		}
	}
	return out
}

var einsumKernels = map[DType]func(c *Call, in []*Tensor, y *Tensor, p *einsumPlan){
	Float32: einsumAll[float32, float64], Float64: einsumAll[float64, float64],
	Int8: einsumAll[int8, int64], Int16: einsumAll[int16, int64], Int32: einsumAll[int32, int64], Int64: einsumAll[int64, int64],
	Uint8: einsumAll[uint8, uint64], Uint16: einsumAll[uint16, uint64], Uint32: einsumAll[uint32, uint64], Uint64: einsumAll[uint64, uint64],
}

// Infer gives the extents of the output labels.
func (o *einsum) Infer(in []Spec) ([]Spec, error) {
	if einsumKernels[in[0].DType] == nil {
		return nil, wantType("input 0", in[0], sortedTypes(einsumKernels)...)
	}
	shapes := make([]Shape, len(in))
	for i, s := range in {
		if err := wantSameType("input 0", in[0], fmt.Sprintf("input %d", i), s); err != nil {
			return nil, err
		}
		shapes[i] = s.Shape
	}
	p, err := o.plan(shapes)
	if err != nil {
		return nil, err
	}
	return one(in[0].DType, p.output)
}

// Run sums, after it has brought the summed axes of each operand to the end, so
// that the innermost loop walks memory in order.
func (o *einsum) Run(c *Call, in, out []*Tensor) error {
	shapes := make([]Shape, len(in))
	for i, x := range in {
		shapes[i] = x.shape
	}
	p, err := o.plan(shapes)
	if err != nil {
		return err
	}
	if slices.Contains(p.summed, 0) {
		clear(out[0].Bytes())
		return nil
	}
	operands := slices.Clone(in)
	for i, x := range in {
		if n := len(p.summed); n == 0 || p.inner[i][n-1] <= 1 {
			continue
		}
		shape := Shape{}
		src := slices.Concat(p.outer[i], p.inner[i])
		for k, d := range slices.Concat(p.output, p.summed) {
			if src[k] == 0 {
				d = 1
			}
			shape = append(shape, d)
		}
		if operands[i], err = c.New(x.dtype, shape); err != nil {
			return err
		}
		dst := shape.Strides()
		if err := (stridedCopy{shape: shape, dst: dst, src: src}).run(c, operands[i], x); err != nil {
			return err
		}
		for k := range src {
			if src[k] == 0 {
				dst[k] = 0
			}
		}
		p.outer[i], p.inner[i] = dst[:len(p.output)], dst[len(p.output):]
	}
	einsumKernels[in[0].dtype](c, operands, out[0], p)
	return nil
}

// einsumTurns is how many runs of one sum are computed between two looks at whether
// the run was canceled: a single sum may be long.
const einsumTurns = 1024

func einsumAll[T Number, A wide](c *Call, in []*Tensor, y *Tensor, p *einsumPlan) {
	xs := make([][]T, len(in))
	for i, x := range in {
		xs[i] = Data[T](x)
	}
	ys := Data[T](y)
	summed, inner := mergeAxes(p.summed, p.inner...)
	if len(summed) == 0 {
		summed = Shape{1}
		for i := range inner {
			inner[i] = []int{0}
		}
	}
	last := len(summed) - 1
	run, steps := summed[last], make([]int, len(in))
	for i := range in {
		steps[i] = inner[i][last]
		inner[i] = inner[i][:last]
	}
	turns := product(summed[:last])
	cost := int(min(1<<30, multiplied(append(summed, len(in))...))) + 5
	c.Parallel(len(ys), cost, func(lo, hi int) {
		outer := newOdometer(lo, p.output, p.outer...)
		over := newOdometer(0, summed[:last], inner...)
		at := make([]int, len(in))
		for ; lo < hi; lo++ {
			acc := A(0)
			for turn := range turns {
				if turn%einsumTurns == 0 && c.stop.Load() {
					return
				}
				for i := range at {
					at[i] = outer.offset[i] + over.offset[i]
				}
				acc += einsumRun[T, A](xs, at, steps, run)
				over.next() // the last one starts anew
			}
			ys[lo] = T(acc)
			outer.next()
		}
	})
}

// einsumRun is Σ over k < n of the product of xs[i][at[i]+k·steps[i]]; at is used up.
func einsumRun[T Number, A wide](xs [][]T, at, steps []int, n int) A {
	acc := A(0)
	if len(xs) == 2 && steps[0] == 1 && steps[1] == 1 {
		b := xs[1][at[1]:][:n]
		for k, v := range xs[0][at[0]:][:n] {
			acc += A(v) * A(b[k])
		}
		return acc
	}
	for range n {
		p := A(1)
		for i, x := range xs {
			p *= A(x[at[i]])
			at[i] += steps[i]
		}
		acc += p
	}
	return acc
}
