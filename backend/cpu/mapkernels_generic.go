package cpu

import (
	"math"
	"unsafe"
)

// mapGeneric holds the portable kernels of maps, whose blocks are 8 lanes.
var mapGeneric = mapKernels{
	max: mapMaxGeneric, mean: mapMeanGeneric, moments: mapMomentsGeneric, affine: mapAffineGeneric,
	gather: mapGatherGeneric,
	lerp2:  func(a *mapLerpArgs) { mapLerpGeneric(a, 2) }, lerp4: func(a *mapLerpArgs) { mapLerpGeneric(a, 4) },
	blend: mapBlendGeneric, permute: mapPermuteGeneric, interleave: mapInterleaveGeneric, apart: mapApartGeneric,
	pick: mapPickGeneric,
}

func mapMaxGeneric(a *mapReduceArgs) {
	least := float32(math.Inf(-1))
	taps := unsafe.Slice(a.taps, a.ntaps)
	for i := range a.pixels {
		acc := [8]float32{least, least, least, least, least, least, least, least}
		for _, tap := range taps {
			for l, v := range vector8(a.src, i*a.srcStep+tap) {
				acc[l] = max(acc[l], v)
			}
		}
		*vector8(a.dst, i*vectorBytes8) = acc
	}
}

func mapMeanGeneric(a *mapReduceArgs) {
	taps := unsafe.Slice(a.taps, a.ntaps)
	for i := range a.pixels {
		var acc [8]float32
		for _, tap := range taps {
			add8(&acc, vector8(a.src, i*a.srcStep+tap))
		}
		for l := range acc {
			acc[l] /= a.count
		}
		*vector8(a.dst, i*vectorBytes8) = acc
	}
}

func mapMomentsGeneric(a *mapMomentsArgs) {
	shift := vector8(a.shift, 0)
	sums, squares := (*[8]float64)(a.sum), (*[8]float64)(a.square)
	for y := range a.rows {
		var sum, square [4][8]float32
		for x := range a.pixels {
			part := x % 4
			for l, v := range vector8(a.src, y*a.row+x*vectorBytes8) {
				d := v - shift[l]
				sum[part][l] += d
				square[part][l] += d * d
			}
		}
		for l := range sums {
			sums[l] += float64(sum[0][l] + sum[1][l] + (sum[2][l] + sum[3][l]))
			squares[l] += float64(square[0][l] + square[1][l] + (square[2][l] + square[3][l]))
		}
	}
}

func mapAffineGeneric(a *mapAffineArgs) {
	center, scale, shift := vector8(a.center, 0), vector8(a.scale, 0), vector8(a.shift, 0)
	for i := range a.pixels {
		y := *vector8(a.src, i*vectorBytes8)
		for l := range y {
			y[l] = (y[l]-center[l])*scale[l] + shift[l]
		}
		if a.leaky != 0 {
			applyLeaky(y[:], a.slope)
		} else {
			applyClip(y[:], a.lo, a.hi)
		}
		*vector8(a.dst, i*vectorBytes8) = y
	}
}

func mapGatherGeneric(a *mapGatherArgs) {
	for i, at := range unsafe.Slice(a.index, a.pixels) {
		*vector8(a.dst, i*vectorBytes8) = *vector8(a.src, int(at))
	}
}

func mapLerpGeneric(a *mapLerpArgs, taps int) {
	index, weight := unsafe.Slice(a.index, taps*a.pixels), unsafe.Slice(a.weight, taps*a.pixels)
	for i := range a.pixels {
		var acc [8]float32
		for t := range taps {
			w := weight[taps*i+t]
			for l, v := range vector8(a.src, int(index[taps*i+t])) {
				acc[l] += w * v
			}
		}
		*vector8(a.dst, i*vectorBytes8) = acc
	}
}

func mapBlendGeneric(a *mapBlendArgs) {
	rows, weight := unsafe.Slice(a.rows, a.nrows), unsafe.Slice(a.weight, a.nrows)
	for i := range a.pixels {
		var acc [8]float32
		for t, row := range rows {
			w := weight[t]
			for l, v := range vector8(row, i*vectorBytes8) {
				acc[l] += w * v
			}
		}
		*vector8(a.dst, i*vectorBytes8) = acc
	}
}

func mapPermuteGeneric(a *mapPermuteArgs) {
	for i := range a.pixels {
		var y [8]float32
		for t, src := range unsafe.Slice(a.src, a.terms) {
			x := vector8(src, i*a.srcStep)
			for l, from := range unsafe.Slice(a.index, 8*a.terms)[8*t:][:8] {
				if from >= 0 {
					y[l] = x[from&7]
				}
			}
		}
		*vector8(a.dst, i*a.dstStep) = y
	}
}

func mapInterleaveGeneric(a *mapTransposeArgs) {
	for c, on := range unsafe.Slice(a.lanes, 8) {
		if on == 0 {
			for i := range a.pixels {
				vector8(a.pixel, i*a.step)[c] = 0
			}
			continue
		}
		for i, v := range unsafe.Slice((*float32)(unsafe.Add(a.planes, c*a.pitch)), a.pixels) {
			vector8(a.pixel, i*a.step)[c] = v
		}
	}
}

func mapApartGeneric(a *mapTransposeArgs) {
	for c, on := range unsafe.Slice(a.lanes, 8) {
		if on == 0 {
			continue
		}
		plane := unsafe.Slice((*float32)(unsafe.Add(a.planes, c*a.pitch)), a.pixels)
		for i := range plane {
			plane[i] = vector8(a.pixel, i*a.step)[c]
		}
	}
}

func mapPickGeneric(a *mapPickArgs) {
	dst := unsafe.Slice((*float32)(a.dst), a.floats)
	for i, at := range unsafe.Slice(a.index, a.floats) {
		dst[i] = *(*float32)(unsafe.Add(a.src, 4*int(at)))
	}
}
