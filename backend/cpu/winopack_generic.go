package cpu

// winoLanes is one number of several filters, those of neighbouring output channels.
type winoLanes [8]float64

// filtersGeneric is the portable transform of filters.
func (t winoTile) filtersGeneric(a *winoFilterArgs) {
	var taps [5]winoLanes     // of a column
	var half [6 * 5]winoLanes // [points of rows][columns]
	var last [7]winoLanes     // points of a row
	columns := t.cols.taps
	for c := range a.channels {
		for x := range columns {
			for y := range t.rows.taps {
				for l, v := range vector8(a.src, c*a.from+(y*columns+x)*a.tap) {
					taps[y][l] = float64(v)
				}
			}
			t.rows.evaluate(a.rows, half[x:], taps[:], columns)
		}
		for i := range t.rows.points() {
			t.cols.evaluate(a.cols, last[:], half[i*columns:], 1)
			for j := range t.cols.points() {
				last[j].store(vector8(a.dst, c*a.next+(i*t.cols.points()+j)*a.point))
			}
		}
	}
}

// store rounds the lanes to dst.
func (w *winoLanes) store(dst *[8]float32) {
	for l, v := range w {
		dst[l] = float32(v)
	}
}

// evaluate computes the points dst[i*step] of taps.
func (a winoAxis) evaluate(f *winoFactors, dst, taps []winoLanes, step int) {
	if winoHasZero(a.points()) {
		for l, v := range taps[0] {
			dst[0][l] = f.zero * v
		}
	}
	for i := range winoSquares(a.points()) {
		at := winoPairAt(a.points(), i)
		plus, minus := &dst[at*step], &dst[(at+1)*step]
		switch f := &f.pairs[i]; a.taps {
		case 2:
			f.pair2(plus, minus, (*[2]winoLanes)(taps))
		case 3:
			f.pair3(plus, minus, (*[3]winoLanes)(taps))
		case 4:
			f.pair4(plus, minus, (*[4]winoLanes)(taps))
		case 5:
			f.pair5(plus, minus, (*[5]winoLanes)(taps))
		default:
			panic("BUG: no filters of so many taps")
		}
	}
	if a.points() > 1 {
		dst[(a.points()-1)*step] = taps[a.taps-1]
	}
}

// Conversions of products keep the compiler from fusing them with sums.

func (f *winoFactor) pair2(plus, minus *winoLanes, t *[2]winoLanes) {
	for l := range plus {
		f.store(plus, minus, l, t[0][l], t[1][l])
	}
}

func (f *winoFactor) pair3(plus, minus *winoLanes, t *[3]winoLanes) {
	for l := range plus {
		f.store(plus, minus, l, t[0][l]+float64(f.square*t[2][l]), t[1][l])
	}
}

func (f *winoFactor) pair4(plus, minus *winoLanes, t *[4]winoLanes) {
	for l := range plus {
		f.store(plus, minus, l, t[0][l]+float64(f.square*t[2][l]), t[1][l]+float64(f.square*t[3][l]))
	}
}

func (f *winoFactor) pair5(plus, minus *winoLanes, t *[5]winoLanes) {
	for l := range plus {
		even := t[0][l] + float64(f.square*(t[2][l]+float64(f.square*t[4][l])))
		f.store(plus, minus, l, even, t[1][l]+float64(f.square*t[3][l]))
	}
}

// store sets lane l of both points from the sums of the even and of the odd taps.
func (f *winoFactor) store(plus, minus *winoLanes, l int, even, odd float64) {
	even, odd = float64(f.even*even), float64(f.odd*odd)
	plus[l], minus[l] = even+odd, even-odd
}
