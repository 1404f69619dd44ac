package cpu

import "unsafe"

// winoGeneric are the portable transforms.
var winoGeneric = newWinoGeneric(
	winoTile{winoAxis{4, 3}, winoAxis{4, 3}},
	winoTile{winoAxis{2, 3}, winoAxis{2, 3}},
	winoTile{winoAxis{5, 2}, winoAxis{5, 2}},
	winoTile{winoAxis{3, 2}, winoAxis{3, 2}},
	winoTile{winoAxis{2, 5}, winoAxis{2, 5}},
	winoTile{winoAxis{1, 1}, winoAxis{4, 3}},
	winoTile{winoAxis{1, 1}, winoAxis{2, 3}},
	winoTile{winoAxis{1, 1}, winoAxis{4, 4}},
	winoTile{winoAxis{1, 1}, winoAxis{3, 5}},
	winoTile{winoAxis{4, 2}, winoAxis{4, 2}},
)

func newWinoGeneric(tiles ...winoTile) winoKernels {
	k := winoKernels{map[[2]int]func(*winoInputArgs){}, map[winoTile]func(*winoOutputArgs){}, map[winoTile]func(*winoFilterArgs){}}
	for _, t := range tiles {
		input := winoMatrices{sparse(t.rows.inputMatrix()), sparse(t.cols.inputMatrix()), t.cols.points()}
		output := winoMatrices{sparse(t.rows.outputMatrix()), sparse(t.cols.outputMatrix()), t.cols.points()}
		k.input[[2]int{t.rows.points(), t.cols.points()}] = input.inputGeneric
		k.output[t] = output.outputGeneric
		k.filters[t] = t.filtersGeneric
	}
	return k
}

// winoMatrices are the matrices of a transform, by rows.
type winoMatrices struct {
	rows, cols []winoRow
	points     int // of the columns
}

// winoRow holds the elements of a row that are not zero.
type winoRow []winoElement

type winoElement struct {
	at   int
	coef float32
}

func sparse(m [][]float64) []winoRow {
	rows := make([]winoRow, len(m))
	for i, row := range m {
		for j, c := range row {
			if c != 0 {
				rows[i] = append(rows[i], winoElement{j, float32(c)})
			}
		}
	}
	return rows
}

// sum8 returns the sum of the elements times the vectors that lie pitch bytes apart from p.
func (r winoRow) sum8(p unsafe.Pointer, pitch int) (sum [8]float32) {
	for _, e := range r {
		x := vector8(p, e.at*pitch)
		for l := range sum {
			sum[l] += e.coef * x[l]
		}
	}
	return sum
}

// winoScratch is a tile between its two transforms.
type winoScratch [6 * 6][8]float32

const vectorBytes8 = 4 * 8

func (m *winoMatrices) inputGeneric(a *winoInputArgs) {
	var mid winoScratch // [rows][cols]
	cols := m.points
	for t := range a.tiles {
		src, dst := t*a.step*a.col, t*a.tile
		for x := range cols {
			for i, row := range m.rows {
				mid[i*cols+x] = row.sum8(unsafe.Add(a.src, src+x*a.col), a.row)
			}
		}
		for i := range m.rows {
			for j, row := range m.cols {
				*vector8(a.dst, dst+(i*cols+j)*a.point) = row.sum8(unsafe.Pointer(&mid[i*cols]), vectorBytes8)
			}
		}
	}
}

func (m *winoMatrices) outputGeneric(a *winoOutputArgs) {
	var mid winoScratch // [outputs][points]
	for t := range a.tiles {
		for q := range m.points {
			for i, row := range m.rows {
				mid[i*m.points+q] = row.sum8(unsafe.Add(a.src, t*a.tile+q*a.point), m.points*a.point)
			}
		}
		for i := range a.rows {
			for j := range a.cols {
				y := m.cols[a.col0+j].sum8(unsafe.Pointer(&mid[(a.row0+i)*m.points]), vectorBytes8)
				a.store8(&y, t*a.next+i*a.row+j*a.col, t*a.next+i*a.resRow+j*a.col)
			}
		}
	}
}

// store8 finishes an output and stores it.
func (a *winoOutputArgs) store8(y *[8]float32, dst, res int) {
	add8(y, vector8(a.bias, 0))
	if a.residual != nil {
		add8(y, vector8(a.residual, res))
	}
	if a.slope == nil {
		applyClip(y[:], a.lo, a.hi)
	} else {
		for l, s := range vector8(a.slope, 0) {
			if y[l] < 0 {
				y[l] *= s
			}
		}
	}
	*vector8(a.dst, dst) = *y
}
