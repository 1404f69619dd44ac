package main

import "math"

// cosine is the cosine of the angle between two vectors; NaN where one is zero or not finite.
func cosine(a, b []float64) float64 {
	var dot, aa, bb float64
	for i := range a {
		dot, aa, bb = dot+a[i]*b[i], aa+a[i]*a[i], bb+b[i]*b[i]
	}
	return min(dot/math.Sqrt(aa*bb), 1)
}

// psnr is the peak signal-to-noise ratio in decibels; the peak is the range of the reference. +Inf where both are equal.
func psnr(got, ref []float64) float64 {
	low, high, squares := math.Inf(1), math.Inf(-1), 0.0
	for i, r := range ref {
		low, high = min(low, r), max(high, r)
		squares += (got[i] - r) * (got[i] - r)
	}
	return 10 * math.Log10((high-low)*(high-low)*float64(len(ref))/squares)
}

// planesOf reads a shape as pictures: how many channels, of how many positions each, channels last or not; 0 channels if
// the shape is no picture. The dimension of channels is the smaller one.
func planesOf(shape []int) (channels, positions int, last bool) {
	if len(shape) != 4 {
		return 0, 0, false
	}
	channels, positions = shape[1], shape[2]*shape[3]
	if shape[3] < shape[1] {
		channels, positions, last = shape[3], shape[1]*shape[2], true
	}
	if channels > 1000 || positions < 16 {
		return 0, 0, false
	}
	return channels, positions, last
}

// argmaxAgreement is the share of positions where both give the same class: the largest channel, or for a single channel
// on which side it is of the middle of the reference's range.
func argmaxAgreement(got, ref []float64, channels, positions int, last bool) float64 {
	if channels == 0 || len(got) == 0 {
		return math.NaN()
	}
	middle := middleOf(ref)
	same, total := 0, len(got)/channels
	for i := range total {
		start, step := i/positions*positions*channels+i%positions, positions
		if last {
			start, step = i*channels, 1
		}
		if channels == 1 && (got[start] >= middle) == (ref[start] >= middle) ||
			channels > 1 && largest(got, start, step, channels) == largest(ref, start, step, channels) {
			same++
		}
	}
	return float64(same) / float64(total)
}

// middleOf is the threshold of a mask: 0 for logits, else the middle between the smallest and the largest number.
func middleOf(ref []float64) float64 {
	low, high := math.Inf(1), math.Inf(-1)
	for _, r := range ref {
		low, high = min(low, r), max(high, r)
	}
	if low < 0 && high > 0 {
		return 0
	}
	return (low + high) / 2
}

// largest gives the number of the largest of n elements.
func largest(v []float64, start, step, n int) int {
	best := 0
	for c := 1; c < n; c++ {
		if v[start+c*step] > v[start+best*step] {
			best = c
		}
	}
	return best
}
