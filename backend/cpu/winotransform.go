package cpu

import "unsafe"

// winoKernels are the transforms of one tier, by the points or the shape of a tile.
type winoKernels struct {
	input   map[[2]int]func(*winoInputArgs)
	output  map[winoTile]func(*winoOutputArgs)
	filters map[winoTile]func(*winoFilterArgs)
}

// winoInputArgs are the operands of an input transform over a run of tiles of one channel group, whose first columns are
// step pixels apart. Pitches are bytes. The kernel for rows x cols points equals, with its matrices Bᵀ,
//
//	for t := range tiles {
//		for i := range rows {
//			for j := range cols {
//				dst[t*tile + (i*cols+j)*point] = sum over y, x of
//					rowsB[i][y] * colsB[j][x] * src[y*row + (t*step+x)*col]
//			}
//		}
//	}
//
// for vectors of one group. strip is room for rows·((tiles-1)·step+cols) vectors, not used where rows is 1. It is assembly because it moves each input and point once in vectors: it runs at the speed
// of the stores.
type winoInputArgs struct {
	src, dst, strip unsafe.Pointer
	row, col        int // between rows and pixels of src
	step            int // pixels
	point, tile     int // between points and tiles of dst
	tiles           int
	ahead           int // bytes from src to what to prefetch
}

// winoOutputArgs are the operands of an output transform over a run of tiles of one channel group. Pitches are bytes.
// The kernel equals, with its matrices Aᵀ,
//
//	for t := range tiles {
//		for i := row0; i < row0+rows; i++ {
//			for j := col0; j < col0+cols; j++ {
//				x := sum over p, q of rowsA[i][p] * colsA[j][q] * src[t*tile + (p*points+q)*point]
//				x += bias
//				if residual != nil { x += residual[t*next + (i-row0)*resRow + (j-col0)*col] }
//				if slope != nil { if x < 0 { x *= slope } } else { x = min(hi, max(lo, x)), NaN stays NaN }
//				dst[t*next + (i-row0)*row + (j-col0)*col] = x
//			}
//		}
//	}
//
// for vectors of one group; points is the columns of a tile's points. scratch is room for a tile of points. residual may
// be dst. It is assembly for the same reason as the input transform.
type winoOutputArgs struct {
	src, dst, scratch      unsafe.Pointer
	point, tile            int            // between points and tiles of src
	row, col, next         int            // between rows, pixels and tiles of dst
	bias, slope            unsafe.Pointer // one vector each
	residual               unsafe.Pointer
	resRow                 int // between rows of the residual
	row0, rows, col0, cols int // the outputs that are stored; rows, cols > 0
	tiles                  int
	lo, hi                 float32
	ahead                  int // bytes from dst to what to prefetch
}
