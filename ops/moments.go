package ops

import "math"

// The sums below are kept in float64 in four lanes, element i in lane i mod 4, so
// that they are exact enough for any size and do not wait for each other's
// additions. The order is fixed: results do not depend on threads.

// sum is the sum of x.
func sum[T Float](x []T) float64 {
	var s0, s1, s2, s3 float64
	for ; len(x) >= 4; x = x[4:] {
		s0 += float64(x[0])
		s1 += float64(x[1])
		s2 += float64(x[2])
		s3 += float64(x[3])
	}
	for _, v := range x {
		s0 += float64(v)
	}
	return s0 + s1 + (s2 + s3)
}

// sumSquares is the sum of (x - center)².
func sumSquares[T Float](x []T, center float64) float64 {
	var s0, s1, s2, s3 float64
	for ; len(x) >= 4; x = x[4:] {
		d0, d1, d2, d3 := float64(x[0])-center, float64(x[1])-center, float64(x[2])-center, float64(x[3])-center
		s0 += d0 * d0
		s1 += d1 * d1
		s2 += d2 * d2
		s3 += d3 * d3
	}
	for _, v := range x {
		d := float64(v) - center
		s0 += d * d
	}
	return s0 + s1 + (s2 + s3)
}

// moments gives the mean of x and the mean of (x - mean)².
func moments[T Float](x []T) (mean, variance float64) {
	n := float64(len(x))
	mean = sum(x) / n
	return mean, sumSquares(x, mean) / n
}

// scaleShift is y[i] = x[i]·scale + shift; y may be x.
func scaleShift[T Float](y, x []T, scale, shift float64) {
	x = x[:len(y)]
	for i, v := range x {
		y[i] = T(float64(v)*scale + shift)
	}
}

// normalizer gives scale and shift of y = (x - mean)/sqrt(variance + epsilon)·gain + bias.
func normalizer(mean, variance, epsilon, gain, bias float64) (scale, shift float64) {
	scale = gain / math.Sqrt(variance+epsilon)
	return scale, bias - mean*scale
}
