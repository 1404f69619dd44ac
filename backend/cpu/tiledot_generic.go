package cpu

import "unsafe"

// dotGeneric holds the portable dot kernels.
var dotGeneric = func() dotKernels {
	k := dotKernels{sumLanes: sumLanes8Generic}
	for i := range k.tiles {
		k.tiles[i] = tileFuncs{nil}
		for rows := 1; rows <= genericTileRows; rows++ {
			k.tiles[i] = append(k.tiles[i], func(a *tileArgs) { dot8Generic(a, rows, i+1) })
		}
	}
	return k
}()

// dot8Generic is the kernel of any number of rows and outputs, one after the other.
func dot8Generic(a *tileArgs, rows, outputs int) {
	half := (rows + 1) / 2
	for r := range rows {
		src := r * a.srcPixel
		if r >= half {
			src = a.srcHalf + (r-half)*a.srcPixel
		}
		for m := range outputs {
			var sum [8]float32
			for i, step := range unsafe.Slice(a.steps, a.nsteps) {
				x, w := vector8(a.base, src+step), vector8(a.weights, 4*genericBlock*(i*outputs+m))
				for j := range sum {
					sum[j] += x[j] * w[j]
				}
			}
			*vector8(a.dst, r*a.dstPixel+m*a.dstGroup) = sum
		}
	}
}

func sumLanes8Generic(dst, src []float32) {
	for i := range dst {
		v := (*[8]float32)(src[8*i:])
		dst[i] = ((v[0] + v[1]) + (v[2] + v[3])) + ((v[4] + v[5]) + (v[6] + v[7]))
	}
}
