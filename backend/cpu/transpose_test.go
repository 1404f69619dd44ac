package cpu

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
)

// Every size around a block, pitches beyond it, and every bit of what is no number.
func TestTranspose(t *testing.T) {
	eachTier(t, func(t *testing.T, k *Kernels) {
		r := rand.New(rand.NewPCG(1, 2))
		for rows := k.Block; rows <= 3*k.Block+1; rows++ {
			for cols := 1; cols <= 2*k.Block+1; cols++ {
				dstPitch, srcPitch := cols+r.IntN(3), rows+r.IntN(3)
				src := make([]float32, (cols-1)*srcPitch+rows)
				for i := range src {
					src[i] = math.Float32frombits(r.Uint32())
				}
				dst, check := banded(t, nans((rows-1)*dstPitch+cols))
				before := append([]float32(nil), dst...)
				k.Transpose(dst, dstPitch, src, srcPitch, rows, cols)
				check()
				for i, v := range dst {
					want := before[i]
					if at, q := i/dstPitch, i%dstPitch; q < cols {
						want = src[q*srcPitch+at]
					}
					require.Equal(t, math.Float32bits(want), math.Float32bits(v), "%d x %d at %d", rows, cols, i)
				}
			}
		}
	})
}
