package ops

import "github.com/tconv/tconv/backend/cpu"

// trimTaps drops the taps at both ends of each axis of a convolution's kernel that
// meet nothing but padding, whatever the output: atrous convolutions on small maps
// have many (a dilation of 24 on a map of 14 leaves the middle one). It gives the
// smaller geometry and the first tap that is left along each axis.
func trimTaps(g cpu.ConvGeom) (trimmed cpu.ConvGeom, first [3]int) {
	for a := range 3 {
		lo, hi := 0, g.Kernel[a]-1
		for lo < hi && !meetsInput(&g, a, lo) {
			lo++
		}
		for hi > lo && !meetsInput(&g, a, hi) {
			hi--
		}
		first[a] = lo
		g.Kernel[a] = hi - lo + 1
		g.PadBegin[a] -= lo * g.Dilation[a]
		if g.Kernel[a] == 1 {
			g.Dilation[a] = 1
		}
	}
	return g, first
}

// meetsInput reports whether some output may read an input through tap t of axis a.
func meetsInput(g *cpu.ConvGeom, a, t int) bool {
	least := t*g.Dilation[a] - g.PadBegin[a]
	return least < g.In[a] && least+(g.Out[a]-1)*g.Stride[a] >= 0
}

// trimWeights gives the weights [M, C/group, kernel...] of the taps that are left.
func trimWeights(w []float32, full, left, first [3]int) []float32 {
	if full == left {
		return w
	}
	taps := full[0] * full[1] * full[2]
	out := make([]float32, 0, len(w)/taps*left[0]*left[1]*left[2])
	for ; len(w) > 0; w = w[taps:] {
		for z := range left[0] {
			for y := range left[1] {
				at := ((first[0]+z)*full[1]+first[1]+y)*full[2] + first[2]
				out = append(out, w[at:at+left[2]]...)
			}
		}
	}
	return out
}
