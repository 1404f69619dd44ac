package ops

import "math"

// activation is the scalar function that a fused convolution applies last. Its
// parameters mean what the ONNX operator of the same name calls so: LeakyRelu
// alpha, HardSigmoid alpha and beta, Clip min (alpha) and max (beta); Swish has none.
type activation struct {
	kind        string // "" is the identity
	alpha, beta float64
}

// activationDefaults holds the names that a fused operator takes and their
// default parameters.
var activationDefaults = map[string][2]float32{
	"":            {},
	"Relu":        {},
	"LeakyRelu":   {0.01, 0},
	"Clip":        {-math.MaxFloat32, math.MaxFloat32},
	"Sigmoid":     {},
	"Tanh":        {},
	"HardSwish":   {},
	"HardSigmoid": {0.2, 0.5},
	"Swish":       {},
}

// readActivation reads the attributes activation, activation_alpha and
// activation_beta of a fused operator.
func readActivation(n *Node) activation {
	kind := n.Str("activation", "")
	def, ok := activationDefaults[kind]
	if !ok {
		n.Fail("activation is %q, which no fused operator has", kind)
	}
	return activation{
		kind:  kind,
		alpha: float64(n.Float("activation_alpha", def[0])),
		beta:  float64(n.Float("activation_beta", def[1])),
	}
}

// apply computes the function; NaN stays NaN.
func (a activation) apply(x float64) float64 {
	switch a.kind {
	case "Relu":
		return relu(x)
	case "LeakyRelu":
		if x < 0 {
			return a.alpha * x
		}
	case "Clip":
		return clamp(x, a.alpha, a.beta)
	case "Sigmoid":
		return 1 / (1 + math.Exp(-x))
	case "Tanh":
		return math.Tanh(x)
	case "HardSwish":
		return x * clamp(x/6+0.5, 0, 1)
	case "HardSigmoid":
		return clamp(a.alpha*x+a.beta, 0, 1)
	case "Swish":
		return x / (1 + math.Exp(-x))
	}
	return x
}

// activate applies the function in place.
func activate[T Float](x []T, a activation) {
	if a.kind == "" {
		return
	}
	for i, v := range x {
		x[i] = T(a.apply(float64(v)))
	}
}

// clamp is min(max(x, lo), hi); NaN stays NaN.
func clamp(x, lo, hi float64) float64 {
	if x < lo {
		x = lo
	}
	if x > hi {
		x = hi
	}
	return x
}

// rowTile is the number of outputs whose sums the plain convolutions and pools
// keep at once, on the stack.
const rowTile = 128

// rowSums holds the sums of a piece of an output row, in float64.
type rowSums [rowTile]float64

// finish adds bias and residual to the sums, applies the activation and rounds to
// the outputs y; residual may be nil.
func finish[T Float](y []T, sums []float64, bias float64, residual []T, act activation) {
	for i := range y {
		v := sums[i] + bias
		if residual != nil {
			v += float64(residual[i])
		}
		y[i] = T(act.apply(v))
	}
}

// elementOr gives element i of the data of t, or 0 when t is nil.
func elementOr[T Float](t *Tensor, i int) float64 {
	if t == nil {
		return 0
	}
	return float64(Data[T](t)[i])
}

// sliceOf gives elements [lo, hi) of t, or nil when t is nil.
func sliceOf[T Element](t *Tensor, lo, hi int) []T {
	if t == nil {
		return nil
	}
	return Data[T](t)[lo:hi]
}
