package ops

// Compress: output = the slices of input along axis whose condition is true; without
// axis, the elements of input in row-major order.
//
//	input: T, rank 1 or more. condition: bool, rank 1; where it is shorter than
//	the axis the rest counts as false, what is beyond it is ignored.
//	axis: in [-rank, rank). output: T. T: every type of at least 8 bits, strings.
//
// https://onnx.ai/onnx/operators/onnx__Compress.html (versions 9, 11).
func init() {
	Register(Def{
		Name: "Compress", Since: 9, Inputs: []string{"input", "condition"}, Outputs: []string{"output"}, Exact: true,
		New: func(n *Node) (Op, error) { return &compress{n.Has("axis"), n.Int("axis", 0)}, n.Err() },
	})
}

type compress struct {
	hasAxis bool
	axis    int
}

// split sees the shape of input as [outer, count, inner], count being what is
// picked from.
func (o *compress) split(shape Shape) (axis, outer, count, inner int, err error) {
	if !o.hasAxis {
		return 0, 1, product(shape), 1, nil
	}
	if axis, err = normAxis(o.axis, len(shape)); err != nil {
		return 0, 0, 0, 0, err
	}
	return axis, product(shape[:axis]), shape[axis], product(shape[axis+1:]), nil
}

// chosen lists the places whose condition is true.
func chosen(condition *Tensor, count int) []int {
	var places []int
	for i, b := range Data[bool](condition) {
		if b && i < count {
			places = append(places, i)
		}
	}
	return places
}

// Infer counts what is true.
func (o *compress) Infer(in []Spec) ([]Spec, error) {
	input, condition := in[0], in[1]
	if err := wantDense("input", input); err != nil {
		return nil, err
	}
	if err := wantType("condition", condition, Bool); err != nil {
		return nil, err
	}
	axis, _, count, _, err := o.split(input.Shape)
	if err != nil {
		return nil, err
	}
	if condition.Const == nil {
		return unknownShape(input.DType)
	}
	n := len(chosen(condition.Const, count))
	if !o.hasAxis {
		return one(input.DType, Shape{n})
	}
	shape := input.Shape.Clone()
	shape[axis] = n
	return one(input.DType, shape)
}

// Run copies what is true.
func (o *compress) Run(c *Call, in, out []*Tensor) error {
	_, outer, count, inner, err := o.split(in[0].shape)
	if err != nil || out[0].Len() == 0 {
		return err
	}
	places := chosen(in[1], count)
	copyBlocks(c, out[0], in[0], inner, outer*len(places), func(i int) int {
		return i/len(places)*count + places[i%len(places)]
	})
	return nil
}
