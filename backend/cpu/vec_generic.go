package cpu

import "math"

// genericLanes is the Block of the portable kernels.
const genericLanes = 8

// vecGeneric are the portable vector kernels. What needs more than a rounding or two is computed in float64.
var vecGeneric = vecTable{
	maps: [vecKinds]func(vecArgs){
		VecRelu:       reluGeneric,
		VecLeakyRelu:  leakyGeneric,
		VecClip:       clipGeneric,
		VecThreshold:  thresholdGeneric,
		VecAbs:        func(v vecArgs) { eachFloat(v, func(x float32) float32 { return float32(math.Abs(float64(x))) }) },
		VecNeg:        func(v vecArgs) { eachFloat(v, func(x float32) float32 { return -x }) },
		VecSqrt:       func(v vecArgs) { eachReal(v, math.Sqrt) },
		VecReciprocal: func(v vecArgs) { eachFloat(v, func(x float32) float32 { return 1 / x }) },
		VecAffine:     func(v vecArgs) { eachFloat(v, func(x float32) float32 { return x*v.p[0] + v.p[1] }) },
		VecHardSigmoid: func(v vecArgs) {
			eachFloat(v, func(x float32) float32 { return clampUnit(float32(v.p[0]*x) + v.p[1]) })
		},
		VecHardSwish: func(v vecArgs) { eachReal(v, hardSwish64) },
		VecExp:       func(v vecArgs) { eachFloat(v, func(x float32) float32 { return float32(exp64(float64(x - v.p[0]))) }) },
		VecSigmoid:   sigmoidGeneric,
		VecTanh:      func(v vecArgs) { eachReal(v, tanh64) },
		VecErf:       func(v vecArgs) { eachReal(v, math.Erf) },
		VecSwish:     swishGeneric,
		VecGelu:      func(v vecArgs) { eachReal(v, func(x float64) float64 { return 0.5 * x * math.Erfc(-x/math.Sqrt2) }) },
		VecGeluTanh:  func(v vecArgs) { eachReal(v, geluTanh64) },
		VecElu:       eluGeneric,
		VecSoftplus:  func(v vecArgs) { eachReal(v, softplus64) },
		VecMish:      func(v vecArgs) { eachReal(v, func(x float64) float64 { return x * math.Tanh(softplus64(x)) }) },
		VecSin:       func(v vecArgs) { eachReal(v, math.Sin) },
		VecCos:       func(v vecArgs) { eachReal(v, math.Cos) },
		VecLog:       func(v vecArgs) { eachReal(v, math.Log) },
		VecCube:      func(v vecArgs) { eachReal(v, func(x float64) float64 { return x * x * x }) },
		VecPowHalf:   func(v vecArgs) { eachReal(v, func(x float64) float64 { return math.Pow(x, 0.5) }) },
	},
	pairs:  pairsGeneric,
	lanes:  lanesGeneric,
	affine: affineGeneric,
	reduces: [vecReductions]func(vecArgs) [maxBlock]float32{
		reduceSum:     sumGeneric,
		reduceSquares: squaresGeneric,
		reduceProduct: productGeneric,
		reduceMax:     maxGeneric,
	},
}

func eachFloat(v vecArgs, f func(float32) float32) {
	src := v.a[:len(v.dst)]
	for i, x := range src {
		v.dst[i] = f(x)
	}
}

func eachReal(v vecArgs, f func(float64) float64) {
	src := v.a[:len(v.dst)]
	for i, x := range src {
		v.dst[i] = float32(f(float64(x)))
	}
}

func reluGeneric(v vecArgs) {
	for i, x := range v.a[:len(v.dst)] {
		v.dst[i] = max(x, 0)
	}
}

func leakyGeneric(v vecArgs) {
	for i, x := range v.a[:len(v.dst)] {
		if !(x >= 0) {
			x *= v.p[0]
		}
		v.dst[i] = x
	}
}

func clipGeneric(v vecArgs) {
	lo, hi := v.p[0], v.p[1]
	for i, x := range v.a[:len(v.dst)] {
		if x < lo {
			x = lo
		}
		if x > hi {
			x = hi
		}
		v.dst[i] = x
	}
}

func thresholdGeneric(v vecArgs) {
	for i, x := range v.a[:len(v.dst)] {
		if !(x > v.p[0]) {
			x = 0
		}
		v.dst[i] = x
	}
}

func sigmoidGeneric(v vecArgs) {
	for i, x := range v.a[:len(v.dst)] {
		v.dst[i] = float32(1 / (1 + exp64(0-float64(x)))) // 0-x takes half the time of -x
	}
}

func swishGeneric(v vecArgs) {
	alpha := float64(v.p[0])
	eachReal(v, func(x float64) float64 { return x / (1 + exp64(-alpha*x)) })
}

func eluGeneric(v vecArgs) {
	a, b, c := float64(v.p[0]), float64(v.p[1]), float64(v.p[2])
	eachReal(v, func(x float64) float64 {
		if x > 0 {
			return a * x
		}
		return b * math.Expm1(c*x)
	})
}

func hardSwish64(x float64) float64 {
	switch y := x/6 + 0.5; {
	case y < 0:
		return x * 0
	case y > 1:
		return x
	default:
		return x * y
	}
}

// tanh64 keeps float32's digits near 0, where 1 - 2/(e^2x + 1) would lose them.
func tanh64(x float64) float64 {
	if x > -0.3 && x < 0.3 {
		return math.Tanh(x)
	}
	return 1 - 2/(exp64(2*x)+1)
}

// geluTanh64 is x/2·(1 + tanh u) as x·sigmoid(2u), which keeps its digits where x is far below 0.
func geluTanh64(x float64) float64 {
	const root8 = 1.5957691216057308 // √(8/π)
	return x / (1 + exp64(-root8*(x+0.044715*x*x*x)))
}

// softplus64 never overflows: e^-|x| is at most 1.
func softplus64(x float64) float64 { return max(x, 0) + math.Log1p(math.Exp(-math.Abs(x))) }

// exp64 is e^x with a relative error below 2⁻²⁷, twice as fast as math.Exp; 0 below -700 and infinite above 700.
//
// e^x = 2^k·2^f with k + f = x·log2 e and |f| <= 1/2; 2^f is its Taylor polynomial of degree 7, whose rest is below
// (ln 2 / 2)⁸ / 8!.
func exp64(x float64) float64 {
	if !(x >= -700 && x <= 700) {
		switch {
		case x < 0:
			return 0
		case x > 0:
			return math.Inf(1)
		}
		return x
	}
	const round = 3 << 51 // adding it leaves no bits for a fraction
	t := x * math.Log2E
	k := t + round - round
	f := (t - k) * math.Ln2
	f2 := f * f
	p := (1 + f) + f2*((1./2+f*(1./6))+f2*((1./24+f*(1./120))+f2*(1./720+f*(1./5040))))
	return p * math.Float64frombits(uint64(int64(k)+1023)<<52)
}

var pairsGeneric = [vecPairs]func(vecArgs){
	PairAdd:   func(v vecArgs) { eachPair(v, func(a, b float32) float32 { return a + b }) },
	PairSub:   func(v vecArgs) { eachPair(v, func(a, b float32) float32 { return a - b }) },
	PairRSub:  func(v vecArgs) { eachPair(v, func(a, b float32) float32 { return b - a }) },
	PairMul:   func(v vecArgs) { eachPair(v, func(a, b float32) float32 { return a * b }) },
	PairDiv:   func(v vecArgs) { eachPair(v, func(a, b float32) float32 { return a / b }) },
	PairRDiv:  func(v vecArgs) { eachPair(v, func(a, b float32) float32 { return b / a }) },
	PairMin:   func(v vecArgs) { eachPair(v, func(a, b float32) float32 { return min(a, b) }) },
	PairMax:   func(v vecArgs) { eachPair(v, func(a, b float32) float32 { return max(a, b) }) },
	PairPRelu: func(v vecArgs) { eachPair(v, func(a, b float32) float32 { return prelu(a, b) }) },
}

var lanesGeneric = [vecPairs]func(vecArgs){
	PairAdd:   func(v vecArgs) { eachLane(v, func(a, b float32) float32 { return a + b }) },
	PairSub:   func(v vecArgs) { eachLane(v, func(a, b float32) float32 { return a - b }) },
	PairRSub:  func(v vecArgs) { eachLane(v, func(a, b float32) float32 { return b - a }) },
	PairMul:   func(v vecArgs) { eachLane(v, func(a, b float32) float32 { return a * b }) },
	PairDiv:   func(v vecArgs) { eachLane(v, func(a, b float32) float32 { return a / b }) },
	PairRDiv:  func(v vecArgs) { eachLane(v, func(a, b float32) float32 { return b / a }) },
	PairMin:   func(v vecArgs) { eachLane(v, func(a, b float32) float32 { return min(a, b) }) },
	PairMax:   func(v vecArgs) { eachLane(v, func(a, b float32) float32 { return max(a, b) }) },
	PairPRelu: func(v vecArgs) { eachLane(v, func(a, b float32) float32 { return prelu(a, b) }) },
}

func prelu(x, slope float32) float32 {
	if !(x >= 0) {
		x *= slope
	}
	return x
}

func eachPair(v vecArgs, f func(a, b float32) float32) {
	n := len(v.dst)
	b := v.b[:n]
	for i, x := range v.a[:n] {
		v.dst[i] = f(x, b[i])
	}
}

// eachLane runs over the elements of one lane after the other.
func eachLane(v vecArgs, f func(a, b float32) float32) {
	step, src := len(v.b), v.a[:len(v.dst)]
	for l, b := range v.b {
		for i := l; i < len(src); i += step {
			v.dst[i] = f(src[i], b)
		}
	}
}

func affineGeneric(v vecArgs) {
	step, src := len(v.b), v.a[:len(v.dst)]
	for l, b := range v.b {
		for i, c := l, v.c[l]; i < len(src); i += step {
			v.dst[i] = src[i]*b + c
		}
	}
}

// laneOperand is the operand of every lane of a reduction.
func laneOperand(v *vecArgs) (b [genericLanes]float32) {
	if v.b != nil {
		return [genericLanes]float32(v.b)
	}
	for i := range b {
		b[i] = v.p[0]
	}
	return b
}

func sumGeneric(v vecArgs) (lanes [maxBlock]float32) {
	b := laneOperand(&v)
	for i, x := range v.a {
		lanes[i%genericLanes] += x - b[i%genericLanes]
	}
	return lanes
}

func squaresGeneric(v vecArgs) (lanes [maxBlock]float32) {
	b := laneOperand(&v)
	for i, x := range v.a {
		d := x - b[i%genericLanes]
		lanes[i%genericLanes] += d * d
	}
	return lanes
}

func productGeneric(v vecArgs) (lanes [maxBlock]float32) {
	b := v.b[:len(v.a)]
	for i, x := range v.a {
		lanes[i%genericLanes] += x * b[i]
	}
	return lanes
}

func maxGeneric(v vecArgs) (lanes [maxBlock]float32) {
	for i := range lanes {
		lanes[i] = float32(math.Inf(-1))
	}
	for i, x := range v.a {
		lanes[i%genericLanes] = max(lanes[i%genericLanes], x)
	}
	return lanes
}
