package ops

// DynamicQuantizeMatMul: MatMulIntegerToFloat of a matrix that is quantised as its
// values ask for.
//
//	A: float [batch..., M, K]. B: uint8 or int8 [batch..., K, N].
//	b_scale: float, one value, or one for each column. b_zero_point?: the type of B, as
//	many values. bias?: float [N]. Y: float [batch..., M, N].
//
//	a, a_scale, a_zero_point = DynamicQuantizeLinear(A)
//	Y = MatMulIntegerToFloat(a, B, a_scale, b_scale, a_zero_point, b_zero_point, bias)
//
// https://github.com/microsoft/onnxruntime/blob/main/docs/ContribOperators.md (com.microsoft, version 1).
type dynamicQuantizeMatMul struct{ product *matMulIntegerToFloat }

func init() {
	Register(Def{
		Name: "DynamicQuantizeMatMul", Domain: MicrosoftDomain, Since: 1,
		Inputs: []string{"A", "B", "b_scale", "b_zero_point?", "bias?"}, Outputs: []string{"Y"},
		New: func(*Node) (Op, error) { return &dynamicQuantizeMatMul{newMatMulIntegerToFloat()}, nil },
	})
}

// inner gives the inputs of the product.
func (o *dynamicQuantizeMatMul) inner(in []Spec) []Spec {
	return []Spec{tensorSpec(Uint8, in[0].Shape), in[1], tensorSpec(Float32, Scalar()), in[2], tensorSpec(Uint8, Scalar()), input(in, 3), input(in, 4)}
}

// Infer checks the inputs and gives Y.
func (o *dynamicQuantizeMatMul) Infer(in []Spec) ([]Spec, error) {
	if err := wantType("A", in[0], Float32); err != nil {
		return nil, err
	}
	return o.product.Infer(o.inner(in))
}

// MACs counts M·N·K for every matrix of the batch.
func (o *dynamicQuantizeMatMul) MACs(in, out []Spec) int64 { return o.product.MACs(in, out) }

// Run computes Y.
func (o *dynamicQuantizeMatMul) Run(c *Call, in, out []*Tensor) error {
	return o.run(c, in, out, o.product)
}

// run quantises A and hands it to a step of the product, or to its plain Run.
func (o *dynamicQuantizeMatMul) run(c *Call, in, out []*Tensor, product interface {
	Run(c *Call, in, out []*Tensor) error
}) error {
	quantised := []*Tensor{nil, NewTensor(Float32, Scalar()), NewTensor(Uint8, Scalar())}
	var err error
	if quantised[0], err = c.New(Uint8, in[0].shape); err != nil {
		return err
	}
	if err := (dynamicQuantizeLinear{}).Run(c, in[:1], quantised); err != nil {
		return err
	}
	return product.Run(c, []*Tensor{quantised[0], in[1], quantised[1], in[2], quantised[2], tensorAt(in, 3), tensorAt(in, 4)}, out)
}

// Bind computes the product with the float kernels.
func (o *dynamicQuantizeMatMul) Bind(b *Binding) (Step, error) {
	inner := *b
	inner.In = o.inner(b.In)
	step, err := o.product.Bind(&inner)
	if err != nil {
		return nil, err
	}
	return &dynamicQuantizeMatMulStep{Step: step, op: o}, nil
}

// dynamicQuantizeMatMulStep quantises A for a step of the product.
type dynamicQuantizeMatMulStep struct {
	Step
	op *dynamicQuantizeMatMul
}

// Needs asks for what the product does; it reads the inputs in other places.
func (s *dynamicQuantizeMatMulStep) Needs() Needs { return Needs{Workspace: s.Step.Needs().Workspace} }

// Run computes Y.
func (s *dynamicQuantizeMatMulStep) Run(c *Call, in, out []*Tensor) error {
	return s.op.run(c, in, out, s.Step)
}
