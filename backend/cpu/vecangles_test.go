package cpu

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"
)

// Angles of every size, side by side and in place, give what they give alone, and nothing beyond ±1.
func TestAnglesOfEverySize(t *testing.T) {
	inf := float32(math.Inf(1))
	eachTier(t, func(t *testing.T, k *Kernels) {
		r := newRand(t, 58)
		for kind, def := range map[VecKind]func(float64) float64{VecSin: math.Sin, VecCos: math.Cos} {
			for n := 1; n < 200; n++ {
				x := floats(r, n)
				for i := range x {
					x[i] *= float32(math.Exp2(float64(r.IntN(30))))
				}
				x[r.IntN(n)] = []float32{0x1p17, -0x1p17, 0x1.fffffep16, 1e30, inf, -inf, nan}[n%7]
				got := append([]float32{}, x...)
				k.Map(VecFunc{Kind: kind}, got, got)
				for i, v := range x {
					require.LessOrEqual(t, ulps(got[i], def(float64(v))), 1.5, "%d of %v", kind, v)
					require.False(t, math.Abs(float64(got[i])) > 1, "%d of %v is %v", kind, v, got[i])
					k.Map(VecFunc{Kind: kind}, x[i:][:1], x[i:][:1])
				}
				require.Equal(t, -1, sameNumbers(x, got))
			}
		}
	})
}

// Next to multiples of π/2, where sine or cosine have their zeros, no digit is lost.
func TestAnglesNearQuarters(t *testing.T) {
	eachTier(t, func(t *testing.T, k *Kernels) {
		for n := range 1 << 16 {
			x := float32(float64(n) * math.Pi / 2)
			for _, v := range []float32{math.Nextafter32(x, -1), x, math.Nextafter32(x, math.MaxFloat32), -x} {
				y := []float32{v, v}
				k.Map(VecFunc{Kind: VecSin}, y[:1], y[:1])
				k.Map(VecFunc{Kind: VecCos}, y[1:], y[1:])
				require.LessOrEqual(t, ulps(y[0], math.Sin(float64(v))), 1.5, "sin %v", v)
				require.LessOrEqual(t, ulps(y[1], math.Cos(float64(v))), 1.5, "cos %v", v)
			}
		}
	})
}

func TestSineKeepsTheSignOfZero(t *testing.T) {
	eachTier(t, func(t *testing.T, k *Kernels) {
		y := []float32{float32(math.Copysign(0, -1)), 0}
		k.Map(VecFunc{Kind: VecSin}, y, y)
		require.Equal(t, []bool{true, false}, []bool{math.Signbit(float64(y[0])), math.Signbit(float64(y[1]))})
	})
}
