package ops

// Constant: output = the value of the one attribute that is given.
//
//	value: a tensor. value_int, value_float, value_string: a scalar.
//	value_ints, value_floats, value_strings: a tensor of rank 1.
//	sparse_value is not supported. Before version 12 only value is there.
//
// https://onnx.ai/onnx/operators/onnx__Constant.html (versions 1, 9, 11, 12, 13, 19, 21, 23, 24, 25).
func init() {
	Register(Def{Name: "Constant", Since: 1, Outputs: []string{"output"}, Exact: true, New: newConstant})
}

func newConstant(n *Node) (Op, error) {
	var values []*Tensor
	for _, read := range []struct {
		name string
		make func(name string) *Tensor
	}{
		{"value", n.Tensor},
		{"value_int", func(name string) *Tensor { return Of([]int64{int64(n.Int(name, 0))}) }},
		{"value_float", func(name string) *Tensor { return Of([]float32{n.Float(name, 0)}) }},
		{"value_string", func(name string) *Tensor { return OfStrings([]string{n.Str(name, "")}) }},
		{"value_ints", func(name string) *Tensor { return OfInts(n.Ints(name)) }},
		{"value_floats", func(name string) *Tensor { v := n.Floats(name); return Of(v, len(v)) }},
		{"value_strings", func(name string) *Tensor { v := n.Strings(name); return OfStrings(v, len(v)) }},
	} {
		if n.Has(read.name) {
			values = append(values, read.make(read.name))
		}
	}
	if n.Has("sparse_value") {
		n.Unsupported("attribute sparse_value is given, want a dense value")
	}
	if len(values) != 1 || values[0] == nil {
		n.Fail("%d values are given, want exactly 1", len(values))
	}
	if err := n.Err(); err != nil {
		return nil, err
	}
	return constant{values[0]}, nil
}

type constant struct {
	value *Tensor
}

// Infer knows the result.
func (o constant) Infer([]Spec) ([]Spec, error) { return []Spec{o.value.Spec()}, nil }

// Run copies the value.
func (o constant) Run(c *Call, _, out []*Tensor) error {
	copyElements(c, out[0], o.value)
	return nil
}
