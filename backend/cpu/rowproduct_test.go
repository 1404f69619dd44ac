package cpu

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"
)

// Whole numbers: every tail of columns and of depth, matrices either way, and nothing written beyond the columns.
func TestRowProduct(t *testing.T) {
	eachTier(t, func(t *testing.T, k *Kernels) {
		r := newRand(t, 92)
		for n := 1; n <= 2*k.rowCols+1; n += 1 + n/8 {
			for _, depth := range []int{0, 1, 2, 3, 4, 5, 31, 64, 67} {
				transposed := (n+depth)%2 == 0
				ldb := n + 3
				if transposed {
					ldb = depth + 3
				}
				b, x := integers(r, (max(n, depth)+3)*(max(n, depth)+3)), integers(r, depth)
				p := NewRowProduct(k, depth, n, b, ldb, transposed)
				start := integers(r, n)
				y, check := banded(t, append(append([]float32(nil), start...), nans(p.Columns()-n)...))
				p.AddTo(nil, nil, y, x)
				check()
				for j := range n {
					want := start[j]
					for i := range depth {
						at := i*ldb + j
						if transposed {
							at = j*ldb + i
						}
						want += x[i] * b[at]
					}
					require.Equal(t, want, y[j], "%d x %d, column %d", depth, n, j)
				}
				for _, v := range y[n:] {
					require.True(t, v != v, "%d x %d: written beyond", depth, n)
				}
			}
		}
	})
}

// Large enough to be shared, and deeper than a call of a kernel.
func TestRowProductThreads(t *testing.T) {
	eachTier(t, func(t *testing.T, k *Kernels) {
		r := newRand(t, 93)
		for _, size := range [][2]int{{700, 900}, {rowDepth + 33, 130}} {
			depth, n := size[0], size[1]
			b, x := floats(r, depth*n), floats(r, depth)
			p := NewRowProduct(k, depth, n, b, n, false)
			want := make([]float32, p.Columns())
			p.AddTo(nil, nil, want, x)
			for j := range n {
				sum := 0.0
				for i, v := range x {
					sum += float64(v) * float64(b[i*n+j])
				}
				require.InDelta(t, sum, want[j], 1e-3)
			}
			for _, threads := range []int{2, 3} {
				got := make([]float32, p.Columns())
				p.AddTo(newTestPool(t, threads), nil, got, x)
				require.Equal(t, -1, sameBits(want, got), "%d threads", threads)
			}
		}
	})
}

func TestRowProductRefuses(t *testing.T) {
	k := KernelsFor(Generic)
	p := NewRowProduct(k, 4, 9, make([]float32, 36), 9, false)
	require.Panics(t, func() { p.AddTo(nil, nil, make([]float32, 9), make([]float32, 4)) }, "no room for whole panels")
	require.Panics(t, func() { p.AddTo(nil, nil, make([]float32, 16), make([]float32, 3)) })
}

func BenchmarkRowProduct(b *testing.B) {
	for _, tier := range Available() {
		k := KernelsFor(tier)
		for _, hidden := range []int{64, 128, 256, 512} {
			b.Run(fmt.Sprintf("%s/%d", tier, hidden), func(b *testing.B) {
				p := NewRowProduct(k, hidden, 4*hidden, make([]float32, 4*hidden*hidden), hidden, true)
				x, y := make([]float32, hidden), make([]float32, p.Columns())
				b.SetBytes(int64(4 * len(p.data)))
				for b.Loop() {
					p.AddTo(nil, nil, y, x)
				}
			})
		}
	}
}
