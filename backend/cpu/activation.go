package cpu

import "math"

// ActKind names an activation function.
type ActKind uint8

// The activations. A NaN stays NaN through all of them, in every tier.
const (
	ActNone        ActKind = iota
	ActRelu                // 0 if x < 0, else x
	ActLeakyRelu           // A*x if x < 0, else x
	ActClip                // A if x < A, else x; then B if that > B
	ActPRelu               // Slope[channel]*x if x < 0, else x
	ActSigmoid             // 1 / (1 + exp(-x))
	ActTanh                // tanh(x)
	ActHardSigmoid         // max(0, min(1, A*x + B))
	ActHardSwish           // x * max(0, min(1, x/6 + 0.5))
	ActSiLU                // x / (1 + exp(-x))
)

// Activation is the function applied to each element of an output, with its parameters. The zero value is none.
type Activation struct {
	Kind  ActKind
	A, B  float32
	Slope []float32 // PRelu: one per output channel
}

// Apply applies the activation to x in place; x belongs to one output channel.
func (a *Activation) Apply(x []float32, channel int) {
	switch a.Kind {
	case ActNone:
	case ActRelu:
		applyRelu(x)
	case ActLeakyRelu:
		applyLeaky(x, a.A)
	case ActPRelu:
		applyLeaky(x, a.Slope[channel])
	case ActClip:
		applyClip(x, a.A, a.B)
	default:
		applyFunc(x, a.function())
	}
}

func applyRelu(x []float32) {
	for i, v := range x {
		if v < 0 {
			x[i] = 0
		}
	}
}

func applyLeaky(x []float32, slope float32) {
	for i, v := range x {
		if v < 0 {
			x[i] = slope * v
		}
	}
}

func applyClip(x []float32, lo, hi float32) {
	for i, v := range x {
		if v < lo {
			v = lo
		}
		if v > hi {
			v = hi
		}
		x[i] = v
	}
}

func applyFunc(x []float32, f func(float32) float32) {
	for i, v := range x {
		x[i] = f(v)
	}
}

// function returns an activation that has no loop of its own.
func (a *Activation) function() func(float32) float32 {
	switch a.Kind {
	case ActSigmoid:
		return sigmoid
	case ActTanh:
		return func(v float32) float32 { return float32(math.Tanh(float64(v))) }
	case ActHardSigmoid:
		lin, off := a.A, a.B
		return func(v float32) float32 { return clampUnit(float32(lin*v) + off) }
	case ActHardSwish:
		return func(v float32) float32 { return v * clampUnit(v/6+0.5) }
	case ActSiLU:
		return func(v float32) float32 { return v * sigmoid(v) }
	}
	panic("BUG: unknown activation")
}

func sigmoid(v float32) float32 { return float32(1 / (1 + math.Exp(-float64(v)))) }

// clampUnit limits v to [0, 1]; NaN stays NaN.
func clampUnit(v float32) float32 {
	if v < 0 {
		return 0
	}
	if v > 1 {
		return 1
	}
	return v
}

// Epilogue is what happens to a sum before it is stored: bias of its output channel, the residual (given when the
// plan runs), then the activation.
type Epilogue struct {
	Bias []float32 // one per output channel, or nil
	Act  Activation
}

// bias returns the bias of a channel.
func (e *Epilogue) bias(channel int) float32 {
	if e.Bias == nil {
		return 0
	}
	return e.Bias[channel]
}

// vector is the activation of an output channel as a vector kernel; ActNone has none.
func (a *Activation) vector(channel int) VecFunc {
	switch a.Kind {
	case ActRelu:
		return VecFunc{Kind: VecRelu}
	case ActLeakyRelu:
		return VecFunc{Kind: VecLeakyRelu, A: a.A}
	case ActPRelu:
		return VecFunc{Kind: VecLeakyRelu, A: a.Slope[channel]}
	case ActClip:
		return VecFunc{Kind: VecClip, A: a.A, B: a.B}
	case ActSigmoid:
		return VecFunc{Kind: VecSigmoid}
	case ActTanh:
		return VecFunc{Kind: VecTanh}
	case ActHardSigmoid:
		return VecFunc{Kind: VecHardSigmoid, A: a.A, B: a.B}
	case ActHardSwish:
		return VecFunc{Kind: VecHardSwish}
	case ActSiLU:
		return VecFunc{Kind: VecSwish, A: 1}
	}
	panic("BUG: an activation without a vector kernel")
}
