package ops

import (
	"fmt"
	"math"
)

// CausalConvWithState: a convolution of each channel with its own kernel that sees the
// present and what came before, over a sequence given piece by piece.
//
//	input: T [N, C, L].  weight: T [C, 1, k].  bias?: T [C].
//	past_state?: T [N, C, k-1], what came before; zeros when absent.
//	output: T [N, C, L].  present_state: T [N, C, k-1].
//
//	x = past_state, input behind each other along the last axis
//	output[n, c, i] = activation(bias[c] + sum over j < k of weight[c, 0, j] · x[n, c, i+j])
//	present_state = the last k-1 of x
//
// activation: none (default), silu or swish (both v·sigmoid(v)). Sums are in float64.
//
//	T: float, double.
//
// https://onnx.ai/onnx/operators/onnx__CausalConvWithState.html (version 27).
type causalConv struct{ silu bool }

func init() {
	Register(Def{
		Name: "CausalConvWithState", Since: 27,
		Inputs: []string{"input", "weight", "bias?", "past_state?"}, Outputs: []string{"output", "present_state"},
		New: func(n *Node) (Op, error) {
			return causalConv{n.Str("activation", "none", "none", "silu", "swish") != "none"}, n.Err()
		},
	})
}

// Infer checks the inputs and gives output and present_state.
func (causalConv) Infer(in []Spec) ([]Spec, error) {
	x, w, bias, past := in[0], in[1], input(in, 2), input(in, 3)
	err := firstError(
		wantType("input", x, Float32, Float64),
		wantSameType("input", x, "weight", w))
	if err != nil {
		return nil, err
	}
	if len(x.Shape) != 3 {
		return nil, fmt.Errorf("input has shape %v, want [N, C, L]", x.Shape)
	}
	n, channels := x.Shape[0], x.Shape[1]
	if len(w.Shape) != 3 || w.Shape[0] != channels || w.Shape[1] != 1 || w.Shape[2] < 1 {
		return nil, fmt.Errorf("weight has shape %v, want [%d, 1, k] with k of 1 or more", w.Shape, channels)
	}
	state := Shape{n, channels, w.Shape[2] - 1}
	for _, s := range []struct {
		name string
		Spec
		want Shape
	}{{"bias", bias, Shape{channels}}, {"past_state", past, state}} {
		if s.Omitted() {
			continue
		}
		if err := wantSameType("input", x, s.name, s.Spec); err != nil {
			return nil, err
		}
		if !s.Shape.Equal(s.want) {
			return nil, fmt.Errorf("%s has shape %v, want %v", s.name, s.Shape, s.want)
		}
	}
	y, err := one(x.DType, x.Shape)
	if err != nil {
		return nil, err
	}
	present, err := one(x.DType, state)
	return append(y, present...), err
}

// MACs counts k for every element.
func (causalConv) MACs(in, _ []Spec) int64 {
	return multiplied(in[0].Shape.Elements(), in[1].Shape[2])
}

// Run convolves channel by channel.
func (o causalConv) Run(c *Call, in, out []*Tensor) error {
	out, err := withOutput(c, o, in, out)
	if err != nil {
		return err
	}
	if in[0].dtype == Float32 {
		runCausalConv[float32](c, o, in, out)
	} else {
		runCausalConv[float64](c, o, in, out)
	}
	return nil
}

func runCausalConv[T Float](c *Call, o causalConv, in, out []*Tensor) {
	shape, k := in[0].shape, in[1].shape[2]
	channels, length := shape[1], shape[2]
	xs, ws, ys := Data[T](in[0]), Data[T](in[1]), Data[T](out[0])
	c.Parallel(shape[0]*channels, 2*int(min(1<<30, multiplied(length+k, k))), func(lo, hi int) {
		padded := make([]float64, k-1+length)
		for ; lo < hi; lo++ {
			clear(padded[:k-1])
			if past := tensorAt(in, 3); past != nil {
				for i, v := range Data[T](past)[lo*(k-1):][:k-1] {
					padded[i] = float64(v)
				}
			}
			for i, v := range xs[lo*length:][:length] {
				padded[k-1+i] = float64(v)
			}
			bias, weight := 0.0, ws[lo%channels*k:][:k]
			if b := tensorAt(in, 2); b != nil {
				bias = float64(Data[T](b)[lo%channels])
			}
			y := ys[lo*length:][:length]
			for i := range y {
				sum := bias
				for j, v := range padded[i : i+k] {
					sum += float64(weight[j]) * v
				}
				if o.silu {
					sum /= 1 + math.Exp(-sum)
				}
				y[i] = T(sum)
			}
			if present := tensorAt(out, 1); present != nil {
				for i, v := range padded[length:] {
					Data[T](present)[lo*(k-1)+i] = T(v)
				}
			}
		}
	})
}
