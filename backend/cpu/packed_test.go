package cpu

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// Every number of rows and columns of matrices that lie by rows, by columns or with gaps; nothing beyond is written.
func TestPackTransposed(t *testing.T) {
	eachTier(t, func(t *testing.T, k *Kernels) {
		r := newRand(t, 91)
		for rows := 1; rows <= max(k.MR, k.NR); rows++ {
			for _, cols := range []int{0, 1, 2, 3, 7, 15, 16, 17, 40, 48, 49, 63, 64, 70} {
				for _, ld := range []int{rows, rows + 5} {
					m := matrixView{floats(r, (rows+3)*(cols+3)*2), cols + 2, 1}
					switch r.IntN(3) {
					case 0:
						m.rowStride, m.colStride = 1, rows+2
					case 1:
						m.rowStride, m.colStride = 2*cols+1, 2
					}
					size := max(0, (cols-1)*ld+rows)
					dst, check := banded(t, nans(size))
					k.packTransposed(dst, ld, m, rows, cols)
					check()
					for j := range cols {
						for i := range rows {
							require.Equal(t, m.data[i*m.rowStride+j*m.colStride], dst[j*ld+i], "%d rows, %d columns, %d apart: %d, %d", rows, cols, ld, i, j)
						}
					}
				}
			}
		}
	})
}
