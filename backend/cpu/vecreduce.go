package cpu

import "math"

// vecReduction names a sum, or the like, over the elements that share a lane.
type vecReduction uint8

const (
	reduceSum     vecReduction = iota // Σ x - b
	reduceSquares                     // Σ (x - b)²
	reduceProduct                     // Σ x·b
	reduceMax                         // the greatest, -Inf of nothing; NaN where one is NaN

	vecReductions = iota
)

// vecSumCall is the number of elements that a reduction adds up in float32, in at least 8 lanes of several sums,
// before it goes on in float64.
const vecSumCall = 1 << 12

// Sum is the sum of x. The order of its additions is fixed.
func (k *Kernels) Sum(x []float32) float64 { return k.total(reduceSum, x, nil, 0) }

// SumSquares is the sum of (x - shift)², whose terms stay small where shift is close to the mean.
func (k *Kernels) SumSquares(x []float32, shift float32) float64 {
	return k.total(reduceSquares, x, nil, shift)
}

// Dot is the sum of a[i]·b[i].
func (k *Kernels) Dot(a, b []float32) float64 {
	mustMatch(len(a), len(b))
	return k.total(reduceProduct, a, b, 0)
}

// total adds up the lanes of a reduction.
func (k *Kernels) total(r vecReduction, a, b []float32, shift float32) float64 {
	raceRead(a)
	raceRead(b)
	var sum float64
	for len(a) > 0 {
		n := min(len(a), vecSumCall)
		args := vecArgs{a: a[:n], p: [3]float32{shift}}
		if b != nil {
			args.b, b = b[:n], b[n:]
		}
		lanes := k.vec.reduces[r](args)
		for _, v := range lanes[:k.Block] {
			sum += float64(v)
		}
		a = a[n:]
	}
	return sum
}

// Max is the greatest element; NaN where one is NaN, -Inf of nothing.
func (k *Kernels) Max(x []float32) float32 {
	greatest := float32(math.Inf(-1))
	k.eachMax(x, func(_ int, v float32) { greatest = max(greatest, v) })
	return greatest
}

// LaneMax raises lanes[l] to the greatest element of lane l = i mod Block; NaN where one is NaN.
func (k *Kernels) LaneMax(lanes, x []float32) {
	mustMatch(k.Block, len(lanes))
	k.eachMax(x, func(l int, v float32) { lanes[l] = max(lanes[l], v) })
}

// eachMax calls f with the greatest element of every lane of every piece of x.
func (k *Kernels) eachMax(x []float32, f func(lane int, v float32)) {
	raceRead(x)
	for len(x) > 0 {
		n := min(len(x), vecCall)
		lanes := k.vec.reduces[reduceMax](vecArgs{a: x[:n]})
		for l, v := range lanes[:k.Block] {
			f(l, v)
		}
		x = x[n:]
	}
}

// LaneSums adds to sums[l] the sum of x[i] - shift[l] over the elements of lane l = i mod Block, and to squares[l] that
// of their squares; squares may be nil. Each of sums, squares and shift has Block elements.
func (k *Kernels) LaneSums(sums, squares []float64, x, shift []float32) {
	mustMatch(k.Block, len(shift))
	raceRead(x)
	for len(x) > 0 {
		n := min(len(x), vecSumCall)
		k.addLanes(sums, reduceSum, x[:n], shift)
		if squares != nil {
			k.addLanes(squares, reduceSquares, x[:n], shift)
		}
		x = x[n:]
	}
}

func (k *Kernels) addLanes(sums []float64, r vecReduction, x, shift []float32) {
	lanes := k.vec.reduces[r](vecArgs{a: x, b: shift})
	for l, v := range lanes[:k.Block] {
		sums[l] += float64(v)
	}
}
