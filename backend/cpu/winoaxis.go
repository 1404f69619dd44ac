package cpu

import "math"

// Winograd's minimal filtering F(m, r) makes m neighbouring outputs of a filter of r taps with m+r-1 products instead
// of m·r. Inputs and taps are polynomials that are evaluated at m+r-1 points, multiplied there, and interpolated:
//
//	outputs = Aᵀ [(G taps) ∘ (Bᵀ inputs)]
//
// In two dimensions the transforms are nested: rows and columns may have filters of different lengths. The products of
// different input channels - and of different depth taps - are added up before the interpolation, so that each point is
// a matrix product over the channels.
//
// The points are 0, ±1 and infinity for four, and 0, ±1/√2, ±√2 and infinity for six: they keep the rounding error about
// twice that of a direct sum, half of what the classic 0, ±1, ±2 give, and 0, ±1 computes with small integers exactly. The
// seven ±3/10, ±√3/2, ±2 and infinity also have less than twice the error of a direct sum: the best of a search over three
// pairs; 0, ±1/2, ±1, 2 and infinity have up to three times that. The five ±2/5, ±5/4 and infinity, found likewise, have 1.5
// times the error of a direct sum; 0, ±1, 2 and infinity have 3 times.

// winoAxis is F(outputs, taps) along one axis; {1, 1} is an axis without a filter.
type winoAxis struct{ outputs, taps int }

// winoTile is a filter over rows and columns.
type winoTile struct{ rows, cols winoAxis }

func (a winoAxis) points() int { return a.outputs + a.taps - 1 }

func (t winoTile) points() int { return t.rows.points() * t.cols.points() }

// winoSquares are the squares of the points ±a of an axis; infinity is a point too, and so is 0 if they are an even number,
// except where there is one only.
func winoSquares(points int) []float64 {
	switch points {
	case 1:
		return nil
	case 4:
		return []float64{1}
	case 5:
		return []float64{0.16, 1.5625}
	case 6:
		return []float64{0.5, 2}
	case 7:
		return []float64{0.09, 0.75, 4}
	}
	panic("BUG: tiles have 1 or 4 to 7 points")
}

// winoHasZero says whether 0 is a point: a single one is 0.
func winoHasZero(points int) bool { return points == 1 || points%2 == 0 }

// winoPairAt is the number of the first of the points ±a of pair i.
func winoPairAt(points, i int) int { return 1 - points%2 + 2*i }

// winoPoints lists the finite points.
func winoPoints(points int) []float64 {
	var finite []float64
	if winoHasZero(points) {
		finite = []float64{0}
	}
	for _, s := range winoSquares(points) {
		finite = append(finite, math.Sqrt(s), -math.Sqrt(s))
	}
	return finite
}

// winoSign is the sign of a point's rows of G and Bᵀ: it makes those of G of ±a differ in the odd taps alone. Without point
// 0, the product of the distances from -a to the other points is minus that from a.
func winoSign(points int, p float64) float64 {
	if p < 0 && !winoHasZero(points) {
		return -1
	}
	return 1
}

// filterMatrix returns G: row i evaluates the taps at point i and divides by the product of the distances to the other
// points; the last row is the highest tap.
func (a winoAxis) filterMatrix() [][]float64 {
	if a.points() == 1 {
		return [][]float64{{1}}
	}
	finite := winoPoints(a.points())
	g := make([][]float64, a.points())
	for i, p := range finite {
		scale := winoSign(a.points(), p)
		for j, q := range finite {
			if j != i {
				scale /= p - q
			}
		}
		for k := range a.taps {
			g[i] = append(g[i], scale*math.Pow(p, float64(k)))
		}
	}
	g[len(finite)] = make([]float64, a.taps)
	g[len(finite)][a.taps-1] = 1
	return g
}

// inputMatrix returns Bᵀ: row i holds the coefficients of the product of (x - q) over the other finite points q, the
// last row that over all of them.
func (a winoAxis) inputMatrix() [][]float64 {
	if a.points() == 1 {
		return [][]float64{{1}}
	}
	finite := winoPoints(a.points())
	b := make([][]float64, a.points())
	for i := range b {
		poly := []float64{1}
		if i < len(finite) {
			poly[0] = winoSign(a.points(), finite[i])
		}
		for j, q := range finite {
			if j != i {
				poly = timesRoot(poly, q)
			}
		}
		b[i] = append(poly, make([]float64, a.points()-len(poly))...)
	}
	return b
}

// timesRoot returns poly·(x - q), coefficients from the lowest power on. Coefficients that only rounding made nonzero
// become zero.
func timesRoot(poly []float64, q float64) []float64 {
	next := make([]float64, len(poly)+1)
	for i, c := range poly {
		next[i] -= q * c
		next[i+1] += c
	}
	for i, c := range next {
		if math.Abs(c) < 1e-12 {
			next[i] = 0
		}
	}
	return next
}

// outputMatrix returns Aᵀ: row k sums the k-th powers of the points; infinity counts in the last row.
func (a winoAxis) outputMatrix() [][]float64 {
	m := make([][]float64, a.outputs)
	for k := range m {
		for _, p := range winoPoints(a.points()) {
			m[k] = append(m[k], math.Pow(p, float64(k)))
		}
		if a.points() > 1 {
			m[k] = append(m[k], 0)
		}
	}
	if a.points() > 1 {
		m[a.outputs-1][a.points()-1] = 1
	}
	return m
}
