package ops

import (
	"fmt"
	"math"

	"github.com/tconv/tconv/backend/cpu"
)

// Gelu, FastGelu, BiasGelu and QuickGelu of com.microsoft, element by element:
//
//	Gelu:      Y = X · Φ(X), Φ the distribution function of the normal distribution
//	BiasGelu:  C = Gelu(A + B)
//	FastGelu:  Y = Gelu(X + bias) by way of tanh, as ONNX's approximate "tanh"; bias optional
//	QuickGelu: Y = X / (1 + e^(-alpha·X)), alpha 1.702 by default
//
//	X, A: T, any shape. B, bias: T [D], D the last extent of X. Results: T, the same shape.
//	T: float, double.
//
// https://github.com/microsoft/onnxruntime/blob/main/docs/ContribOperators.md (com.microsoft, version 1).
func init() {
	exact := func(*Node) (Op, error) { return floatOp(20, gelu, cpu.VecFunc{Kind: cpu.VecGelu}) }
	biased := func(f func(float64) float64, kind cpu.VecKind) func(*Node) (Op, error) {
		return func(n *Node) (Op, error) {
			op, err := floatOp(20, f, cpu.VecFunc{Kind: kind})
			if n.HasInput(1) {
				return &biasGelu{f, cpu.VecFunc{Kind: kind}}, err
			}
			return op, err
		}
	}
	quick := func(n *Node) (Op, error) {
		alpha := n.Float("alpha", 1.702)
		f := func(x float64) float64 { return x / (1 + math.Exp(-float64(alpha)*x)) }
		return floatOp(20, f, cpu.VecFunc{Kind: cpu.VecSwish, A: alpha})
	}
	def := func(name string, inputs []string, make func(*Node) (Op, error)) Def {
		return Def{Name: name, Domain: MicrosoftDomain, Since: 1, Inputs: inputs, Outputs: []string{"Y"}, New: make}
	}
	Register(
		def("Gelu", []string{"X"}, exact),
		def("BiasGelu", []string{"A", "B"}, biased(gelu, cpu.VecGelu)),
		def("FastGelu", []string{"X", "bias?"}, biased(geluTanh, cpu.VecGeluTanh)),
		def("QuickGelu", []string{"X"}, quick),
	)
}

// biasGelu is f(A + B), B along the last axis.
type biasGelu struct {
	f   func(float64) float64
	vec cpu.VecFunc
}

// Infer checks the inputs and gives the result.
func (o *biasGelu) Infer(in []Spec) ([]Spec, error) {
	a, b := in[0], in[1]
	if err := firstError(wantType("A", a, Float32, Float64), wantSameType("A", a, "B", b)); err != nil {
		return nil, err
	}
	if len(a.Shape) == 0 || !b.Shape.Equal(a.Shape[len(a.Shape)-1:]) {
		return nil, fmt.Errorf("A has shape %v and B %v, want B as long as A's last axis", a.Shape, b.Shape)
	}
	return one(a.DType, a.Shape)
}

// Share lets the result take A's memory.
func (o *biasGelu) Share([]Spec) Needs { return elementwiseShare() }

// Run computes the result.
func (o *biasGelu) Run(c *Call, in, out []*Tensor) error {
	if in[0].dtype == Float32 {
		runBiasGelu[float32](c, o, in, out[0])
	} else {
		runBiasGelu[float64](c, o, in, out[0])
	}
	return nil
}

func runBiasGelu[T Float](c *Call, o *biasGelu, in []*Tensor, out *Tensor) {
	a, b, y := Data[T](in[0]), Data[T](in[1]), Data[T](out)
	c.Parallel(len(y), 25, func(lo, hi int) {
		for i := lo; i < hi; i++ {
			y[i] = T(o.f(float64(a[i]) + float64(b[i%len(b)])))
		}
	})
}

// Bind computes floats with the vector kernels.
func (o *biasGelu) Bind(b *Binding) (Step, error) {
	if b.In[0].DType != Float32 {
		return plainStep{o}, nil
	}
	return &biasGeluStep{o, b.Kernels}, nil
}

// biasGeluStep is biasGelu on the vector kernels.
type biasGeluStep struct {
	*biasGelu
	kernels *cpu.Kernels
}

func (s *biasGeluStep) Kernel() string { return "vec " + string(s.kernels.Tier) }
func (s *biasGeluStep) Needs() Needs   { return elementwiseShare() }

// Run computes the result row by row.
func (s *biasGeluStep) Run(c *Call, in, out []*Tensor) error {
	a, b, y := Data[float32](in[0]), Data[float32](in[1]), Data[float32](out[0])
	if len(y) == 0 {
		return nil
	}
	c.Parallel(len(y)/len(b), 2*len(b), func(lo, hi int) {
		for i := lo * len(b); i < hi*len(b); i += len(b) {
			row := y[i : i+len(b)]
			s.kernels.Pairs(cpu.PairAdd, row, a[i:i+len(b)], b)
			s.kernels.Map(s.vec, row, row)
		}
	})
	return nil
}
