package cpu

import "unsafe"

// Transpose computes dst[r*dstPitch+q] = src[q*srcPitch+r] for r < rows and q < cols. rows is at least Block. dst and
// src do not overlap. Elements are moved as bits.
func (k *Kernels) Transpose(dst []float32, dstPitch int, src []float32, srcPitch, rows, cols int) {
	if rows < k.Block || cols < 1 {
		panic("BUG: a matrix that is too small for the kernels")
	}
	_, _ = dst[(rows-1)*dstPitch+cols-1], src[(cols-1)*srcPitch+rows-1]
	w := mapScratches.Get().(*mapScratch)
	for q := 0; q < cols; q += mapCallPixels {
		n := min(mapCallPixels, cols-q)
		for r := 0; r < rows; r += k.Block {
			r := min(r, rows-k.Block) // the last ones overlap those before
			raceRead(src[q*srcPitch+r:][:k.Block])
			raceWrite(dst[r*dstPitch+q:][:n])
			w.transpose = mapTransposeArgs{
				pixel: unsafe.Pointer(&src[q*srcPitch+r]), planes: unsafe.Pointer(&dst[r*dstPitch+q]), pitch: floatSize * dstPitch,
				pixels: n, lanes: &allLanes[0], step: floatSize * srcPitch,
			}
			k.maps.apart(&w.transpose)
		}
	}
	w.forget()
	mapScratches.Put(w)
}
