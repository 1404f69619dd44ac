package cpu

// NearestConv turns a convolution of a map that was enlarged by whole numbers, each pixel repeated, into a transposed
// convolution of the small map: it needs fewer products - for 3x3 after 2x2, a quarter of 16 instead of 9 per output,
// and Winograd halves that again - and the large map never exists. g is the geometry of the convolution of the large map,
// with In a multiple of scale, no groups, strides or dilations; else ok is false. Weights are w [M, C, Kernel...]; those
// returned are [C, M, Kernel+scale-1...].
//
// Along an axis, with input u = o - PadBegin + t of tap t in pixel i = floor(u/scale),
//
//	y[o] = sum over t of w[t] * x[floor((o - PadBegin + t) / scale)]
//	     = sum over i of W[o + (Kernel-1-PadBegin) - scale*i] * x[i],    W[k] = sum over ρ < scale of w[Kernel-1-k+ρ]
//
// Outside, w and x are zero. A sum of weights is rounded once.
func NearestConv(g ConvGeom, scale [3]int, w []float32) (t ConvGeom, weights []float32, ok bool) {
	one := [3]int{1, 1, 1}
	if g.Group != 1 || g.Stride != one || g.Dilation != one {
		return g, nil, false
	}
	t = g
	for a, s := range scale {
		if s < 1 || g.In[a]%s != 0 {
			return g, nil, false
		}
		t.In[a], t.Stride[a] = g.In[a]/s, s
		t.Kernel[a] = g.Kernel[a] + s - 1
		t.PadBegin[a] = g.Kernel[a] - 1 - g.PadBegin[a]
	}
	checkWeights(len(w), g.weights())
	weights = make([]float32, t.weights())
	for m := range g.M {
		for c := range g.C {
			nearestFilter(weights[(c*g.M+m)*volume(t.Kernel):], w[(m*g.C+c)*volume(g.Kernel):], t.Kernel, g.Kernel, scale)
		}
	}
	return t, weights, true
}

// nearestFilter fills one filter of size to from one of size from.
func nearestFilter(dst, src []float32, to, from, scale [3]int) {
	at := 0
	eachTap(to, func(k [3]int) {
		sum := 0.0
		eachTap(scale, func(r [3]int) {
			var t [3]int
			for a := range t {
				t[a] = from[a] - 1 - k[a] + r[a]
				if t[a] < 0 || t[a] >= from[a] {
					return
				}
			}
			sum += float64(src[(t[0]*from[1]+t[1])*from[2]+t[2]])
		})
		dst[at] = float32(sum)
		at++
	})
}
