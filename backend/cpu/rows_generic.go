package cpu

import "math"

// rowGeneric are the portable kernels over rows. Sums are in float64.
var rowGeneric = rowTable{
	softmax: func(r rowArgs) { r.each(softmaxRowGeneric) },
	layerNorm: func(r rowArgs) {
		r.each(func(y, x []float32) {
			var mean float64
			for _, v := range x {
				mean += float64(v)
			}
			normRowGeneric(&r, y, x, mean/float64(r.n))
		})
	},
	rmsNorm: func(r rowArgs) { r.each(func(y, x []float32) { normRowGeneric(&r, y, x, 0) }) },
}

// each calls f with every row.
func (r *rowArgs) each(f func(y, x []float32)) {
	for at := 0; at < len(r.dst); at += r.n {
		f(r.dst[at:][:r.n], r.src[at:][:r.n])
	}
}

func softmaxRowGeneric(y, x []float32) {
	greatest := float32(math.Inf(-1))
	for _, v := range x {
		greatest = max(greatest, v)
	}
	var sum float64
	for i, v := range x {
		e := exp64(float64(v - greatest))
		sum += e
		y[i] = float32(e)
	}
	scale := float32(1 / sum)
	for i := range y {
		y[i] *= scale
	}
}

// normRowGeneric scales a row around its mean, and adds the bias if there is one.
func normRowGeneric(r *rowArgs, y, x []float32, mean float64) {
	var squares float64
	for _, v := range x {
		d := float64(v) - mean
		squares += d * d
	}
	factor := 1 / math.Sqrt(squares/float64(r.n)+float64(r.epsilon))
	for i, v := range x {
		normal := (float64(v) - mean) * factor * float64(r.scale[i])
		if r.bias != nil {
			normal += float64(r.bias[i])
		}
		y[i] = float32(normal)
	}
}
