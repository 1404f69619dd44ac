package cpu

import (
	"fmt"
	"math"
	"testing"

	"github.com/stretchr/testify/require"
)

// gemmNaive is the definition, in float64; bound is sum |alpha*a*b| + |beta*c| of each element.
func gemmNaive(g Gemm, a, b, c []float32) (sum, bound []float64) {
	sum, bound = make([]float64, len(c)), make([]float64, len(c))
	va, vb := viewOf(a, g.LDA, g.TransA), viewOf(b, g.LDB, g.TransB)
	for i := range g.M {
		for j := range g.N {
			var s, m float64
			for p := range g.K {
				x := float64(va.data[i*va.rowStride+p*va.colStride]) * float64(vb.data[p*vb.rowStride+j*vb.colStride])
				s += x
				m += math.Abs(x)
			}
			s, m = s*float64(g.Alpha), m*math.Abs(float64(g.Alpha))
			if old := float64(c[i*g.LDC+j]) * float64(g.Beta); g.Beta != 0 {
				s += old
				m += math.Abs(old)
			}
			sum[i*g.LDC+j], bound[i*g.LDC+j] = s, m
		}
	}
	return sum, bound
}

// dense fills in the leading dimensions of matrices without gaps.
func dense(g Gemm) Gemm {
	g.LDA, g.LDB, g.LDC = g.K, g.N, g.N
	if g.TransA {
		g.LDA = g.M
	}
	if g.TransB {
		g.LDB = g.K
	}
	return g
}

func runGemm(p *GemmPlan, pool *Pool, a, b, c []float32) {
	p.Run(pool, nil, nans(p.WorkspaceFloats(pool.Threads())), a, b, c)
}

func TestGemmByHand(t *testing.T) {
	eachTier(t, func(t *testing.T, k *Kernels) {
		g := dense(Gemm{M: 2, N: 2, K: 3, Alpha: 2, Beta: -1})
		c := []float32{1, 2, 3, 4}
		runGemm(NewGemm(k, g, nil, nil), nil, []float32{1, 2, 3, 4, 5, 6}, []float32{7, 8, 9, 10, 11, 12}, c)
		require.Equal(t, []float32{2*58 - 1, 2*64 - 2, 2*139 - 3, 2*154 - 4}, c)
	})
}

// Every height and width up to three tiles and one, operands between NaN bands.
func TestGemmTails(t *testing.T) {
	eachTier(t, func(t *testing.T, k *Kernels) {
		r := newRand(t, 1)
		for m := 1; m <= 3*k.MR+1; m++ {
			for n := 1; n <= 3*k.NR+1; n++ {
				g := dense(Gemm{M: m, N: n, K: 1 + (m+n)%7, Alpha: 1, TransA: m%2 == 0, TransB: n%2 == 0})
				checkGemm(t, k, g, integers(r, m*g.K), integers(r, g.K*n), nans(m*n))
			}
		}
	})
}

func checkGemm(t *testing.T, k *Kernels, g Gemm, a, b, c []float32) {
	t.Helper()
	want, _ := gemmNaive(g, a, b, c)
	a, checkA := banded(t, a)
	b, checkB := banded(t, b)
	for packed := range 4 {
		var pa *PackedA
		var pb *PackedB
		if packed&1 != 0 {
			pa = PackA(k, g.M, g.K, a, g.LDA, g.TransA)
		}
		if packed&2 != 0 {
			pb = PackB(k, g.K, g.N, b, g.LDB, g.TransB)
		}
		got, checkC := banded(t, c)
		runGemm(NewGemm(k, g, pa, pb), nil, a, b, got)
		for i := range g.M {
			for j := range g.N {
				if x := float64(got[i*g.LDC+j]); x != want[i*g.LDC+j] {
					t.Fatalf("%+v packed %d: C[%d,%d] is %v, want %v", g, packed, i, j, x, want[i*g.LDC+j])
				}
			}
		}
		checkA()
		checkB()
		checkC()
	}
}

func TestGemmStridesAlphaBeta(t *testing.T) {
	eachTier(t, func(t *testing.T, k *Kernels) {
		r := newRand(t, 2)
		for range 200 {
			g := dense(Gemm{
				M: 1 + r.IntN(50), N: 1 + r.IntN(80), K: r.IntN(40), TransA: r.IntN(2) == 0, TransB: r.IntN(2) == 0,
				Alpha: float32(r.IntN(4) - 1), Beta: float32(r.IntN(4) - 1),
			})
			g.LDA, g.LDB, g.LDC = g.LDA+r.IntN(5), g.LDB+r.IntN(5), g.LDC+r.IntN(5)
			a, b := integers(r, g.LDA*max(g.M, g.K)), integers(r, g.LDB*max(g.K, g.N))
			c := integers(r, g.LDC*g.M)
			checkGemm(t, k, g, a, b, c)
			for i := range g.M { // between the rows of C nothing is written
				copyOf, gap := append([]float32(nil), c...), g.LDC-g.N
				runGemm(NewGemm(k, g, nil, nil), nil, a, b, copyOf)
				require.Equal(t, c[i*g.LDC+g.N:][:gap], copyOf[i*g.LDC+g.N:][:gap])
				break
			}
		}
	})
}

// K beyond one block, M and N beyond one chunk, with the error bound of a sum of K products.
func TestGemmLargeAndThreads(t *testing.T) {
	eachTier(t, func(t *testing.T, k *Kernels) {
		r := newRand(t, 3)
		for _, size := range [][3]int{{150, 700, 1100}, {3, 2000, 600}, {300, 5, 1030}, {1, 1, 5000}} {
			g := dense(Gemm{M: size[0], N: size[1], K: size[2], Alpha: 1, Beta: 1})
			a, b, c := floats(r, g.M*g.K), floats(r, g.K*g.N), floats(r, g.M*g.N)
			want, bound := gemmNaive(g, a, b, c)
			plan := NewGemm(k, g, nil, nil)
			var first []float32
			for _, threads := range []int{1, 2, 3, 4, 7} {
				got := append([]float32(nil), c...)
				runGemm(plan, newTestPool(t, threads), a, b, got)
				if first == nil {
					first = got
				}
				require.Equal(t, -1, sameBits(first, got), "%v, %d threads", size, threads)
			}
			for i := range want {
				err := math.Abs(float64(first[i]) - want[i])
				require.LessOrEqual(t, err, float64(g.K+2)*0x1p-24*bound[i], "%v, element %d", size, i)
			}
		}
	})
}

func TestGemmBatch(t *testing.T) {
	eachTier(t, func(t *testing.T, k *Kernels) {
		r := newRand(t, 4)
		pool := newTestPool(t, 3)
		g := dense(Gemm{M: 17, N: 35, K: 9, Alpha: 1})
		for _, sharedA := range []bool{false, true} {
			batch := []GemmOffsets{}
			for i := range 6 { // B is broadcast over pairs
				at := GemmOffsets{A: i * g.M * g.K, B: i / 2 * g.K * g.N, C: i * g.M * g.N}
				if sharedA {
					at.A = 0
				}
				batch = append(batch, at)
			}
			g.Batch = batch
			a, b := integers(r, 6*g.M*g.K), integers(r, 3*g.K*g.N)
			c := nans(6 * g.M * g.N)
			runGemm(NewGemm(k, g, nil, nil), pool, a, b, c)
			for i, at := range batch {
				want, _ := gemmNaive(g, a[at.A:], b[at.B:], c[at.C:][:g.M*g.N])
				for j := range want {
					require.EqualValues(t, want[j], c[at.C+j], "product %d, element %d", i, j)
				}
			}
		}
	})
}

func TestGemmEmpty(t *testing.T) {
	eachTier(t, func(t *testing.T, k *Kernels) {
		for _, size := range [][3]int{{0, 3, 4}, {3, 0, 4}} {
			g := dense(Gemm{M: size[0], N: size[1], K: size[2], Alpha: 1})
			runGemm(NewGemm(k, g, nil, nil), nil, make([]float32, 12), make([]float32, 12), nil)
		}
		g := dense(Gemm{M: 2, N: 2, K: 0, Alpha: 1, Beta: 1})
		c := []float32{1, 2, 3, 4}
		runGemm(NewGemm(k, g, nil, nil), nil, nil, nil, c)
		require.Equal(t, []float32{1, 2, 3, 4}, c)
	})
}

func BenchmarkGemm(b *testing.B) {
	for _, tier := range Available() {
		for _, n := range []int{64, 256, 1024} {
			b.Run(fmt.Sprintf("%s/%d", tier, n), func(b *testing.B) {
				r := newRand(b, 1)
				g := dense(Gemm{M: n, N: n, K: n, Alpha: 1})
				x, y, z := floats(r, n*n), floats(r, n*n), AlignedFloats(n*n)
				plan := NewGemm(KernelsFor(tier), g, nil, nil)
				ws := AlignedFloats(plan.WorkspaceFloats(1))
				for b.Loop() {
					plan.Run(nil, nil, ws, x, y, z)
				}
				gflops(b, n*n*n)
			})
		}
	}
}
