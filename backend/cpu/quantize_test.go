package cpu

import (
	"bytes"
	"math"
	"testing"

	"github.com/stretchr/testify/require"
)

// byteScaleOf makes the ByteScale of a type.
func byteScaleOf(scale float32, zero int32, signed bool) ByteScale {
	least, most := int32(0), int32(255)
	if signed {
		least, most = -128, 127
	}
	return ByteScale{scale, float32(least - zero), float32(most - zero), zero}
}

// TestQuantizeByHand: ties go to even, what is out of range to the limits, NaN to the least.
func TestQuantizeByHand(t *testing.T) {
	inf := float32(math.Inf(1))
	x := []float32{0, 1, 3, 5, -1, -3, 509, 511, 1e30, -1e30, inf, -inf, nan, 2, 256, -256, 7, 4}
	eachTier(t, func(t *testing.T, k *Kernels) {
		got := make([]byte, len(x))
		k.Quantize(got, x, byteScaleOf(2, 0, false)) // 0.5 to 0, 1.5 to 2, 2.5 to 2, ...
		require.Equal(t, []byte{0, 0, 2, 2, 0, 0, 254, 255, 255, 0, 255, 0, 0, 1, 128, 0, 4, 2}, got)
		k.Quantize(got, x, byteScaleOf(2, 10, true))
		for i, want := range []int8{10, 10, 12, 12, 10, 8, 127, 127, 127, -128, 127, -128, -128, 11, 127, -118, 14, 12} {
			require.Equal(t, want, int8(got[i]), "%v", x[i])
		}
	})
}

// TestQuantizeTiers holds every tier against the loop in Go at every length: the same bytes, nothing beside them.
func TestQuantizeTiers(t *testing.T) {
	const most = 5*byteLanes + 1
	r := newRand(t, 44)
	x := make([]float32, most)
	for i := range x {
		x[i] = float32(r.IntN(4000)-2000) / 8 // many ties
	}
	eachTier(t, func(t *testing.T, k *Kernels) {
		for n := range most + 1 {
			for _, signed := range []bool{false, true} {
				s := byteScaleOf([]float32{0.25, 1, 1.7}[n%3], int32(n%100), signed)
				want, got := make([]byte, n), bytes.Repeat([]byte{0xA5}, most+1)
				quantizeGeneric(quantizeArgs{want, x[:n], s})
				k.Quantize(got[:n], x, s)
				require.Equal(t, want, got[:n], "%d elements, %+v", n, s)
				require.Equal(t, bytes.Repeat([]byte{0xA5}, most+1-n), got[n:], "%d elements", n)
			}
		}
	})
}

// TestDequantize converts every byte, at every length.
func TestDequantize(t *testing.T) {
	src := make([]byte, 256)
	for i := range src {
		src[i] = byte(i * 37)
	}
	eachTier(t, func(t *testing.T, k *Kernels) {
		for n := range len(src) + 1 {
			dst, check := banded(t, make([]float32, n))
			k.Dequantize(dst, src, 0.3, 100, false)
			check()
			for i, v := range dst {
				require.Equal(t, float32(int32(src[i])-100)*0.3, v)
			}
			k.Dequantize(dst, src, 0.3, -7, true)
			check()
			for i, v := range dst {
				require.Equal(t, float32(int32(int8(src[i]))+7)*0.3, v)
			}
		}
	})
}

// TestQuantizeLong runs more than one call of a kernel.
func TestQuantizeLong(t *testing.T) {
	x := make([]float32, 2*mostBytes+3*byteLanes+5)
	for i := range x {
		x[i] = float32(i % 251)
	}
	eachTier(t, func(t *testing.T, k *Kernels) {
		q, back := make([]byte, len(x)), make([]float32, len(x))
		k.Quantize(q, x, byteScaleOf(1, 0, false))
		k.Dequantize(back, q, 1, 0, false)
		require.Equal(t, x, back)
	})
}

// BenchmarkQuantize and BenchmarkDequantize take 64 Ki elements.
func BenchmarkQuantize(b *testing.B) {
	benchmarkBytes(b, func(k *Kernels, x []float32, q []byte) { k.Quantize(q, x, byteScaleOf(0.1, 3, false)) })
}

func BenchmarkDequantize(b *testing.B) {
	benchmarkBytes(b, func(k *Kernels, x []float32, q []byte) { k.Dequantize(x, q, 0.1, 3, false) })
}

func benchmarkBytes(b *testing.B, run func(k *Kernels, x []float32, q []byte)) {
	x, q := make([]float32, 1<<16), make([]byte, 1<<16)
	for i := range x {
		x[i] = float32(i % 77)
	}
	for _, tier := range Available() {
		b.Run(string(tier), func(b *testing.B) {
			for b.Loop() {
				run(KernelsFor(tier), x, q)
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(len(x)), "ns/element")
		})
	}
}
