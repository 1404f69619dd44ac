package cpu

import (
	"math"
	"slices"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"
)

// rowLengths are lengths of rows with every remainder of a vector and of a loop, and some long ones.
func rowLengths() []int {
	lengths := []int{255, 256, 257, 1000, longestSoftmaxRow}
	for n := 1; n <= longest; n++ {
		lengths = append(lengths, n)
	}
	return lengths
}

// checkRows runs a kernel over rows of n elements, between bands and in place, all together and each alone, which must
// give the same bits, and compares it with a definition in float64. A result may be off by tolerance·size.
func checkRows(t *testing.T, x []float32, n int, run func(dst, src []float32), define func(y []float64, x []float32) (size float64), tolerance float64) {
	t.Helper()
	src, _ := banded(t, x)
	got, check := banded(t, nans(len(x)))
	run(got, src)
	check()
	alone := slices.Clone(x)
	want := make([]float64, n)
	for at := 0; at < len(x); at += n {
		size := define(want, x[at:][:n])
		for i, w := range want {
			g := float64(got[at+i])
			require.True(t, math.Abs(g-w) <= tolerance*size || math.IsNaN(w) && math.IsNaN(g),
				"element %d of row %d of %d: got %v, want %v", i, at/n, n, g, w)
		}
		run(alone[at:][:n], alone[at:][:n])
	}
	require.Equal(t, -1, sameNumbers(got, alone), "rows of %d alone", n)
	run(src, src)
	require.Equal(t, -1, sameNumbers(got, src), "rows of %d in place", n)
}

func softmaxOf(y []float64, x []float32) (size float64) {
	greatest, sum := math.Inf(-1), 0.0
	for _, v := range x {
		greatest = max(greatest, float64(v))
	}
	for i, v := range x {
		y[i] = math.Exp(float64(v) - greatest)
		sum += y[i]
	}
	for i := range y {
		y[i] /= sum
		size = max(size, y[i])
	}
	return size
}

func TestSoftmaxRows(t *testing.T) {
	eachTier(t, func(t *testing.T, k *Kernels) {
		r := newRand(t, 61)
		for _, n := range append(rowLengths(), longestSoftmaxRow+1) {
			for _, rows := range []int{1, 2, 5} {
				x := floats(r, rows*n)
				for i := range x {
					x[i] = 5*x[i] + 100
				}
				if rows == 5 {
					x[n/2], x[n+n/3], x[2*n+n-1] = nan, float32(math.Inf(1)), float32(math.Inf(-1))
					for i := range n {
						x[3*n+i] = -1e38
					}
				}
				run := func(dst, src []float32) { SoftmaxRows(k, nil, nil, dst, src, len(src)/n, false) }
				checkRows(t, x, n, run, softmaxOf, 3e-6)
			}
		}
	})
}

func TestRowNorm(t *testing.T) {
	eachTier(t, func(t *testing.T, k *Kernels) {
		r := newRand(t, 62)
		for _, n := range append(rowLengths(), LongestNormRow) {
			for _, mean := range []bool{true, false} {
				norm := RowNorm{Mean: mean, Scale: floats(r, n), Epsilon: 1e-5}
				if mean {
					norm.Bias = floats(r, n)
				}
				x := floats(r, 4*n)
				for i := range n {
					x[n+i] += 1000 // far from 0: the mean must not cost digits
					x[2*n+i] = 7
				}
				x[3*n+n/2] = nan
				run := func(dst, src []float32) { norm.Run(k, nil, nil, dst, src) }
				checkRows(t, x, n, run, norm.define, 1e-5)
			}
		}
	})
}

// define is the definition in float64.
func (r *RowNorm) define(y []float64, x []float32) (size float64) {
	n := float64(len(x))
	var mean, squares float64
	if r.Mean {
		for _, v := range x {
			mean += float64(v) / n
		}
	}
	for _, v := range x {
		squares += (float64(v) - mean) * (float64(v) - mean)
	}
	for i, v := range x {
		y[i] = (float64(v) - mean) / math.Sqrt(squares/n+float64(r.Epsilon)) * float64(r.Scale[i])
		if r.Bias != nil {
			y[i] += float64(r.Bias[i])
		}
		size = max(size, math.Abs(y[i]))
	}
	return size
}

func TestRowsAllocateNothing(t *testing.T) {
	eachTier(t, func(t *testing.T, k *Kernels) {
		x := make([]float32, 100)
		require.Zero(t, testing.AllocsPerRun(10, func() { k.softmaxRows(x, x, 20) }))
	})
}

func BenchmarkRows(b *testing.B) {
	for _, tier := range Available() {
		k := KernelsFor(tier)
		for _, n := range []int{16, 32, 49, 64, 128, 256, 1000, 2048} {
			x, y := floats(newRand(b, 63), 1<<14/n*n), make([]float32, 1<<14/n*n)
			scale := floats(newRand(b, 64), n)
			layer, rms := RowNorm{Mean: true, Scale: scale, Bias: scale, Epsilon: 1e-5}, RowNorm{Scale: scale, Epsilon: 1e-5}
			for name, run := range map[string]func(){
				"Softmax":   func() { SoftmaxRows(k, nil, nil, y, x, len(x)/n, false) },
				"LayerNorm": func() { layer.Run(k, nil, nil, y, x) },
				"RMSNorm":   func() { rms.Run(k, nil, nil, y, x) },
			} {
				b.Run(name+"/"+string(tier)+"/"+strconv.Itoa(n), func(b *testing.B) {
					for b.Loop() {
						run()
					}
					b.ReportMetric(b.Elapsed().Seconds()*1e9/float64(b.N)/float64(len(x)), "ns/element")
				})
			}
		}
	}
}
