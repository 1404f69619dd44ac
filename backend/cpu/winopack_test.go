package cpu

import (
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
)

// Every kernel gives the bits of its portable twin and touches nothing beside its vectors.
func TestWinoFilterKernels(t *testing.T) {
	eachTier(t, func(t *testing.T, k *Kernels) {
		r := newRand(t, 81)
		require.Len(t, k.wino.filters, len(winoGeneric.filters))
		for _, tile := range winoTileShapes() {
			rows, cols := newWinoFactors(tile.rows), newWinoFactors(tile.cols)
			taps := tile.rows.taps * tile.cols.taps
			for channels := 1; channels <= 5; channels++ {
				src := floats(r, (taps+1)*channels*k.Block)
				point := 3*k.Block*channels + k.Block
				got, want := AlignedFloats(tile.points()*point), AlignedFloats(tile.points()*point)
				copy(got, nans(len(got)))
				copy(want, nans(len(want)))
				args := winoFilterArgs{
					src: pointer(src), dst: pointer(got), scratch: pointer(make([]float32, winoFilterScratch)), rows: &rows, cols: &cols,
					tap: 4 * k.Block, point: 4 * point, next: 3 * 4 * k.Block, from: 4 * (taps + 1) * k.Block, channels: channels,
				}
				k.wino.filters[tile](&args)
				for lane := 0; lane < k.Block; lane += 8 {
					args.src, args.dst = pointer(src[lane:]), pointer(want[lane:])
					winoGeneric.filters[tile](&args)
				}
				require.Equal(t, -1, sameBits(want, got), "%+v, %d channels", tile, channels)
			}
		}
	})
}

// Packed weights are the definition, filter by filter: the same bits in every tier, at their places.
func TestWinogradPackDefinition(t *testing.T) {
	eachWino(t, func(t *testing.T, k *Kernels, kind winoKind, transposed bool) {
		r := newRand(t, 82)
		for i := range 60 {
			g := randomWino(r, transposed)
			g.C = 1 + r.IntN(40)
			if i%4 == 0 {
				g.M = 64 + r.IntN(3)
			}
			checkWinoPack(t, r, k, g, kind, winoAlgorithms[i%3], transposed)
			checkWinoPack(t, r, k, randomRow(r, transposed), kind, F4, transposed)
		}
		if !transposed {
			checkWinoPack(t, r, k, square(1, 19, 35, 8, 3), kind, F4, false)
			checkWinoPack(t, r, k, square(1, 19, 35, 8, 5), kind, F2, false)
			checkWinoPack(t, r, k, square(1, 19, 35, 8, 2), kind, F4, false)
			checkWinoPack(t, r, k, square(1, 19, 35, 8, 2), kind, F3, false)
		}
	})
}

func checkWinoPack(t *testing.T, r *rand.Rand, k *Kernels, g ConvGeom, kind winoKind, alg Algorithm, transposed bool) {
	if _, ok := newWinoFilter(&g, transposed, alg); !ok {
		return
	}
	weights := floats(r, g.weights())
	p := kind.pack(nil, k, g, alg, weights)
	f := &p.filter
	want := make([]float32, len(p.data))
	for phase := range f.phases[0] * f.phases[1] {
		for m := range f.m {
			for step := range f.steps() {
				for c := range f.c {
					pair, lane := m/p.pairLanes(), c
					if f.steps() > 1 {
						lane += step * roundUp(f.c, p.block)
					}
					width := min(p.pairLanes(), p.width()-pair*p.pairLanes())
					for point, v := range winoPointsOf(f, weights, phase, [3]int{m, c, step}) {
						want[p.offset(phase, point, pair)+lane*width+m%p.pairLanes()] = v
					}
				}
			}
		}
	}
	for i, v := range p.data {
		if v == 0 { // lanes without a channel may be -0
			p.data[i] = 0
		}
		if want[i] == 0 {
			want[i] = 0
		}
	}
	require.Equal(t, -1, sameBits(want, p.data), "%+v", g)
}

// winoPointsOf transforms one filter: at is its output channel, input channel and depth tap or segment.
func winoPointsOf(f *winoFilter, weights []float32, phase int, at [3]int) (points []float32) {
	half := make([][]float64, f.tile.cols.taps) // by columns
	for x := range half {
		column := make([]float64, f.tile.rows.taps)
		for y := range column {
			column[y] = winoTap(f, weights, phase, at, y, x)
		}
		half[x] = winoEvaluated(f.tile.rows, column)
	}
	for i := range f.tile.rows.points() {
		row := make([]float64, f.tile.cols.taps)
		for x := range row {
			row[x] = half[x][i]
		}
		for _, v := range winoEvaluated(f.tile.cols, row) {
			points = append(points, float32(v))
		}
	}
	return points
}

// winoTap reads a tap of the filter of a phase.
func winoTap(f *winoFilter, weights []float32, phase int, at [3]int, y, x int) float64 {
	m, c, z := at[0], at[1], at[2]
	if f.segments > 1 {
		if x += z * f.tile.cols.taps; x >= f.kernel[2] {
			return 0
		}
		z = 0
	}
	if !f.transposed {
		return float64(weights[(((m*f.c+c)*f.kernel[0]+z)*f.kernel[1]+y)*f.kernel[2]+x])
	}
	y = phase/f.phases[1] + f.stride[1]*(f.tile.rows.taps-1-y)
	x = phase%f.phases[1] + f.stride[2]*(f.tile.cols.taps-1-x)
	if y >= f.kernel[1] || x >= f.kernel[2] {
		return 0
	}
	return float64(weights[((c*f.m+m)*f.kernel[1]+y)*f.kernel[2]+x])
}

// winoEvaluated evaluates taps at the points of an axis: Horner's rule over the even and over the odd taps.
func winoEvaluated(a winoAxis, taps []float64) (points []float64) {
	g := a.filterMatrix()
	horner := func(first int, square float64) (sum float64) {
		for k := first + (len(taps)-1-first)/2*2; k >= first; k -= 2 {
			sum = taps[k] + float64(square*sum)
		}
		return sum
	}
	if winoHasZero(a.points()) {
		points = append(points, g[0][0]*taps[0])
	}
	for i, square := range winoSquares(a.points()) {
		at := winoPairAt(a.points(), i)
		even, odd := float64(g[at][0]*horner(0, square)), float64(g[at][1]*horner(1, square))
		points = append(points, even+odd, even-odd)
	}
	if a.points() > 1 {
		points = append(points, taps[len(taps)-1])
	}
	return points
}
