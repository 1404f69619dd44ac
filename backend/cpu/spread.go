package cpu

import "unsafe"

// spreadArgs are the operands of a spread kernel, which makes rows of one phase along the height of a transposed
// depthwise convolution of planes. Lanes are neighbouring outputs; as the stride divides the lanes of a vector, all
// vectors turn their inputs in the same way. Pitches and offsets are bytes. With L lanes it equals
//
//	for y := range rows {
//		for v := range vectors {                                   // and, where tail is not nil, one more
//			for l := range L {                                 // of that one, lanes whose tail is -1
//				sum := bias
//				for s := range nsteps {
//					for t := range slots {
//						if index[t][1][l] == -1 {  // else 0: the lane has no such tap; some is 1 then
//							x := src[y*srcRow + steps[s] + v*advance][index[t][0][l]]
//							sum = fma(x, weights[s][t][l], sum)
//						}
//					}
//				}
//				dst[y*dstRow + v*L*4][l] = sum
//			}
//		}
//	}
//
// L floats are read of each source. dst overlaps nothing. Any alignment works. It is assembly because Go has no vectors:
// a loop over every stride-th float takes 30 times as long. A call of 1<<20 products takes less than 100 us.
type spreadArgs struct {
	dst, src       unsafe.Pointer
	dstRow, srcRow int
	rows           int // 1 or more
	vectors        int
	advance        int
	steps          *int // [nsteps]int
	nsteps, slots  int
	index          *int32   // [slots][2][L]int32
	weights        *float32 // [nsteps][slots][L]float32
	tail           *int32   // [L]int32, or nil
	bias           float32
	some           int32
}

func spreadGeneric(a *spreadArgs) {
	for y := range a.rows {
		dst, src := unsafe.Add(a.dst, y*a.dstRow), unsafe.Add(a.src, y*a.srcRow)
		for v := range a.vectors {
			*vector8(dst, v*vectorBytes8) = a.sum8(unsafe.Add(src, v*a.advance))
		}
		if a.tail == nil {
			continue
		}
		sum := a.sum8(unsafe.Add(src, a.vectors*a.advance))
		for l, on := range unsafe.Slice(a.tail, len(sum)) {
			if on != 0 {
				*(*float32)(unsafe.Add(dst, a.vectors*vectorBytes8+floatSize*l)) = sum[l]
			}
		}
	}
}

// sum8 makes one vector of 8 lanes.
func (a *spreadArgs) sum8(src unsafe.Pointer) (sum [8]float32) {
	index := unsafe.Slice((*[2][8]int32)(unsafe.Pointer(a.index)), a.slots)
	weights := unsafe.Slice((*[8]float32)(unsafe.Pointer(a.weights)), a.nsteps*a.slots)
	for l := range sum {
		sum[l] = a.bias
	}
	for s, step := range unsafe.Slice(a.steps, a.nsteps) {
		x := vector8(src, step)
		for t := range index {
			w := &weights[s*a.slots+t]
			for l, from := range index[t][0] {
				if index[t][1][l] != 0 {
					sum[l] += w[l] * x[from&7]
				}
			}
		}
	}
	return sum
}
