package cpu

// peakGeneric makes turns of 16 multiply-adds and returns how many operations they are.
func peakGeneric(turns int) float64 {
	var w [8]float32
	s0, s1, s2, s3, s4, s5, s6, s7 := w[0], w[1], w[2], w[3], w[4], w[5], w[6], w[7]
	for i := range turns {
		x := float32(i)
		s0, s1, s2, s3 = s0+x*w[0], s1+x*w[1], s2+x*w[2], s3+x*w[3]
		s4, s5, s6, s7 = s4+x*w[4], s5+x*w[5], s6+x*w[6], s7+x*w[7]
	}
	peakSink = s0 + s1 + s2 + s3 + s4 + s5 + s6 + s7
	return float64(2 * 8 * turns)
}

// peakSink keeps the compiler from dropping the loop.
var peakSink float32
