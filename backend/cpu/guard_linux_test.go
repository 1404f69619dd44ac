package cpu

import (
	"os"
	"os/exec"
	"strings"
	"testing"
	"unsafe"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"
)

// guarded returns n floats, each 1, that end (atEnd) or begin right at a page which faults when touched.
func guarded(t testing.TB, n int, atEnd bool) []float32 {
	page := os.Getpagesize()
	size := roundUp(max(1, 4*n), page)
	mem, err := unix.Mmap(-1, 0, size+2*page, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_ANON|unix.MAP_PRIVATE)
	require.NoError(t, err)
	t.Cleanup(func() { _ = unix.Munmap(mem) })
	require.NoError(t, unix.Mprotect(mem[:page], unix.PROT_NONE))
	require.NoError(t, unix.Mprotect(mem[page+size:], unix.PROT_NONE))
	off := page
	if atEnd {
		off += size - 4*n
	}
	x := unsafe.Slice((*float32)(unsafe.Pointer(&mem[off])), n)
	for i := range x {
		x[i] = 1
	}
	return x
}

// The kernels' operands of every size lie against pages that fault, after and before them.
func TestKernelsStayInBounds(t *testing.T) {
	eachTier(t, func(t *testing.T, k *Kernels) {
		for _, atEnd := range []bool{true, false} {
			slice := func(n int) []float32 { return guarded(t, n, atEnd) }
			for rows := 1; rows <= k.MR; rows++ {
				for depth := range 10 {
					for _, accumulate := range []bool{false, true} {
						k.gemm[rows](gemmArgs{
							a: slice(rows * depth), b: slice(depth * k.NR), c: slice(rows * k.NR),
							rows: rows, k: depth, ldc: k.NR, accumulate: accumulate,
						})
						if k.gemmHalf != nil {
							k.gemmHalf[rows](gemmArgs{
								a: slice(rows * depth), b: slice(depth * k.NR), c: slice((rows-1)*k.NR + k.NR/2),
								rows: rows, k: depth, ldc: k.NR, accumulate: accumulate,
							})
						}
					}
				}
			}
			for cols := 1; cols <= k.NR; cols++ {
				for variant := range 8 {
					f := finishArgs{dst: slice(3*50 + cols), tile: slice(3*40 + k.NR), ldd: 50, ldt: 40, rows: 4, cols: cols, leaky: variant&1 != 0}
					if variant&2 != 0 {
						f.bias = slice(4)
					}
					if variant&4 != 0 {
						f.residual = slice(3*50 + cols)
					}
					k.finishTile(f)
				}
			}
			for n := range 3*64 + 2 {
				k.axpy(axpyArgs{slice(n), slice(n), 2})
			}
			k.gather(gatherArgs{ // from float 0 of the source to its last
				dst: slice(2*100 + 2*k.NR), src: slice(5 + 2*70 + k.NR), offsets: []int{3, -2}, start: 2,
				dstStride: 100, srcStride: 70, count: 3,
			})
		}
	})
}

// Vector kernels of every length lie against pages that fault.
func TestVecStaysInBounds(t *testing.T) {
	eachTier(t, func(t *testing.T, k *Kernels) {
		for _, atEnd := range []bool{true, false} {
			// One mapping for each operand: slices of it end, or begin, at its guard.
			whole := [4][]float32{guarded(t, longest, atEnd), guarded(t, longest, atEnd), guarded(t, k.Block, atEnd), guarded(t, k.Block, atEnd)}
			part := func(operand, n int) []float32 {
				if atEnd {
					return whole[operand][longest-n:]
				}
				return whole[operand][:n]
			}
			for n := range longest + 1 {
				x, y := part(0, n), part(1, n)
				for _, c := range vecCases {
					k.Map(c.f, y, x)
				}
				for f := range VecPair(vecPairs) {
					k.Pairs(f, y, x, y)
					k.PairsLanes(f, y, x, whole[2])
					k.PairsLanes(f, y, x, whole[2][k.Block-1:])
				}
				k.AffineLanes(y, x, whole[2], whole[3])
				k.LaneSums(make([]float64, k.Block), nil, x, whole[2])
				_ = k.Sum(x) + k.SumSquares(x, 1) + k.Dot(x, y) + float64(k.Max(x))
			}
		}
	})
}

// Rows of every length lie against pages that fault.
func TestRowsStayInBounds(t *testing.T) {
	eachTier(t, func(t *testing.T, k *Kernels) {
		for _, atEnd := range []bool{true, false} {
			for n := 1; n <= longest; n++ {
				x, y, scale := guarded(t, 2*n, atEnd), guarded(t, 2*n, atEnd), guarded(t, n, atEnd)
				k.softmaxRows(y, x, n)
				for _, mean := range []bool{true, false} {
					norm := RowNorm{Mean: mean, Scale: scale, Bias: scale, Epsilon: 1}
					norm.Run(k, nil, nil, y, x)
				}
			}
		}
	})
}

// guardedBytes is guarded for bytes.
func guardedBytes(t testing.TB, n int, atEnd bool) []byte {
	floats := guarded(t, (n+3)/4+1, atEnd)
	all := unsafe.Slice((*byte)(unsafe.Pointer(unsafe.SliceData(floats))), 4*len(floats))
	if atEnd {
		return all[len(all)-n:]
	}
	return all[:n]
}

// Conversions between floats and bytes that lie against pages that fault.
func TestQuantizeStaysInBounds(t *testing.T) {
	eachTier(t, func(t *testing.T, k *Kernels) {
		for n := 1; n <= 4*byteLanes+1; n++ {
			for _, atEnd := range []bool{false, true} {
				floats, ints := guarded(t, n, atEnd), guardedBytes(t, n, atEnd)
				k.Quantize(ints, floats, byteScaleOf(1, 0, true))
				k.Dequantize(floats, ints, 1, 0, false)
				k.Dequantize(floats, ints, 1, 0, true)
			}
		}
	})
}

// A convolution whose tensors lie against pages that fault.
func TestConvStaysInBounds(t *testing.T) {
	eachTier(t, func(t *testing.T, k *Kernels) {
		r := newRand(t, 31)
		for i := range 300 {
			atEnd := i%2 == 0
			g := randomConv(r)
			p := NewConv(k, g, guarded(t, g.weights(), atEnd), Epilogue{Bias: guarded(t, g.M, atEnd)})
			out := g.N * g.M * volume(g.Out)
			p.Run(nil, nil, guarded(t, p.WorkspaceFloats(1), atEnd), guarded(t, g.N*g.C*volume(g.In), atEnd), nil, guarded(t, out, atEnd))

			g = randomConvTranspose(r)
			q := NewConvTranspose(k, g, guarded(t, g.weights(), atEnd), Epilogue{Bias: guarded(t, g.M, atEnd)})
			out = g.N * g.M * volume(g.Out)
			q.Run(nil, nil, guarded(t, q.WorkspaceFloats(1), atEnd), guarded(t, g.N*g.C*volume(g.In), atEnd), nil, guarded(t, out, atEnd))
		}
	})
}

// Control: a kernel told one float too many must be caught, or the tests above prove nothing. The fault ends the
// process, so it happens in a child.
func TestGuardPagesCatchPlantedBug(t *testing.T) {
	if tier := os.Getenv("CPU_TEST_PLANT"); tier != "" {
		k := KernelsFor(Tier(tier))
		dst, src := guarded(t, 64, true), guarded(t, 64, true)
		k.axpy(axpyArgs{dst, unsafe.Slice(&src[1], 64), 1})
		t.Log("read beyond the end without a fault")
		return
	}
	for _, tier := range Available() {
		cmd := exec.Command(os.Args[0], "-test.run=^TestGuardPagesCatchPlantedBug$", "-test.v")
		cmd.Env = append(os.Environ(), "CPU_TEST_PLANT="+string(tier))
		out, err := cmd.CombinedOutput()
		require.Error(t, err, "%s: %s", tier, out)
		require.True(t, strings.Contains(string(out), "unexpected fault address") || strings.Contains(string(out), "SIGSEGV"), "%s: %s", tier, out)
	}
}
