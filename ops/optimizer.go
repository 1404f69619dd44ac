package ops

import (
	"fmt"
	"math"
)

// Momentum, Adagrad, Adam: one step of an optimiser, for any number of tensors X with
// gradients G and accumulated values V or H.
//
//	R: float or double, one element: the learning rate. T: int64, one element: the
//	number of steps before.
//	inputs...: T [X1, X2, ..., G1, G2, ..., V1, V2, ...], with Adam [..., H1, H2, ...]:
//	float, double, those with one number of one shape.
//	outputs...: their new values, without the gradients.
//
//	g = norm_coefficient·X + G
//	Momentum: v = alpha·V + (beta if T > 0, else 1)·g
//	          x = X - R·v, with mode nesterov X - R·(g + alpha·v)
//	Adagrad:  h = H + g², x = X - R/(1 + T·decay_factor)·g/(√h + epsilon)
//	Adam:     v = alpha·V + (1 - alpha)·g, h = beta·H + (1 - beta)·g²
//	          r = R·√(1 - beta^T)/(1 - alpha^T) if T > 0, else R
//	          x = (1 - norm_coefficient_post)·(X - r·v/(√h + epsilon))
//
// https://onnx.ai/onnx/operators/onnx_aionnxpreviewtraining_Momentum.html,
// onnx_aionnxpreviewtraining_Adagrad.html, onnx_aionnxpreviewtraining_Adam.html
// (version 1 of ai.onnx.preview.training).
type optimizer struct {
	states int // accumulated values of each tensor
	// step gives the update of one element, s its accumulated values, which it renews.
	step func(rate, steps float64) func(x, g float64, s *[2]float64) float64
}

func init() {
	for name, build := range map[string]func(*Node) *optimizer{"Momentum": newMomentum, "Adagrad": newAdagrad, "Adam": newAdam} {
		Register(Def{
			Name: name, Domain: "ai.onnx.preview.training", Since: 1,
			Inputs: []string{"R", "T", "inputs..."}, Outputs: []string{"outputs..."},
			New: func(n *Node) (Op, error) { return build(n), n.Err() },
		})
	}
}

func newMomentum(n *Node) *optimizer {
	norm, alpha, beta := float64(n.Float("norm_coefficient", 0)), float64(n.Float("alpha", 0)), float64(n.Float("beta", 0))
	nesterov := n.Str("mode", "", "standard", "nesterov") == "nesterov"
	for _, name := range []string{"norm_coefficient", "alpha", "beta", "mode"} {
		if !n.Has(name) {
			n.Fail("attribute %s is missing", name)
		}
	}
	return &optimizer{1, func(rate, steps float64) func(x, g float64, s *[2]float64) float64 {
		factor := 1.0
		if steps > 0 {
			factor = beta
		}
		return func(x, g float64, s *[2]float64) float64 {
			g += norm * x
			s[0] = alpha*s[0] + factor*g
			if nesterov {
				return x - rate*(g+alpha*s[0])
			}
			return x - rate*s[0]
		}
	}}
}

func newAdagrad(n *Node) *optimizer {
	norm, decay, epsilon := float64(n.Float("norm_coefficient", 0)), float64(n.Float("decay_factor", 0)), float64(n.Float("epsilon", 1e-6))
	return &optimizer{1, func(rate, steps float64) func(x, g float64, s *[2]float64) float64 {
		rate /= 1 + steps*decay
		return func(x, g float64, s *[2]float64) float64 {
			g += norm * x
			s[0] += g * g
			return x - rate*g/(math.Sqrt(s[0])+epsilon)
		}
	}}
}

func newAdam(n *Node) *optimizer {
	norm, post := float64(n.Float("norm_coefficient", 0)), float64(n.Float("norm_coefficient_post", 0))
	alpha, beta, epsilon := float64(n.Float("alpha", 0.9)), float64(n.Float("beta", 0.999)), float64(n.Float("epsilon", 1e-6))
	return &optimizer{2, func(rate, steps float64) func(x, g float64, s *[2]float64) float64 {
		if steps > 0 {
			rate *= math.Sqrt(1-math.Pow(beta, steps)) / (1 - math.Pow(alpha, steps))
		}
		return func(x, g float64, s *[2]float64) float64 {
			g += norm * x
			s[0] = alpha*s[0] + (1-alpha)*g
			s[1] = beta*s[1] + (1-beta)*g*g
			return (1 - post) * (x - rate*s[0]/(math.Sqrt(s[1])+epsilon))
		}
	}}
}

// Infer gives the types and shapes of tensors and accumulated values.
func (o *optimizer) Infer(in []Spec) ([]Spec, error) {
	err := firstError(wantType("R", in[0], Float32, Float64), wantType("T", in[1], Int64))
	if err != nil {
		return nil, err
	}
	if product(in[0].Shape) != 1 || product(in[1].Shape) != 1 {
		return nil, fmt.Errorf("R has shape %v and T %v, want one element each", in[0].Shape, in[1].Shape)
	}
	tensors, groups := in[2:], o.states+2
	if len(tensors)%groups != 0 || len(tensors) == 0 {
		return nil, fmt.Errorf("there are %d tensors, want a multiple of %d", len(tensors), groups)
	}
	n := len(tensors) / groups
	for i, s := range tensors {
		name := fmt.Sprintf("input %d", i+2)
		if err := wantType(name, s, Float32, Float64); err != nil {
			return nil, err
		}
		if x := tensors[i%n]; x.DType != s.DType || !x.Shape.Equal(s.Shape) {
			return nil, fmt.Errorf("%s is %v, want %v as its tensor", name, tensorSpec(s.DType, s.Shape), tensorSpec(x.DType, x.Shape))
		}
	}
	var out []Spec
	for i, s := range tensors {
		if i < n || i >= 2*n {
			out = append(out, tensorSpec(s.DType, s.Shape))
		}
	}
	return out, nil
}

// Run updates tensor by tensor.
func (o *optimizer) Run(c *Call, in, out []*Tensor) error {
	update := o.step(floatAt(in[0], 0), float64(Data[int64](in[1])[0]))
	n := (len(in) - 2) / (o.states + 2)
	for i := range n {
		x, g := in[2+i], in[2+n+i]
		const costOfUpdate = 20
		c.Parallel(x.Len(), costOfUpdate, func(lo, hi int) {
			for ; lo < hi; lo++ {
				var state [2]float64
				for k := range o.states {
					state[k] = floatAt(in[2+(2+k)*n+i], lo)
				}
				y := update(floatAt(x, lo), floatAt(g, lo), &state)
				for k, v := range [3]float64{y, state[0], state[1]} {
					if k > o.states {
						break
					}
					if t := tensorAt(out, k*n+i); t != nil {
						setFloat(t, lo, v)
					}
				}
			}
		})
	}
	return nil
}
