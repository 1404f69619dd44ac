package ops

import "math"

// miniFloat is a floating-point format of 8 or 4 bits: a sign, an exponent and a
// fraction, numbered so that the code grows with the magnitude.
//
// A value is rounded to nearest, ties to even. What is then beyond the largest
// value becomes that value where the cast saturates, infinity too; where it does
// not, it becomes infinity in e5m2 and NaN in the other formats of 8 bits.
//
// https://onnx.ai/onnx/technical/float8.html and float4.html.
type miniFloat struct {
	fraction    int  // bits
	least       int  // exponent of the smallest normal value
	bits        int  // with the sign
	largest     byte // code of the largest finite value
	beyond      byte // code of what is too large, where the cast does not saturate
	nan         byte
	noMinusZero bool
}

var (
	float8E4M3FN   = miniFloat{fraction: 3, least: -6, bits: 8, largest: 0x7E, beyond: 0x7F, nan: 0x7F}
	float8E4M3FNUZ = miniFloat{fraction: 3, least: -7, bits: 8, largest: 0x7F, beyond: 0x80, nan: 0x80, noMinusZero: true}
	float8E5M2     = miniFloat{fraction: 2, least: -14, bits: 8, largest: 0x7B, beyond: 0x7C, nan: 0x7E}
	float8E5M2FNUZ = miniFloat{fraction: 2, least: -15, bits: 8, largest: 0x7F, beyond: 0x80, nan: 0x80, noMinusZero: true}
	float4E2M1     = miniFloat{fraction: 1, least: 0, bits: 4, largest: 7, beyond: 7, nan: 8}
)

// encode gives the code of the value nearest to x.
func (m *miniFloat) encode(x float64, saturate bool) byte {
	if math.IsNaN(x) {
		return m.nan
	}
	sign := byte(0)
	if math.Signbit(x) {
		sign = 1 << (m.bits - 1)
	}
	code, fits := m.magnitude(math.Abs(x))
	switch {
	case fits && code == 0 && m.noMinusZero:
		return 0
	case fits:
		return code | sign
	case saturate:
		return m.largest | sign
	}
	return m.beyond | sign
}

// magnitude gives the code of x >= 0 and whether there is one.
func (m *miniFloat) magnitude(x float64) (byte, bool) {
	if math.IsInf(x, 0) {
		return 0, false
	}
	if x == 0 {
		return 0, true
	}
	_, e := math.Frexp(x) // x = f·2^e with f in [1/2, 1)
	e = max(e-1, m.least)
	// In units of the last place: below 2^fraction it is subnormal. A round-up to
	// the next power of two carries into the exponent field by itself.
	q := math.RoundToEven(math.Ldexp(x, m.fraction-e))
	if code := float64((e-m.least)<<m.fraction) + q; code <= float64(m.largest) {
		return byte(code), true
	}
	return 0, false
}

// decode gives the value of a code.
func (m *miniFloat) decode(code byte) float64 {
	signBit := byte(1) << (m.bits - 1)
	magnitude := code &^ signBit
	var v float64
	switch {
	case m.noMinusZero && code == signBit:
		return math.NaN()
	case magnitude > m.largest && (magnitude != m.beyond || m.beyond == m.nan):
		return math.NaN()
	case magnitude > m.largest:
		v = math.Inf(1)
	default:
		exponent, fraction := int(magnitude>>m.fraction), int(magnitude&(1<<m.fraction-1))
		if exponent > 0 {
			exponent--
			fraction |= 1 << m.fraction
		}
		v = math.Ldexp(float64(fraction), exponent+m.least-m.fraction)
	}
	if code != magnitude {
		return math.Copysign(v, -1)
	}
	return v
}

func loadMini(m *miniFloat) func(x *Tensor, at int, v *castValues) {
	var values [256]float64
	for code := range values {
		values[code] = m.decode(byte(code))
	}
	return func(x *Tensor, at int, v *castValues) {
		v.form = castReal
		for i, code := range x.Bytes()[at : at+v.n] {
			v.reals[i] = values[code]
		}
	}
}

func storeMini(m *miniFloat) func(y *Tensor, at int, v *castValues, rules castRules) {
	return func(y *Tensor, at int, v *castValues, rules castRules) {
		ys := y.Bytes()[at : at+v.n]
		for i := range ys {
			ys[i] = m.encode(v.real(i), rules.saturate)
		}
	}
}

func loadFloat4(x *Tensor, at int, v *castValues) {
	v.form = castReal
	for i := range v.n {
		v.reals[i] = float4E2M1.decode(packedElement(x, at+i))
	}
}

func storeFloat4(y *Tensor, at int, v *castValues, _ castRules) {
	storePacked(y, at, v, func(i int) byte { return float4E2M1.encode(v.real(i), true) })
}

// float8e8m0 is a power of two, 2^(code-127); code 255 is NaN.

func loadE8M0(x *Tensor, at int, v *castValues) {
	v.form = castReal
	for i, code := range x.Bytes()[at : at+v.n] {
		v.reals[i] = math.Ldexp(1, int(code)-127)
		if code == 0xFF {
			v.reals[i] = math.NaN()
		}
	}
}

func storeE8M0(y *Tensor, at int, v *castValues, rules castRules) {
	ys := y.Bytes()[at : at+v.n]
	for i := range ys {
		ys[i] = e8m0(v.single(i), rules)
	}
}

// e8m0 gives the exponent of x, whose sign is lost, rounded as the rules say;
// infinity and NaN give NaN.
func e8m0(x float32, rules castRules) byte {
	const fractionBits, half = 23, 1 << 22
	u := math.Float32bits(x)
	code, fraction := byte(u>>fractionBits), u&(1<<fractionBits-1)
	if code == 0xFF {
		return 0xFF
	}
	up := false
	switch rules.round {
	case "up":
		up = fraction > 0
	case "nearest":
		up = fraction > half || fraction == half && code > 0
	}
	if up && !(rules.saturate && code == 0xFE) {
		code++
	}
	return code
}
