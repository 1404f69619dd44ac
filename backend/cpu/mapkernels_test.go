package cpu

import (
	"math"
	"math/rand/v2"
	"testing"
	"unsafe"

	"github.com/stretchr/testify/require"
)

// mapOperands hands out memory between bands of NaN.
type mapOperands struct {
	t      *testing.T
	r      *rand.Rand
	checks []func()
}

func (o *mapOperands) integers(n int) []float32 {
	x, check := banded(o.t, integers(o.r, n))
	o.checks = append(o.checks, check)
	return x
}

func (o *mapOperands) check() {
	o.t.Helper()
	for _, c := range o.checks {
		c()
	}
}

// eachMapSize runs a test of every tier with every number of pixels that kernels treat apart.
func eachMapSize(t *testing.T, f func(o *mapOperands, k *Kernels, pixels int)) {
	eachTier(t, func(t *testing.T, k *Kernels) {
		o := &mapOperands{t: t, r: newRand(t, 71)}
		for pixels := 1; pixels <= 2*k.Block+3; pixels++ {
			o.checks = nil
			f(o, k, pixels)
			o.check()
		}
	})
}

func TestMapReduceKernels(t *testing.T) {
	eachMapSize(t, func(o *mapOperands, k *Kernels, pixels int) {
		b := k.Block
		for step := 1; step <= 3; step++ {
			src := o.integers(((pixels-1)*step + 4) * b)
			src[o.r.IntN(len(src))], src[o.r.IntN(len(src))] = nan, float32(math.Inf(-1))
			taps := []int{3 * 4 * b, 0, 4 * b}[:1+o.r.IntN(3)]
			for _, isMax := range []bool{true, false} {
				dst := o.integers(pixels * b)
				kernel := k.maps.mean
				if isMax {
					kernel = k.maps.max
				}
				kernel(&mapReduceArgs{dst: pointer(dst), src: pointer(src), taps: &taps[0], ntaps: len(taps), pixels: pixels, srcStep: 4 * step * b, count: 4})
				for i := range dst {
					acc := float32(0)
					if isMax {
						acc = float32(math.Inf(-1))
					}
					for _, tap := range taps {
						v := src[i/b*step*b+i%b+tap/4]
						if isMax {
							acc = max(acc, v)
						} else {
							acc += v
						}
					}
					if !isMax {
						acc /= 4
					}
					require.True(o.t, dst[i] == acc || dst[i] != dst[i] && acc != acc, "%d pixels, step %d, taps %v, float %d: got %v, want %v", pixels, step, taps, i, dst[i], acc)
				}
			}
		}
	})
}

func TestMapMomentsKernels(t *testing.T) {
	eachMapSize(t, func(o *mapOperands, k *Kernels, pixels int) {
		b, rows := k.Block, 1+o.r.IntN(3)
		src, shift := o.integers((rows-1)*(pixels+2)*b+pixels*b), o.integers(b)
		sum, square := make([]float64, b), make([]float64, b)
		sum[1], square[2] = 5, 7
		k.maps.moments(&mapMomentsArgs{
			src: pointer(src), shift: pointer(shift), sum: unsafe.Pointer(&sum[0]), square: unsafe.Pointer(&square[0]),
			pixels: pixels, rows: rows, row: 4 * (pixels + 2) * b,
		})
		for l := range b {
			wantSum, wantSquare := 0.0, 0.0
			if l == 1 {
				wantSum = 5
			}
			if l == 2 {
				wantSquare = 7
			}
			for y := range rows {
				for x := range pixels {
					d := float64(src[(y*(pixels+2)+x)*b+l] - shift[l])
					wantSum += d
					wantSquare += d * d
				}
			}
			require.Equal(o.t, []float64{wantSum, wantSquare}, []float64{sum[l], square[l]}, "%d pixels, lane %d", pixels, l)
		}
	})
}

func TestMapAffineKernels(t *testing.T) {
	eachMapSize(t, func(o *mapOperands, k *Kernels, pixels int) {
		b := k.Block
		src, center, scale, shift := o.integers(pixels*b), o.integers(b), o.integers(b), o.integers(b)
		src[o.r.IntN(len(src))] = nan
		for _, act := range []Activation{{}, {Kind: ActRelu}, {Kind: ActClip, A: -3, B: 20}, {Kind: ActLeakyRelu, A: 0.25}} {
			dst := append([]float32(nil), src...) // in place
			args := mapAffineArgs{dst: pointer(dst), src: pointer(dst), center: pointer(center), scale: pointer(scale), shift: pointer(shift), pixels: pixels}
			args.setActivation(&act)
			k.maps.affine(&args)
			want := make([]float32, len(src))
			for i, v := range src {
				want[i] = (v-center[i%b])*scale[i%b] + shift[i%b]
			}
			act.Apply(want, 0)
			require.Equal(o.t, -1, firstDifference(want, dst), "%d pixels, %+v", pixels, act)
		}
	})
}

func TestMapGatherAndLerpKernels(t *testing.T) {
	eachMapSize(t, func(o *mapOperands, k *Kernels, pixels int) {
		b := k.Block
		src := o.integers(5 * b)
		for _, taps := range []int{1, 2, 4} {
			index, weight := make([]int32, taps*pixels), integers(o.r, taps*pixels)
			want := make([]float32, pixels*b)
			for i := range index {
				at := o.r.IntN(5)
				index[i] = int32(4 * at * b)
				for l := range b {
					if taps == 1 {
						want[i*b+l] = src[at*b+l]
					} else {
						want[i/taps*b+l] += weight[i] * src[at*b+l]
					}
				}
			}
			dst := o.integers(pixels * b)
			args := mapLerpArgs{pointer(dst), pointer(src), &index[0], &weight[0], pixels}
			switch taps {
			case 1:
				k.maps.gather(&mapGatherArgs{pointer(dst), pointer(src), &index[0], pixels})
			case 2:
				k.maps.lerp2(&args)
			case 4:
				k.maps.lerp4(&args)
			}
			require.Equal(o.t, want, append([]float32(nil), dst...), "%d pixels, %d taps", pixels, taps)
		}
	})
}

func TestMapBlendKernels(t *testing.T) {
	eachMapSize(t, func(o *mapOperands, k *Kernels, pixels int) {
		n := pixels * k.Block
		weight := integers(o.r, 1+o.r.IntN(4))
		rows, want := make([]unsafe.Pointer, len(weight)), make([]float32, n)
		for t, w := range weight {
			row := o.integers(n)
			rows[t] = pointer(row)
			for i, v := range row {
				want[i] += w * v
			}
		}
		dst := o.integers(n)
		k.maps.blend(&mapBlendArgs{pointer(dst), &rows[0], &weight[0], len(rows), pixels})
		require.Equal(o.t, want, append([]float32(nil), dst...), "%d pixels", pixels)
	})
}

func TestMapPermuteKernels(t *testing.T) {
	eachMapSize(t, func(o *mapOperands, k *Kernels, pixels int) {
		b, terms := k.Block, 1+o.r.IntN(3)
		dstStep, srcStep := 1+o.r.IntN(2), 1+o.r.IntN(3)
		src, rows := make([][]float32, terms), make([]unsafe.Pointer, terms)
		index := make([]int32, terms*b)
		for t := range src {
			src[t] = o.integers(((pixels-1)*srcStep + 1) * b)
			rows[t] = pointer(src[t])
		}
		for i := range index {
			index[i] = -1
		}
		from := make([]int, b) // the term of each lane; terms: none
		for l := range from {
			if from[l] = o.r.IntN(terms + 1); from[l] < terms {
				index[from[l]*b+l] = int32(o.r.IntN(b))
			}
		}
		dst := o.integers(((pixels-1)*dstStep + 1) * b)
		want := append([]float32(nil), dst...)
		for i := range pixels {
			for l, t := range from {
				want[i*dstStep*b+l] = 0
				if t < terms {
					want[i*dstStep*b+l] = src[t][i*srcStep*b+int(index[t*b+l])]
				}
			}
		}
		k.maps.permute(&mapPermuteArgs{pointer(dst), &rows[0], &index[0], terms, pixels, 4 * dstStep * b, 4 * srcStep * b})
		require.Equal(o.t, want, append([]float32(nil), dst...), "%d pixels, %d terms", pixels, terms)
	})
}

func TestMapTransposeKernels(t *testing.T) {
	eachMapSize(t, func(o *mapOperands, k *Kernels, pixels int) {
		b := k.Block
		for channels := 1; channels <= b; channels++ {
			pitch := pixels + o.r.IntN(3)
			lanes := laneMask(channels)
			planes, blocked := o.integers((channels-1)*pitch+pixels), o.integers(pixels*b)
			k.maps.interleave(&mapTransposeArgs{pointer(blocked), pointer(planes), 4 * pitch, pixels, &lanes[0], 4 * b})
			want := make([]float32, pixels*b)
			interleave(want, planes, pitch, channels, b)
			require.Equal(o.t, want, append([]float32(nil), blocked...), "%d pixels, %d channels", pixels, channels)

			back := o.integers((channels-1)*pitch + pixels)
			want = append([]float32(nil), back...)
			deinterleave(want, blocked, pitch, channels, b)
			k.maps.apart(&mapTransposeArgs{pointer(blocked), pointer(back), 4 * pitch, pixels, &lanes[0], 4 * b})
			require.Equal(o.t, want, append([]float32(nil), back...), "%d pixels, %d channels", pixels, channels)
		}
	})
}

func TestMapPickKernels(t *testing.T) {
	eachMapSize(t, func(o *mapOperands, k *Kernels, n int) {
		src, dst, index := o.integers(50), o.integers(n), make([]int32, n)
		want := make([]float32, n)
		for i := range index {
			index[i] = int32(o.r.IntN(50))
			want[i] = src[index[i]]
		}
		k.maps.pick(&mapPickArgs{pointer(dst), pointer(src), &index[0], n})
		require.Equal(o.t, want, append([]float32(nil), dst...), "%d floats", n)
	})
}
