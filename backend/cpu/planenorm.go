package cpu

import (
	"math"
	"sync/atomic"
)

// RunPlanes computes y from a planar [images, channels, size] array as Run does from a map. y may be x.
func (p *MapNorm) RunPlanes(k *Kernels, pool *Pool, stop *atomic.Bool, x, y []float32, channels, size int, gain, bias []float32) {
	groups := channels / p.PerStat
	pool.RunUntil(stop, len(x)/(p.PerStat*size), func(_, i int) {
		of := x[i*p.PerStat*size:][:p.PerStat*size]
		mean, variance := k.moments(of)
		scale := 1 / math.Sqrt(variance+p.Epsilon)
		for c := range p.PerStat {
			param := (i%groups*p.PerStat + c) / p.PerGain
			plane := y[i*p.PerStat*size:][c*size : (c+1)*size]
			k.normPlane(plane, of[c*size:][:size], mean, scale*float64(gain[param]), float64(bias[param]))
			if p.Act.Kind != ActNone {
				k.Map(p.Act.vector(0), plane, plane)
			}
		}
	})
}

// moments are mean and variance (divided by the count) of x. The squares are those of distances from a number near the
// mean, so that what is left of it does not drown them.
func (k *Kernels) moments(x []float32) (mean, variance float64) {
	n := float64(len(x))
	shift := float32(k.Sum(x) / n)
	mean = float64(shift) + k.sumFrom(x, shift)/n
	rest := mean - float64(shift)
	return mean, max(0, k.SumSquares(x, shift)/n-rest*rest)
}

// sumFrom is the sum of x - shift.
func (k *Kernels) sumFrom(x []float32, shift float32) float64 {
	return k.total(reduceSum, x, nil, shift)
}

// mostShift is up to which a constant may be added to values of around 1 without a loss that one sees.
const mostShift = 16

// normPlane computes y = (x - mean)·scale + bias; y may be x.
func (k *Kernels) normPlane(y, x []float32, mean, scale, bias float64) {
	center := [1]float32{float32(mean)}
	if math.Abs(mean*scale) < mostShift {
		center[0] = 0
	} else {
		k.PairsLanes(PairSub, y, x, center[:])
		x = y
	}
	k.Map(VecFunc{Kind: VecAffine, A: float32(scale), B: float32(bias - (mean-float64(center[0]))*scale)}, y, x)
}
