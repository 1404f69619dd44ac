package cpu

import "unsafe"

// channelMoments are the sums of the channels of a group over some pixels: of x - shift and of its square.
type channelMoments struct {
	shift       [maxBlock]float32
	sum, square [maxBlock]float64
}

// momentsRow is the most pixels whose sums are float32, see mapMomentsArgs.
const momentsRow = 512

// addMoments adds a strip, row by row.
func (k *Kernels) addMoments(w *mapScratch, x *Map, s mapStrip, m *channelMoments) {
	shift, sum, square := grown(w.floats, x.Block), grown(w.sums, x.Block), grown(w.squares, x.Block)
	w.floats, w.sums, w.squares = shift, sum, square
	copy(shift, m.shift[:])
	copy(sum, m.sum[:])
	copy(square, m.square[:])
	for col := 0; col < x.Size[2]; col += momentsRow {
		width := min(momentsRow, x.Size[2]-col)
		for row := s.first; row < s.last; {
			// Rows of one plane lie evenly: one call takes several.
			rows := min(s.last-row, x.Size[1]-row%x.Size[1], max(1, mapCallPixels/width))
			from := x.row(s.n, s.g, row) + col*x.Block
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
