package cpu

import (
	"math"
	"math/rand/v2"
	"testing"
)

// Integers up to 8 keep sums below 2^24 exact in any order, so that results are compared with ==.
func integers(r *rand.Rand, n int) []float32 {
	x := make([]float32, n)
	for i := range x {
		x[i] = float32(r.IntN(17) - 8)
	}
	return x
}

func floats(r *rand.Rand, n int) []float32 {
	x := make([]float32, n)
	for i := range x {
		x[i] = r.Float32()*2 - 1
	}
	return x
}

func newRand(t testing.TB, seed uint64) *rand.Rand {
	t.Helper()
	return rand.New(rand.NewPCG(seed, 1))
}

var nan = float32(math.NaN())

const band = 67 // floats of NaN before and after a banded slice

// banded returns a copy of x between bands of NaN and a function that checks the bands. A kernel that reads a band
// makes a NaN; one that writes it is caught by the check.
func banded(t testing.TB, x []float32) (y []float32, check func()) {
	buf := make([]float32, len(x)+2*band)
	for i := range buf {
		buf[i] = nan
	}
	y = buf[band : band+len(x)]
	copy(y, x)
	return y, func() {
		t.Helper()
		for i := range band {
			if buf[i] == buf[i] || buf[len(buf)-1-i] == buf[len(buf)-1-i] {
				t.Fatalf("guard band written, %d floats from its edge", i)
			}
		}
	}
}

// nans returns n NaN: what an output or workspace holds before it is computed.
func nans(n int) []float32 {
	x := make([]float32, n)
	for i := range x {
		x[i] = nan
	}
	return x
}

// firstDifference returns the first index where the slices differ, -1 if none does. NaN equals NaN.
func firstDifference(a, b []float32) int {
	for i := range a {
		if a[i] != b[i] && (a[i] == a[i] || b[i] == b[i]) {
			return i
		}
	}
	return -1
}

// sameBits is firstDifference by bits.
func sameBits(a, b []float32) int {
	for i := range a {
		if math.Float32bits(a[i]) != math.Float32bits(b[i]) {
			return i
		}
	}
	return -1
}

// eachTier runs a test for every tier of this machine.
func eachTier(t *testing.T, f func(t *testing.T, k *Kernels)) {
	for _, tier := range Available() {
		t.Run(string(tier), func(t *testing.T) { f(t, KernelsFor(tier)) })
	}
}
