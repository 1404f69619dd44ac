package cpu

// dotOutputs is the most outputs of a dot kernel.
const dotOutputs = 4

// dotKernels make convolutions with few outputs, where lanes that are outputs would mostly be padding: lanes are input
// channels. A tile kernel of rows x outputs equals
//
//	for r := range rows {
//		for m := range outputs {
//			for j := range Block {
//				sum := 0
//				for s := range nsteps {
//					sum = fma(src[r][steps[s]/4+j], weights[s][m][j], sum)
//				}
//				dst[m*dstGroup/4+r*dstPixel/4+j] = sum
//			}
//		}
//	}
//
// with the fields of tileArgs that it names, src as there. sumLanes makes outputs of that:
//
//	for i := range dst {
//		dst[i] = sum of src[i*Block:][:Block]
//	}
//
// len(dst) is a multiple of Block, len(src) Block times that.
type dotKernels struct {
	tiles    [dotOutputs]tileFuncs // by outputs-1, then rows
	sumLanes func(dst, src []float32)
}
