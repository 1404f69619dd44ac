package cpu

import (
	"math"
	"os"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"
)

// vecCase is a function with its definition in float64 and the greatest error that its assembly may have, in units in
// the last place.
type vecCase struct {
	f    VecFunc
	def  func(x float64) float64
	ulps float64
}

func logistic(x float64) float64 {
	if x >= 0 {
		return 1 / (1 + math.Exp(-x))
	}
	e := math.Exp(x)
	return e / (1 + e)
}

var vecCases = map[string]vecCase{
	"Relu":      {VecFunc{Kind: VecRelu}, func(x float64) float64 { return max(x, 0) }, 0},
	"LeakyRelu": {VecFunc{Kind: VecLeakyRelu, A: 0.1}, func(x float64) float64 { return max(x, 0) + min(x, 0)*float64(float32(0.1)) }, 0.5},
	"Clip":      {VecFunc{Kind: VecClip, A: -1, B: 6}, func(x float64) float64 { return min(max(x, -1), 6) }, 0},
	"Clip beyond its upper bound": {VecFunc{Kind: VecClip, A: 2, B: -1}, func(x float64) float64 {
		if x != x {
			return x
		}
		return -1
	}, 0},
	"Abs":        {VecFunc{Kind: VecAbs}, math.Abs, 0},
	"Neg":        {VecFunc{Kind: VecNeg}, func(x float64) float64 { return -x }, 0},
	"Sqrt":       {VecFunc{Kind: VecSqrt}, math.Sqrt, 0.5},
	"Reciprocal": {VecFunc{Kind: VecReciprocal}, func(x float64) float64 { return 1 / x }, 0.5},
	"Affine":     {VecFunc{Kind: VecAffine, A: 1, B: -2}, func(x float64) float64 { return x - 2 }, 0.5},
	"HardSwish": {VecFunc{Kind: VecHardSwish}, func(x float64) float64 {
		if x <= -3 {
			return 0 * x
		}
		return x * min((x+3)/6, 1)
	}, 2.5},
	"Exp":              {VecFunc{Kind: VecExp}, math.Exp, 1.1},
	"Exp with a shift": {VecFunc{Kind: VecExp, A: 3}, func(x float64) float64 { return math.Exp(float64(float32(x) - 3)) }, 1.1},
	"Sigmoid":          {VecFunc{Kind: VecSigmoid}, logistic, 2.4},
	"Tanh":             {VecFunc{Kind: VecTanh}, math.Tanh, 2.4},
	"Erf":              {VecFunc{Kind: VecErf}, math.Erf, 1},
	"Swish":            {VecFunc{Kind: VecSwish, A: 1}, func(x float64) float64 { return x * logistic(x) }, 3.7},
	"Swish of 1.702":   {VecFunc{Kind: VecSwish, A: 1.702}, func(x float64) float64 { return x * logistic(float64(float32(1.702))*x) }, 3.7},
	"Gelu":             {VecFunc{Kind: VecGelu}, func(x float64) float64 { return 0.5 * x * math.Erfc(-x/math.Sqrt2) }, 4},
	"GeluTanh": {VecFunc{Kind: VecGeluTanh}, func(x float64) float64 {
		return x * logistic(math.Sqrt(8/math.Pi)*(x+0.044715*x*x*x))
	}, 3.8},
	"Elu": {VecFunc{Kind: VecElu, A: 1, B: 1, C: 1}, func(x float64) float64 { return max(x, 0) + math.Expm1(min(x, 0)) }, 1},
	"Celu": {VecFunc{Kind: VecElu, A: 1, B: 2, C: 0.5}, func(x float64) float64 {
		return max(x, 0) + 2*math.Expm1(min(x, 0)/2)
	}, 1},
	"Softplus": {VecFunc{Kind: VecSoftplus}, func(x float64) float64 { return max(x, 0) + math.Log1p(math.Exp(-math.Abs(x))) }, 2.7},
	"Mish": {VecFunc{Kind: VecMish}, func(x float64) float64 {
		return x * math.Tanh(max(x, 0)+math.Log1p(math.Exp(-math.Abs(x))))
	}, 3.7},
	"Sin":     {VecFunc{Kind: VecSin}, math.Sin, 1.5},
	"Cos":     {VecFunc{Kind: VecCos}, math.Cos, 1.5},
	"Log":     {VecFunc{Kind: VecLog}, math.Log, 0.9},
	"Cube":    {VecFunc{Kind: VecCube}, func(x float64) float64 { return x * x * x }, 1.3},
	"PowHalf": {VecFunc{Kind: VecPowHalf}, func(x float64) float64 { return math.Pow(x, 0.5) }, 0.5},
}

// vecStride is the distance of the floats, as integers, at which functions are tested: a prime that leaves two million.
// CPU_TEST_VEC_STRIDE sets another.
func vecStride() uint64 {
	if n, err := strconv.ParseUint(os.Getenv("CPU_TEST_VEC_STRIDE"), 10, 32); err == nil && n > 0 {
		return n
	}
	return 2053
}

// ulps is how far got is from want in units in the last place of a float32. Infinity counts as the next power of two.
func ulps(got float32, want float64) float64 {
	if math.IsNaN(want) || got != got {
		if math.IsNaN(want) && got != got {
			return 0
		}
		return math.Inf(1)
	}
	bounded := func(x float64) float64 { return max(min(x, 0x1p128), -0x1p128) }
	w, g := bounded(want), bounded(float64(got))
	if math.Abs(w) > math.MaxFloat32 && math.IsInf(float64(got), 0) {
		w = math.Copysign(0x1p128, w)
	}
	_, exp := math.Frexp(w)
	return math.Abs(g-w) / math.Ldexp(1, max(exp-24, -149))
}

func TestVecFuncs(t *testing.T) {
	stride := vecStride()
	for name, c := range vecCases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			worst := map[Tier]float64{}
			at := map[Tier]float32{}
			src, dst := make([]float32, 0, 4096), make([]float32, 4096)
			want := make([]float64, 0, cap(src))
			flush := func() {
				for _, tier := range Available() {
					KernelsFor(tier).Map(c.f, dst[:len(src)], src)
					for i, y := range dst[:len(src)] {
						if d := ulps(y, want[i]); d > worst[tier] {
							worst[tier], at[tier] = d, src[i]
						}
					}
				}
				src, want = src[:0], want[:0]
			}
			for bits := uint64(0); bits < 1<<32; bits += stride {
				x := math.Float32frombits(uint32(bits))
				src, want = append(src, x), append(want, c.def(float64(x)))
				if len(src) == cap(src) {
					flush()
				}
			}
			for _, x := range special {
				src, want = append(src, x), append(want, c.def(float64(x)))
				if len(src) == cap(src) {
					flush()
				}
			}
			flush()
			for tier, d := range worst {
				t.Logf("%s %s: %.3f ulps at %v", name, tier, d, at[tier])
				limit := c.ulps
				if tier == Generic {
					limit = min(limit, 1)
				}
				if !(d <= limit) {
					got := []float32{at[tier]}
					KernelsFor(tier).Map(c.f, got, got)
					t.Errorf("%s: %v ulps at %v (%#08x): got %v, want %v", tier, d, at[tier], math.Float32bits(at[tier]), got[0], c.def(float64(at[tier])))
				}
			}
		})
	}
}

// longest is the greatest length at which kernels are tested: three rounds of the widest loop and one more.
const longest = 3*mostVecLoop + 1

// mostVecLoop is how many elements a vector kernel handles in one round of its loop at most.
const mostVecLoop = 4 * maxBlock

// Every length, between bands and in place, gives the bits that elements have on their own.
func TestMapLengths(t *testing.T) {
	eachTier(t, func(t *testing.T, k *Kernels) {
		r := newRand(t, 51)
		x := floats(r, longest)
		for i := range x {
			x[i] *= 8
		}
		for i, v := range special {
			x[7*i] = v
		}
		for name, c := range vecCases {
			want := make([]float32, longest)
			for i := range x {
				k.Map(c.f, want[i:][:1], x[i:][:1])
			}
			for n := range longest + 1 {
				src, _ := banded(t, x[:n])
				dst, check := banded(t, nans(n))
				k.Map(c.f, dst, src)
				check()
				require.Equal(t, -1, sameBits(want[:n], dst), "%s of %d", name, n)
				k.Map(c.f, src, src)
				require.Equal(t, -1, sameBits(want[:n], src), "%s of %d in place", name, n)
			}
		}
	})
}

// pairDefs are the functions of two operands.
var pairDefs = [vecPairs]func(a, b float32) float32{
	PairAdd:  func(a, b float32) float32 { return a + b },
	PairSub:  func(a, b float32) float32 { return a - b },
	PairRSub: func(a, b float32) float32 { return b - a },
	PairMul:  func(a, b float32) float32 { return a * b },
	PairDiv:  func(a, b float32) float32 { return a / b },
	PairRDiv: func(a, b float32) float32 { return b / a },
	PairMin:  func(a, b float32) float32 { return min(a, b) },
	PairMax:  func(a, b float32) float32 { return max(a, b) },
	PairPRelu: func(a, b float32) float32 {
		if a >= 0 {
			return a
		}
		return a * b
	},
}

// sameNumbers is sameBits where NaN equals NaN.
func sameNumbers(a, b []float32) int {
	for i := range a {
		if math.Float32bits(a[i]) != math.Float32bits(b[i]) && (a[i] == a[i] || b[i] == b[i]) {
			return i
		}
	}
	return -1
}

func TestPairs(t *testing.T) {
	eachTier(t, func(t *testing.T, k *Kernels) {
		r := newRand(t, 52)
		for f, def := range pairDefs {
			f := VecPair(f)
			for n := range longest + 1 {
				a, b := floats(r, n), floats(r, n)
				for i := range n / 2 {
					a[i], b[i] = special[r.IntN(len(special))], special[r.IntN(len(special))]
				}
				want := make([]float32, n)
				for i := range want {
					want[i] = def(a[i], b[i])
				}
				got, check := banded(t, nans(n))
				k.Pairs(f, got, a, b)
				check()
				require.Equal(t, -1, sameNumbers(want, got), "%d of %d", f, n)
				for _, dst := range [][]float32{a, b} {
					x, y := append([]float32{}, a...), append([]float32{}, b...)
					got := x
					if n > 0 && &dst[0] == &b[0] {
						got = y
					}
					k.Pairs(f, got, x, y)
					require.Equal(t, -1, sameNumbers(want, got), "%d of %d in place", f, n)
				}
			}
		}
	})
}

func TestPairsLanes(t *testing.T) {
	eachTier(t, func(t *testing.T, k *Kernels) {
		r := newRand(t, 53)
		for f, def := range pairDefs {
			f := VecPair(f)
			for n := range longest + 1 {
				a := floats(r, n)
				for _, lanes := range []int{1, k.Block} {
					b := floats(r, lanes)
					want := make([]float32, n)
					for i := range want {
						want[i] = def(a[i], b[i%lanes])
					}
					got, check := banded(t, a)
					k.PairsLanes(f, got, got, b)
					check()
					require.Equal(t, -1, sameNumbers(want, got), "%d of %d with %d lanes", f, n, lanes)
				}
			}
		}
	})
}

func TestAffineLanes(t *testing.T) {
	eachTier(t, func(t *testing.T, k *Kernels) {
		r := newRand(t, 54)
		for n := range longest + 1 {
			x, scale, shift := integers(r, n), integers(r, k.Block), integers(r, k.Block)
			got, check := banded(t, x)
			k.AffineLanes(got, got, scale, shift)
			check()
			for i, v := range x {
				require.Equal(t, v*scale[i%k.Block]+shift[i%k.Block], got[i], "%d of %d", i, n)
			}
		}
	})
}

// Integers add up to the same in any order.
func TestReductions(t *testing.T) {
	eachTier(t, func(t *testing.T, k *Kernels) {
		r := newRand(t, 55)
		lengths := []int{vecSumCall - 1, vecSumCall + 1, 2*vecCall + 77}
		for n := range longest + 1 {
			lengths = append(lengths, n)
		}
		for _, n := range lengths {
			x, _ := banded(t, integers(r, n))
			y, _ := banded(t, integers(r, n))
			shift := integers(r, k.Block)
			var sum, squares, dot float64
			sums, laneSquares := make([]float64, k.Block), make([]float64, k.Block)
			greatest := float32(math.Inf(-1))
			lanes := make([]float32, k.Block)
			for i := range lanes {
				lanes[i] = greatest
			}
			gotMax := append([]float32{}, lanes...)
			for i, v := range x {
				sum += float64(v)
				squares += float64((v - 3) * (v - 3))
				dot += float64(v * y[i])
				d := float64(v - shift[i%k.Block])
				sums[i%k.Block] += d
				laneSquares[i%k.Block] += d * d
				greatest = max(greatest, v)
				lanes[i%k.Block] = max(lanes[i%k.Block], v)
			}
			require.Equal(t, sum, k.Sum(x), n)
			require.Equal(t, squares, k.SumSquares(x, 3), n)
			require.Equal(t, dot, k.Dot(x, y), n)
			require.Equal(t, greatest, k.Max(x), n)
			gotSums, gotSquares := make([]float64, k.Block), make([]float64, k.Block)
			k.LaneSums(gotSums, gotSquares, x, shift)
			require.Equal(t, sums, gotSums, n)
			require.Equal(t, laneSquares, gotSquares, n)
			k.LaneMax(gotMax, x)
			require.Equal(t, lanes, gotMax, n)
			if n > 0 {
				at := r.IntN(n)
				x[at] = nan
				require.True(t, k.Max(x) != k.Max(x), "NaN at %d of %d", at, n)
			}
		}
	})
}

// Float sums keep the bound of adding vecSumCall / (4·8) terms in a row.
func TestSumIsAccurate(t *testing.T) {
	eachTier(t, func(t *testing.T, k *Kernels) {
		x := floats(newRand(t, 56), 1<<20+5)
		var sum, size float64
		for _, v := range x {
			sum += float64(v)
			size += math.Abs(float64(v))
		}
		require.InDelta(t, sum, k.Sum(x), vecSumCall/8*0x1p-24*size)
	})
}

func TestVecRefusesOtherLengths(t *testing.T) {
	k := KernelsFor(Generic)
	x := make([]float32, 9)
	require.Panics(t, func() { k.Map(VecFunc{}, x, x[1:]) })
	require.Panics(t, func() { k.Pairs(PairAdd, x, x, x[1:]) })
	require.Panics(t, func() { k.PairsLanes(PairAdd, x, x, x[:2]) })
	require.Panics(t, func() { PairPRelu.Reversed() })
	for p := PairAdd; p < PairPRelu; p++ {
		require.Equal(t, p, p.Reversed().Reversed())
	}
}

// Calls allocate nothing.
func TestVecAllocatesNothing(t *testing.T) {
	eachTier(t, func(t *testing.T, k *Kernels) {
		x, lanes, sums := make([]float32, 100), make([]float32, k.Block), make([]float64, k.Block)
		require.Zero(t, testing.AllocsPerRun(10, func() {
			k.Map(VecFunc{Kind: VecGelu}, x, x)
			k.Pairs(PairAdd, x, x, x)
			k.PairsLanes(PairAdd, x, x, lanes)
			k.AffineLanes(x, x, lanes, lanes)
			k.LaneSums(sums, sums, x, lanes)
			k.LaneMax(lanes, x)
			_ = k.Sum(x) + k.SumSquares(x, 1) + k.Dot(x, x) + float64(k.Max(x))
		}))
	})
}

func BenchmarkMap(b *testing.B) {
	for name, c := range vecCases {
		for _, tier := range Available() {
			b.Run(name+"/"+string(tier), func(b *testing.B) {
				k, r := KernelsFor(tier), newRand(b, 57)
				x := floats(r, 4096)
				for i := range x {
					x[i] *= 4
				}
				y := make([]float32, len(x))
				for b.Loop() {
					k.Map(c.f, y, x)
				}
				b.ReportMetric(b.Elapsed().Seconds()*1e9/float64(b.N)/float64(len(x)), "ns/element")
			})
		}
	}
}
