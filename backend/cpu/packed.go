package cpu

// matrixView is a matrix in memory: element (i, j) is data[i*rowStride+j*colStride].
type matrixView struct {
	data                 []float32
	rowStride, colStride int
}

// viewOf returns the view of a row-major matrix with rows ld apart, transposed or not.
func viewOf(data []float32, ld int, transposed bool) matrixView {
	if transposed {
		return matrixView{data, 1, ld}
	}
	return matrixView{data, ld, 1}
}

// from returns the view that begins at element (i, j).
func (m matrixView) from(i, j int) matrixView {
	m.data = m.data[i*m.rowStride+j*m.colStride:]
	return m
}

// panels cuts rows into panels of at most max rows whose heights differ by at most one, the higher ones first.
// 64 rows are 13+13+13+13+12 rather than 14+14+14+14+8: the kernels run at full speed from few rows on, but each has
// a cost per call.
type panels struct {
	rows, max int
}

func (p panels) count() int { return (p.rows + p.max - 1) / p.max }

// at returns the first row and the rows of panel i.
func (p panels) at(i int) (row, rows int) {
	n := p.count()
	each, rest := p.rows/n, p.rows%n
	if i < rest {
		return i * (each + 1), each + 1
	}
	return i*each + rest, each
}

// PackedA is a constant left operand A[M x K] of a product in the order in which kernels read it: panels of at most
// MR rows, each [K][rows]. It holds exactly M*K floats; panel i begins at its first row times K.
type PackedA struct {
	panels
	depth int
	data  []float32
}

// PackA packs A[m x depth], row-major with rows lda floats apart, or A transposed: [depth x m].
func PackA(k *Kernels, m, depth int, a []float32, lda int, transposed bool) *PackedA {
	p := &PackedA{panels{m, k.MR}, depth, AlignedFloats(m * depth)}
	view := viewOf(a, lda, transposed)
	if m*depth > 0 {
		for i := range p.count() {
			p.packPanel(k, i, view)
		}
	}
	return p
}

// Floats returns the size of the packed form.
func (p *PackedA) Floats() int { return len(p.data) }

// packPanel fills panel i from the whole matrix.
func (p *PackedA) packPanel(k *Kernels, i int, a matrixView) {
	row, rows := p.at(i)
	dst := p.data[row*p.depth : (row+rows)*p.depth]
	k.packTransposed(dst, rows, a.from(row, 0), rows, p.depth)
}

// laneColumns is the least columns for which packing by vectors pays its start.
const laneColumns = 48

// packTransposed writes dst[j*ld+i] = m(i, j) for i < rows, j < cols. What it writes elsewhere in dst between these
// is zero.
func (k *Kernels) packTransposed(dst []float32, ld int, m matrixView, rows, cols int) {
	switch {
	case cols == 0:
	case m.rowStride == 1:
		for j := range cols {
			copy(dst[j*ld:][:rows], m.data[j*m.colStride:])
		}
	case m.colStride == 1 && cols >= laneColumns && k.Tier != Generic && (rows <= k.Block || roundUp(rows, k.Block) <= ld):
		for i := 0; i < rows; i += k.Block {
			k.packLanes(dst[i:], ld, m.from(i, 0), min(k.Block, rows-i), cols)
		}
	default:
		packElements(dst, ld, m, rows, 0, cols)
	}
}

// packLanes is packTransposed of at most Block rows that lie whole in memory. The kernel writes whole vectors, the lanes
// without a row zero, in ascending order: where the next column's place begins within a vector, it comes later. The
// vectors that would go beyond dst are left to packElements.
func (k *Kernels) packLanes(dst []float32, ld int, m matrixView, rows, cols int) {
	whole := 0
	if len(dst) >= k.Block {
		whole = min(cols, (len(dst)-k.Block)/ld+1)
	}
	if whole > 0 {
		w := mapScratches.Get().(*mapScratch)
		raceWriteRows(dst, whole, rows, ld)
		k.transposeAt(k.maps.interleave, w, dst, m.data, m.rowStride, rows, whole, ld)
		w.forget()
		mapScratches.Put(w)
	}
	packElements(dst, ld, m, rows, whole, cols)
}

// packElements is packTransposed of the columns [from, to), element by element. Four rows at a time keep the stores
// together.
func packElements(dst []float32, ld int, m matrixView, rows, from, to int) {
	i := 0
	if m.colStride == 1 {
		for ; i+4 <= rows; i += 4 {
			src := m.data[i*m.rowStride:]
			r0, r1 := src[:to], src[m.rowStride:][:to]
			r2, r3 := src[2*m.rowStride:][:to], src[3*m.rowStride:][:to]
			for j := from; j < to; j++ {
				*(*[4]float32)(dst[j*ld+i:]) = [4]float32{r0[j], r1[j], r2[j], r3[j]}
			}
		}
	}
	for ; i < rows; i++ {
		src := m.data[i*m.rowStride:]
		for j := from; j < to; j++ {
			dst[j*ld+i] = src[j*m.colStride]
		}
	}
}

// PackedB is a constant right operand B[K x N] of a product in the order in which kernels read it: panels of NR
// columns, each [K][NR], the last one filled up with zeros.
type PackedB struct {
	cols, depth, nr int
	*weightMemory
}

// PackB packs B[depth x n], row-major with rows ldb floats apart, or B transposed: [n x depth].
func PackB(k *Kernels, depth, n int, b []float32, ldb int, transposed bool) *PackedB {
	p := &PackedB{n, depth, k.NR, newWeightMemory(nil, roundUp(n, k.NR)*depth)}
	if depth > 0 {
		k.packColumns(p.data, viewOf(b, ldb, transposed), depth, n, k.NR)
	}
	return p
}

// packColumns packs b[depth x n] into panels of nr columns.
func (k *Kernels) packColumns(dst []float32, b matrixView, depth, n, nr int) {
	for col := 0; col < n; col += nr {
		cols := min(nr, n-col)
		panel := dst[:depth*nr]
		dst = dst[depth*nr:]
		src := b.from(0, col)
		switch {
		case cols == k.NR && nr == k.NR && b.colStride == 1:
			k.packWholeRows(panel, src, depth)
			continue
		case cols < nr:
			clear(panel)
		}
		if b.colStride == 1 {
			for i := range depth {
				copy(panel[i*nr:][:cols], src.data[i*b.rowStride:])
			}
			continue
		}
		k.packTransposed(panel, nr, matrixView{src.data, b.colStride, b.rowStride}, cols, depth)
	}
}

// packWholeRows packs a panel whose rows lie together in memory.
func (k *Kernels) packWholeRows(panel []float32, src matrixView, depth int) {
	const most = 1 << 13 // rows of one call, which nothing can interrupt: some 50 us
	for i := 0; i < depth; i += most {
		k.copyRows(gatherArgs{
			dst: panel[i*k.NR:], src: src.data[i*src.rowStride:], offsets: noOffset,
			dstStride: k.NR, srcStride: src.rowStride, count: min(most, depth-i),
		})
	}
}

// roundUp returns the smallest multiple of unit that is at least n.
func roundUp(n, unit int) int { return (n + unit - 1) / unit * unit }
