package ops

// matrix is a matrix in the memory of a tensor: element (i, j) is
// data[i·rowStride + j·colStride].
type matrix[T Number] struct {
	data                 []T
	rowStride, colStride int
}

// rowMajor is a matrix of the given number of columns at the start of data.
func rowMajor[T Number](data []T, cols int) matrix[T] { return matrix[T]{data, cols, 1} }

// transposed is the matrix with rows and columns exchanged.
func (m matrix[T]) transposed() matrix[T] { return matrix[T]{m.data, m.colStride, m.rowStride} }

// productRow computes y[j] = f(sum over p < depth of a(i, p)·b(p, j), j). Sums are
// kept in S: float64 for floats, the type itself for integers, which wrap around.
func productRow[T, S Number](y []T, a, b matrix[T], i, depth int, f func(sum S, j int) T) {
	var sums [rowTile]S
	for first := 0; first < len(y); first += rowTile {
		tile := sums[:min(rowTile, len(y)-first)]
		clear(tile)
		for p := range depth {
			v := S(a.data[i*a.rowStride+p*a.colStride])
			at := p*b.rowStride + first*b.colStride
			for j := range tile {
				tile[j] += v * S(b.data[at+j*b.colStride])
			}
		}
		for j, s := range tile {
			y[first+j] = f(s, first+j)
		}
	}
}
