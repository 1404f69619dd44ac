package main

import "math"

// Bits of a float32.
const (
	signBit = 0x80000000
	absBits = 0x7FFFFFFF
)

// vecPairs are the functions of two operands.
var vecPairs = []vecKernel{
	{name: "Add", body: func(p *vecProgram, x []vecValue) vecValue { return p.add(x[0], x[1]) }},
	{name: "Sub", body: func(p *vecProgram, x []vecValue) vecValue { return p.sub(x[0], x[1]) }},
	{name: "RSub", body: func(p *vecProgram, x []vecValue) vecValue { return p.sub(x[1], x[0]) }},
	{name: "Mul", body: func(p *vecProgram, x []vecValue) vecValue { return p.mul(x[0], x[1]) }},
	{name: "Div", body: func(p *vecProgram, x []vecValue) vecValue { return p.div(x[0], x[1]) }},
	{name: "RDiv", body: func(p *vecProgram, x []vecValue) vecValue { return p.div(x[1], x[0]) }},
	{name: "Min", body: func(p *vecProgram, x []vecValue) vecValue {
		// Both orders differ for zeros of two signs, of which the bits give -0, and for a NaN, whose bits win.
		return p.or(p.min(x[0], x[1]), p.min(x[1], x[0]))
	}},
	{name: "Max", body: func(p *vecProgram, x []vecValue) vecValue {
		greater := p.and(p.max(x[0], x[1]), p.max(x[1], x[0]))
		return p.choose(vecUnordered, x[0], x[1], p.add(x[0], x[1]), greater)
	}},
	{name: "PRelu", body: func(p *vecProgram, x []vecValue) vecValue {
		return p.choose(vecGE, x[0], p.zero(), x[0], p.mul(x[0], x[1]))
	}},
}

// unaryBody makes a body of a function of one operand.
func unaryBody(f func(p *vecProgram, x vecValue) vecValue) func(p *vecProgram, x []vecValue) vecValue {
	return func(p *vecProgram, x []vecValue) vecValue { return f(p, x[0]) }
}

// vecMaps are the functions of one operand; see VecKind.
var vecMaps = []vecKernel{
	{name: "Relu", body: unaryBody(func(p *vecProgram, x vecValue) vecValue {
		return p.add(p.max(p.held(0), x), p.held(0)) // the addition turns -0 into 0
	})},
	{name: "LeakyRelu", body: unaryBody(func(p *vecProgram, x vecValue) vecValue {
		return p.choose(vecGE, x, p.zero(), x, p.mul(x, p.parameter(0)))
	})},
	{name: "Clip", body: unaryBody(func(p *vecProgram, x vecValue) vecValue {
		return p.min(p.parameter(1), p.max(p.parameter(0), x))
	})},
	{name: "Threshold", body: unaryBody(func(p *vecProgram, x vecValue) vecValue {
		return p.choose(vecGT, x, p.parameter(0), x, p.held(0))
	})},
	{name: "Abs", body: unaryBody(func(p *vecProgram, x vecValue) vecValue { return p.and(x, constantBits(absBits)) })},
	{name: "Neg", body: unaryBody(func(p *vecProgram, x vecValue) vecValue { return p.xor(x, constantBits(signBit)) })},
	{name: "Sqrt", body: unaryBody((*vecProgram).sqrt)},
	{name: "Reciprocal", body: unaryBody(func(p *vecProgram, x vecValue) vecValue { return p.div(p.held(1), x) })},
	{name: "Affine", body: unaryBody(func(p *vecProgram, x vecValue) vecValue {
		return p.fma(x, p.parameter(0), p.parameter(1))
	})},
	{name: "HardSigmoid", body: unaryBody(func(p *vecProgram, x vecValue) vecValue {
		return p.clamp(p.add(p.mul(x, p.parameter(0)), p.parameter(1)), 0, 1)
	})},
	{name: "HardSwish", body: unaryBody(func(p *vecProgram, x vecValue) vecValue {
		// x + 3 is exact near -3, where x/6 + 1/2 would lose its digits.
		return p.mul(x, p.mul(p.clamp(p.add(x, constant(3)), 0, 6), constant(1./6)))
	})},
	{name: "Exp", body: unaryBody(func(p *vecProgram, x vecValue) vecValue {
		e := p.exp(p.clamp(p.sub(x, p.parameter(0)), leastExponent, 89))
		return e.times(e.p)
	})},
	{name: "Sigmoid", body: unaryBody(func(p *vecProgram, x vecValue) vecValue {
		return p.logistic(x, p.held(1), func(e vecPower) vecValue { return e.times(e.p) })
	})},
	{name: "Tanh", body: unaryBody(tanhBody)},
	{name: "Erf", body: unaryBody(erfBody)},
	{name: "Swish", body: unaryBody(func(p *vecProgram, x vecValue) vecValue {
		z := p.mul(x, p.parameter(0))
		return p.logisticTimes(x, z, p.fms(x, p.parameter(0), z))
	})},
	{name: "Gelu", body: unaryBody(geluBody)},
	{name: "GeluTanh", body: unaryBody(geluTanhBody)},
	{name: "Elu", body: unaryBody(func(p *vecProgram, x vecValue) vecValue {
		below := p.expm1(p.clamp(p.mul(x, p.parameter(2)), -18, 0))
		return p.choose(vecGT, x, p.zero(), p.mul(x, p.parameter(0)), p.mul(below, p.parameter(1)))
	})},
	{name: "Softplus", body: unaryBody(softplusBody)},
	{name: "Mish", body: unaryBody(mishBody)},
	{name: "Sin", body: unaryBody(sinBody)},
	{name: "Cos", body: unaryBody(cosBody)},
	{name: "Log", body: unaryBody(logBody)},
	{name: "Cube", body: unaryBody(func(p *vecProgram, x vecValue) vecValue { return p.mul(p.mul(x, x), x) })},
	{name: "PowHalf", body: unaryBody(func(p *vecProgram, x vecValue) vecValue {
		root := p.sqrt(p.add(x, constant(0))) // the addition turns -0 into 0
		return p.choose(vecLT, x, constant(-math.MaxFloat32), constant(math.Inf(1)), root)
	})},
}

// zero is 0 as the last operand of a comparison.
func (p *vecProgram) zero() vecValue { return constant(0) }

// clamp moves x into [lo, hi]; NaN stays NaN.
func (p *vecProgram) clamp(x vecValue, lo, hi float64) vecValue {
	return p.min(p.held(hi), p.max(p.held(lo), x))
}

// abs is |x|.
func (p *vecProgram) abs(x vecValue) vecValue { return p.and(x, constantBits(absBits)) }

// polynomial is c[0] + c[1]·x + c[2]·x² and so on.
func (p *vecProgram) polynomial(x vecValue, c ...float64) vecValue {
	sum := p.held(c[len(c)-1])
	for i := len(c) - 2; i >= 0; i-- {
		sum = p.fma(sum, x, constant(c[i]))
	}
	return sum
}

// vecPower is a power of e in two parts: p·2^n, n whole.
type vecPower struct {
	program *vecProgram
	p, n    vecValue
	halves  []vecValue // 2^⌊n/2⌋ and 2^⌈n/2⌉, where the instruction set cannot scale
}

// reduced is x = n·ln 2 + r with n whole and |r| <= ln 2 / 2, and e^r - 1 = r + r²·poly(r), whose rest is below
// (ln 2 / 2)⁸ / 8! = 5e-9. ln 2 is split so that n·ln 2 is exact enough.
func (p *vecProgram) reduced(x vecValue) (n, r, less1 vecValue) {
	const high = float32(math.Ln2)
	low := math.Ln2 - float64(high)
	n = p.round(p.mul(x, constant(math.Log2E)))
	r = p.fnma(n, constant(float64(high)), x)
	r = p.fnma(n, constant(low), r)
	poly := p.polynomial(r, 1./2, 1./6, 1./24, 1./120, 1./720, 1./5040)
	return n, r, p.fma(p.mul(r, r), poly, r)
}

// leastExponent is where e^x is 0 even after it was multiplied by 1e28.
const leastExponent = -174

// exp is e^x for x in [leastExponent, 89]; it is infinite at 89.
func (p *vecProgram) exp(x vecValue) vecPower {
	n, _, less1 := p.reduced(x)
	e := vecPower{program: p, p: p.add(less1, constant(1)), n: n}
	if p.isa.name == avx2.name {
		whole := p.toInt(n)
		half := p.shiftRight(whole, 1)
		for _, h := range []vecValue{half, p.subInt(whole, half)} {
			e.halves = append(e.halves, p.shiftLeft(p.addInt(h, constantBits(127)), 23))
		}
	}
	return e
}

// times is x·2^n, rounded once: x may be a product with p, which loses no digits then where the power alone would be
// too small for all of its digits.
func (e vecPower) times(x vecValue) vecValue {
	if e.halves == nil {
		return e.program.scalef(x, e.n)
	}
	return e.program.mul(e.program.mul(x, e.halves[0]), e.halves[1])
}

// expm1 is e^x - 1 for x in [-18, 40].
func (p *vecProgram) expm1(x vecValue) vecValue {
	n, _, less1 := p.reduced(x)
	scale := p.powerOf2(n)
	return p.fma(scale, less1, p.sub(scale, constant(1)))
}

// powerOf2 is 2^n for n in [-126, 127].
func (p *vecProgram) powerOf2(n vecValue) vecValue {
	return p.addInt(p.shiftLeft(p.toInt(n), 23), constantBits(math.Float32bits(1)))
}

// timesX is x·p·2^n for x < 0, NaN where x is infinite: p·2^n stands for 0 at its least.
func (e vecPower) timesX(x vecValue) vecValue {
	p := e.program
	bounded := p.max(p.held(-1e28), x)
	return p.add(e.times(p.mul(bounded, e.p)), p.sub(x, x))
}

// logistic is above/(1 + e^-|z|) where z >= 0, else below(e^z)/(1 + e^z): neither power overflows.
func (p *vecProgram) logistic(z, above vecValue, below func(e vecPower) vecValue) vecValue {
	e := p.exp(p.max(p.held(leastExponent), p.or(z, constantBits(signBit))))
	num := p.choose(vecGE, z, p.zero(), above, below(e))
	return p.div(num, p.add(e.times(e.p), constant(1)))
}

// logisticTimes is x/(1 + e^-(z + rest)), where rest is what the rounding of z lost: e^z multiplies it by |z|.
func (p *vecProgram) logisticTimes(x, z, rest vecValue) vecValue {
	size := p.abs(z)
	rest = p.choose(vecLT, size, constant(104), rest, p.held(0)) // it is NaN where z is infinite
	e := p.exp(p.max(p.held(leastExponent), p.xor(size, constantBits(signBit))))
	// e^-|z + rest| = e^-|z|·(1 ∓ rest)
	signed := p.xor(rest, p.and(z, constantBits(signBit)))
	e.p = p.fnma(e.p, signed, e.p)
	num := p.choose(vecGE, z, p.zero(), x, e.timesX(x))
	return p.div(num, p.add(e.times(e.p), constant(1)))
}

// tanhBody is t/(t + 2) with t = e^2|x| - 1, and the sign of x.
func tanhBody(p *vecProgram, x vecValue) vecValue {
	size := p.abs(x)
	t := p.expm1(p.min(p.held(20), p.add(size, size)))
	return p.or(p.div(t, p.add(t, constant(2))), p.and(x, constantBits(signBit)))
}

// erfBody is x + x·P(x²) near 0, beyond it 1 - e^Q(|x|) with the sign of x; the coefficients are Norbert Juffa's.
func erfBody(p *vecProgram, x vecValue) vecValue {
	near := p.erfNear(x)
	t := p.min(p.held(4), p.abs(x))
	s := p.mul(t, t)
	q := p.fma(p.held(-1.72853470e-5), t, constant(3.83197126e-4))
	u := p.fma(p.held(-3.88396438e-3), t, constant(2.42546219e-2))
	q = p.fma(q, s, u)
	for _, c := range []float64{-1.06777877e-1, -6.34846687e-1, -1.28717512e-1} {
		q = p.fma(q, t, constant(c))
	}
	q = p.fms(q, t, t)
	n, _, less1 := p.reduced(q)
	scale := p.powerOf2(n)
	far := p.fnma(scale, less1, p.sub(p.held(1), scale))
	far = p.or(far, p.and(x, constantBits(signBit)))
	return p.choose(vecGT, t, constant(0.927734375), far, near)
}

// erfNear is erf x for |x| below 0.93.
func (p *vecProgram) erfNear(x vecValue) vecValue {
	s := p.mul(x, x)
	poly := p.polynomial(s, 1.28379166e-1, -3.76125336e-1, 1.12819925e-1, -2.67681349e-2, 4.99119423e-3, -5.96761703e-4)
	return p.fma(poly, x, x)
}

// geluBody is x·(1 - erfc(a)/2) where x >= 0, else x/2·erfc(a), with a = |x|/√2. erfc is e^-a² times a polynomial
// in q = (a - 2)/(a + 2) over 1 + 2a, with coefficients of Norbert Juffa. a² is x²/2 in two parts, because the power
// multiplies its error by a².
func geluBody(p *vecProgram, x vecValue) vecValue {
	size := p.min(p.held(14.5), p.abs(x)) // beyond, erfc is 0
	a := p.mul(size, constant(math.Sqrt2/2))
	q := p.div(p.sub(a, constant(2)), p.add(a, constant(2)))
	poly := p.polynomial(q, 2.76978403e-1, -9.27639827e-2, -1.66031361e-1, 1.64055392e-1, -5.42046614e-2, -8.05991981e-3,
		8.63227434e-3, 1.31355342e-3, -1.23075210e-3, -4.01139259e-4)
	half := p.mul(size, constant(0.5))
	square := p.mul(half, size)
	rest := p.fms(half, size, square)
	e := p.exp(p.max(p.held(leastExponent), p.xor(square, constantBits(signBit))))
	// erfc(a)/2 = e^-square · (1 - rest) · (1 + poly) / (2 + 4a)
	poly = p.fnma(rest, poly, p.sub(poly, rest))
	e.p = p.div(p.fma(e.p, poly, e.p), p.fma(a, constant(4), p.held(2)))
	above := p.mul(x, p.sub(p.held(1), e.times(e.p)))
	far := p.choose(vecGE, x, p.zero(), above, e.timesX(x))
	// Near 0, where the difference would lose a digit: x/2 + x/2·erf.
	b := p.mul(x, constant(math.Sqrt2/2))
	half = p.mul(x, constant(0.5))
	return p.choose(vecLT, size, constant(0.75), p.fma(half, p.erfNear(b), half), far)
}

// geluTanhBody is x/(1 + e^-z) with z = 2·√(2/π)·(x + 0.044715·x³) = x·(c + d·x²) in two parts.
func geluTanhBody(p *vecProgram, x vecValue) vecValue {
	c := 2 * math.Sqrt(2/math.Pi)
	d := c * 0.044715
	cLow, dLow := c-float64(float32(c)), d-float64(float32(d))
	square := p.mul(x, x)
	squareRest := p.fms(x, x, square)
	// high + low = d·x²
	high := p.mul(square, constant(d))
	low := p.fms(square, constant(d), high)
	low = p.fma(squareRest, constant(d), low)
	low = p.fma(square, constant(dLow), low)
	// w + rest = c + d·x²
	w := p.add(high, constant(c))
	t := p.sub(w, high)
	rest := p.add(p.sub(p.held(c), t), p.sub(high, p.sub(w, t)))
	rest = p.add(p.add(rest, low), constant(cLow))
	z := p.mul(x, w)
	return p.logisticTimes(x, z, p.fma(x, rest, p.fms(x, w, z)))
}

// softplusBody is max(x, 0) + ln(1 + t) with t = e^-|x|, and ln(1 + t) = 2·artanh(t/(2 + t)).
func softplusBody(p *vecProgram, x vecValue) vecValue {
	e := p.exp(p.max(p.held(leastExponent), p.or(x, constantBits(signBit))))
	t := e.times(e.p)
	s := p.div(t, p.add(t, constant(2)))
	s2 := p.mul(s, s)
	// The rest of the series is below 2·(1/3)^17/17 = 9e-10.
	poly := p.polynomial(s2, 2./3, 2./5, 2./7, 2./9, 2./11, 2./13, 2./15)
	log := p.fma(p.mul(s, s2), poly, p.add(s, s))
	return p.add(p.max(p.held(0), x), log)
}

// mishBody is x·w/(w + 2) with w = e·(e + 2) and e = e^x; at 20 the quotient is 1.
func mishBody(p *vecProgram, x vecValue) vecValue {
	e := p.exp(p.clamp(x, leastExponent, 20))
	power := e.times(e.p)
	w := p.fma(power, power, p.add(power, power))
	xPower := e.timesX(x)
	below := p.fma(xPower, power, p.add(xPower, xPower))
	num := p.choose(vecGT, x, p.zero(), w, below)
	quotient := p.div(num, p.add(w, constant(2)))
	return p.choose(vecGT, x, p.zero(), p.mul(x, quotient), quotient)
}
