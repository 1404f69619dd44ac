package main

import "math"

// angleBound is where the sine and cosine kernels end: an element of that size or beyond, an infinity or a NaN they
// hand back as it is, and package cpu computes it.
const angleBound = 1 << 17

// wholeMagic is 1.5·2²³: a float beside it has no bits for a fraction, and the last bit of the sum is that of the
// whole number added.
const wholeMagic = 3 << 22

// quarterParts is π/2 in three parts, each the float32 nearest to what the ones before leave. The first product of a
// reduction is exact beside the angle: both are whole multiples of 2⁻²⁴, and so is their difference, which is below 1
// and has room for them.
func quarterParts() (parts [3]float64) {
	const rest64 = 6.123233995736766e-17 // π/2 less the nearest float64
	rest := math.Pi / 2
	for i := range parts {
		parts[i] = float64(float32(rest))
		rest -= parts[i]
		if i == 1 {
			rest += rest64
		}
	}
	return parts
}

// angle is sin(x + quarters·π/2) for |x| below angleBound: with r = x - n·π/2, n whole and |r| <= π/4, it is sin r or
// cos r by the last bit of n + quarters, negative by the bit before. The coefficients are Norbert Juffa's.
func (p *vecProgram) angle(x vecValue, quarters uint32) vecValue {
	t := p.fma(x, constant(2/math.Pi), p.held(wholeMagic))
	n, r := p.sub(t, constant(wholeMagic)), x
	for _, part := range quarterParts() {
		r = p.fnma(n, constant(part), r)
	}
	if quarters > 0 {
		t = p.addInt(t, constantBits(quarters))
	}
	s := p.mul(r, r)
	sin := p.polynomial(s, -1.66666672e-1, 8.33338592e-3, -1.98559923e-4, 2.86567956e-6)
	sin = p.fma(sin, p.mul(s, r), r)
	cos := p.polynomial(s, 1, -0.5, 4.16666567e-2, -1.38877297e-3, 2.44677067e-5)
	odd := p.or(p.shiftLeft(t, 31), constant(1)) // -1 where the last bit is set, else 1
	y := p.choose(vecLT, odd, p.zero(), cos, sin)
	return p.xor(y, p.and(p.shiftLeft(t, 30), constantBits(signBit)))
}

// sinBody takes the sine of |x| and the sign of x, so that -0 stays.
func sinBody(p *vecProgram, x vecValue) vecValue {
	size := p.abs(x)
	y := p.xor(p.angle(size, 0), p.and(x, constantBits(signBit)))
	return p.choose(vecLT, size, constant(angleBound), y, x)
}

func cosBody(p *vecProgram, x vecValue) vecValue {
	return p.choose(vecLT, p.abs(x), constant(angleBound), p.angle(x, 1), x)
}

// logBody is e·ln 2 + ln(1 + m) where x = 2^e·(1 + m) and 1 + m is in [2/3, 4/3). ln(1 + m) = m - m²/2 + m³·P(m); the
// coefficients are Norbert Juffa's.
func logBody(p *vecProgram, x vecValue) vecValue {
	const leastNormal = 0x1p-126
	scaled := p.choose(vecLT, x, constant(leastNormal), p.mul(x, p.held(1<<23)), x)
	start := p.choose(vecLT, x, constant(leastNormal), constant(-23), p.held(0))
	e := p.shiftRight(p.subInt(scaled, constant(2./3)), 23)
	m := p.sub(p.subInt(scaled, p.shiftLeft(e, 23)), constant(1))
	e = p.add(p.toFloat(e), start)
	s := p.mul(m, m)
	odd := p.polynomial(s, 0.200120345, 0.139814854, 0.140869141)
	even := p.polynomial(s, -0.249996200, -0.166846126, -0.121483803, -0.130310059)
	y := p.fma(odd, m, even)
	for _, c := range []float64{0.333331972, -0.5} {
		y = p.fma(y, m, constant(c))
	}
	y = p.fma(e, constant(math.Ln2), p.fma(y, s, m))
	// +Inf stays; 0 gives -Inf, and what is below it or no number NaN.
	y = p.choose(vecLT, x, constant(math.Inf(1)), y, x)
	beyond := p.choose(vecGE, x, p.zero(), constant(math.Inf(-1)), p.held(math.NaN()))
	return p.choose(vecGT, x, p.zero(), y, beyond)
}
