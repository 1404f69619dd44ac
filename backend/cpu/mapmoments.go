package cpu

import "unsafe"

// maxBlock is the most channels of a group in any tier.
const maxBlock = 16

// channelMoments are the sums of the channels of a group over some pixels: of x - shift and of its square.
type channelMoments struct {
	shift       [maxBlock]float32
	sum, square [maxBlock]float64
}

// momentsRow is the most pixels whose sums are float32, see mapMomentsArgs.
const momentsRow = 512

// addMoments adds rows [first, last) of a group, row by row.
func (k *Kernels) addMoments(w *mapScratch, x *Map, n, g, first, last int, m *channelMoments) {
	shift, sum, square := grown(w.floats, x.Block), grown(w.sums, x.Block), grown(w.squares, x.Block)
	w.floats, w.sums, w.squares = shift, sum, square
	copy(shift, m.shift[:])
	copy(sum, m.sum[:])
	copy(square, m.square[:])
	for col := 0; col < x.Size[2]; col += momentsRow {
		width := min(momentsRow, x.Size[2]-col)
		for row := first; row < last; {
			// Rows of one plane lie evenly: one call takes several.
			rows := min(last-row, x.Size[1]-row%x.Size[1], max(1, mapCallPixels/width))
			from := x.row(n, g, row) + col*x.Block
			_ = x.Data[from+(rows-1)*x.Row+width*x.Block-1]
			w.moments = mapMomentsArgs{
				src: unsafe.Pointer(&x.Data[from]), shift: pointer(shift), sum: unsafe.Pointer(&sum[0]), square: unsafe.Pointer(&square[0]),
				pixels: width, rows: rows, row: floatSize * x.Row,
			}
			k.maps.moments(&w.moments)
			row += rows
		}
	}
	copy(m.sum[:], sum)
	copy(m.square[:], square)
}
