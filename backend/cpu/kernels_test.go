package cpu

import (
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestKernelsForRefusesOtherTiers(t *testing.T) {
	require.Same(t, KernelsFor(Generic), KernelsFor(Reference))
	require.Panics(t, func() { KernelsFor(NEON) })
}

// What _asm writes is what is committed.
func TestGeneratedFilesAreCurrent(t *testing.T) {
	dir := t.TempDir()
	out, err := exec.Command("go", "run", "./_asm", "-out", dir).CombinedOutput()
	require.NoError(t, err, "%s", out)
	files, err := os.ReadDir(dir)
	require.NoError(t, err)
	require.NotEmpty(t, files)
	for _, f := range files {
		want, err := os.ReadFile(filepath.Join(dir, f.Name()))
		require.NoError(t, err)
		got, err := os.ReadFile(f.Name())
		require.NoError(t, err)
		require.Equal(t, string(want), string(got), "%s is not what _asm writes; run go generate", f.Name())
	}
}

// Every kernel of the product against the loop of its doc comment. Those of half a tile make its first columns alone.
func TestGemmKernels(t *testing.T) {
	eachTier(t, func(t *testing.T, k *Kernels) {
		checkGemmKernels(t, k, k.gemm, k.NR)
		checkGemmKernels(t, k, k.gemmHalf, k.NR/2)
	})
}

func checkGemmKernels(t *testing.T, k *Kernels, kernels []func(gemmArgs), cols int) {
	t.Helper()
	r := newRand(t, 41)
	for rows := 1; rows < len(kernels); rows++ {
		for depth := range 14 {
			ldc := cols + depth%3
			a, b, c := integers(r, depth*rows), integers(r, depth*k.NR), integers(r, (rows-1)*ldc+k.NR)
			for _, accumulate := range []bool{false, true} {
				want := append([]float32(nil), c...)
				for i := range rows {
					for j := range cols {
						var sum float32
						if accumulate {
							sum = c[i*ldc+j]
						}
						for p := range depth {
							sum += a[p*rows+i] * b[p*k.NR+j]
						}
						want[i*ldc+j] = sum
					}
				}
				got, check := banded(t, c)
				kernels[rows](gemmArgs{a, b, got, rows, depth, ldc, accumulate})
				check()
				require.Equal(t, want, got, "%dx%d, depth %d, accumulate %v", rows, cols, depth, accumulate)
			}
		}
	}
}

// special values pass through the finish kernels as the activations define.
var special = []float32{
	nan, float32(math.Copysign(0, -1)), 0, 1, -1, 2.5, -2.5, 6, 7, float32(math.Inf(1)), float32(math.Inf(-1)),
	math.MaxFloat32, -math.MaxFloat32, math.SmallestNonzeroFloat32, -math.SmallestNonzeroFloat32,
}

func TestFinishKernels(t *testing.T) {
	activations := []Activation{
		{}, {Kind: ActRelu}, {Kind: ActClip, A: -1, B: 6}, {Kind: ActClip, A: 6, B: -1}, {Kind: ActLeakyRelu, A: 0.25},
		{Kind: ActLeakyRelu, A: float32(math.Inf(1))}, {Kind: ActPRelu, Slope: []float32{0, -1, 0.5, 2, 9, 9}}, {Kind: ActSigmoid},
	}
	eachTier(t, func(t *testing.T, k *Kernels) {
		r := newRand(t, 42)
		const rows, ldd, channel = 3, 70, 1
		ldt := k.NR + 5
		for cols := 1; cols <= k.NR; cols++ {
			for variant := range 4 * len(activations) {
				ep := Epilogue{Act: activations[variant/4]}
				tile := make([]float32, rows*ldt+k.NR)
				for i := range tile {
					tile[i] = special[r.IntN(len(special))]
				}
				dst, check := banded(t, floats(r, (rows-1)*ldd+cols))
				want := append([]float32(nil), dst...)
				args := finishArgs{dst: dst, tile: tile, ldd: ldd, ldt: ldt, rows: rows, cols: cols}
				if variant&1 != 0 {
					ep.Bias = integers(r, channel+rows)
				}
				if variant&2 != 0 {
					args.residual = dst
				}
				for i := range rows {
					for j := range cols {
						x := tile[i*ldt+j]
						if ep.Bias != nil {
							x += ep.Bias[channel+i]
						}
						if args.residual != nil {
							x += want[i*ldd+j]
						}
						want[i*ldd+j] = x
					}
					switch row := want[i*ldd:][:cols]; ep.Act.Kind {
					case ActNone, ActRelu, ActLeakyRelu, ActPRelu, ActClip:
						ep.Act.Apply(row, channel+i)
					default: // within the error that TestVecFuncs allows
						k.Map(ep.Act.vector(channel+i), row, row)
					}
				}
				k.finish(args, &ep, channel)
				check()
				for i := range want {
					if want[i] == want[i] || dst[i] == dst[i] { // NaNs may differ in their payload
						require.Equal(t, math.Float32bits(want[i]), math.Float32bits(dst[i]), "%+v, %d columns, float %d: got %v, want %v", ep, cols, i, dst[i], want[i])
					}
				}
			}
		}
	})
}

func TestAxpyKernels(t *testing.T) {
	eachTier(t, func(t *testing.T, k *Kernels) {
		r := newRand(t, 43)
		for n := range 3*64 + 2 {
			src, old := integers(r, n), integers(r, n)
			dst, check := banded(t, old)
			k.addScaled(dst, src, 3)
			check()
			for i := range dst {
				require.Equal(t, old[i]+3*src[i], dst[i], "%d of %d", i, n)
			}
		}
	})
}

func TestActivationsByHand(t *testing.T) {
	for _, c := range []struct {
		act     Activation
		x, want float32
	}{
		{Activation{}, -3, -3},
		{Activation{Kind: ActRelu}, -3, 0},
		{Activation{Kind: ActRelu}, 3, 3},
		{Activation{Kind: ActLeakyRelu, A: 0.5}, -3, -1.5},
		{Activation{Kind: ActLeakyRelu, A: 0.5}, 3, 3},
		{Activation{Kind: ActClip, A: -1, B: 2}, -3, -1},
		{Activation{Kind: ActClip, A: -1, B: 2}, 3, 2},
		{Activation{Kind: ActClip, A: 2, B: -1}, 0, -1}, // ONNX: the upper limit wins
		{Activation{Kind: ActPRelu, Slope: []float32{7, 0.25}}, -4, -1},
		{Activation{Kind: ActSigmoid}, 0, 0.5},
		{Activation{Kind: ActSigmoid}, 2, 0.880797},  // computed with Python's math
		{Activation{Kind: ActSigmoid}, -200, 0},      // below the smallest float32
		{Activation{Kind: ActTanh}, 0.5, 0.46211717}, // Python
		{Activation{Kind: ActSiLU}, -1, -0.26894143}, // Python
		{Activation{Kind: ActHardSigmoid, A: 0.25, B: 0.5}, 1, 0.75},
		{Activation{Kind: ActHardSigmoid, A: 0.25, B: 0.5}, -9, 0},
		{Activation{Kind: ActHardSigmoid, A: 0.25, B: 0.5}, 9, 1},
		{Activation{Kind: ActHardSwish}, 1.5, 1.125},
		{Activation{Kind: ActHardSwish}, -4, 0},
		{Activation{Kind: ActHardSwish}, 5, 5},
	} {
		x := []float32{c.x, nan}
		c.act.Apply(x, 1)
		require.InDelta(t, c.want, x[0], 1e-7, "%+v of %v", c.act, c.x)
		require.True(t, x[1] != x[1], "%+v loses a NaN", c.act)
	}
}

func TestPanelsAreEven(t *testing.T) {
	for rows := 1; rows < 100; rows++ {
		p := panels{rows, 14}
		next := 0
		for i := range p.count() {
			row, n := p.at(i)
			require.Equal(t, next, row)
			require.InDelta(t, float64(rows)/float64(p.count()), n, 1)
			require.LessOrEqual(t, n, 14)
			next += n
		}
		require.Equal(t, rows, next)
	}
}

// A partition covers every panel and column once, whatever is wanted.
func TestPartitionCoversProduct(t *testing.T) {
	k := KernelsFor(Detect())
	r := newRand(t, 44)
	for range 300 {
		p := newProduct(k, 1+r.IntN(300), 1+r.IntN(3000), 1+r.IntN(2000))
		p.pairs = 1 + r.IntN(3)
		q := p.partition(1 + r.IntN(40))
		seen := make([]int, p.pairs*p.a.count()*p.cols)
		for i := range q.chunks {
			part := q.part(i)
			require.LessOrEqual(t, part.cols, p.nc)
			for panel := part.first; panel < part.last; panel++ {
				for col := range part.cols {
					seen[(part.pair*p.a.count()+panel)*p.cols+part.col+col]++
				}
			}
		}
		for i, n := range seen {
			if n != 1 {
				t.Fatalf("%+v: element %d in %d chunks", q, i, n)
			}
		}
	}
}
