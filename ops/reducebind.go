package ops

import (
	"math"

	"github.com/tconv/tconv/backend/cpu"
)

// Bind takes the vector kernels for sums and the largest of floats.
func (o *reduce) Bind(b *Binding) (Step, error) {
	if b.In[0].DType != Float32 {
		return plainStep{o}, nil
	}
	kernel := vectorReduction(o.name, b.Kernels)
	if kernel == nil {
		return plainStep{o}, nil
	}
	return &reduceStep{reduce: o, kernel: kernel, tier: b.Kernels.Tier}, nil
}

// reduceStep is a reduction by a kernel of its own.
type reduceStep struct {
	*reduce
	kernel reduceKernel
	tier   cpu.Tier
}

func (s *reduceStep) Kernel() string { return "reduce " + string(s.tier) }
func (s *reduceStep) Needs() Needs   { return Needs{} }

// Run reduces.
func (s *reduceStep) Run(c *Call, in, out []*Tensor) error { return s.run(c, in, out, s.kernel) }

// vectorReduction is the reduction of floats with vector kernels along long runs;
// nil where there is none. Sums are float32 within pieces of a run, see
// [cpu.Kernels.Sum], and float64 beyond.
func vectorReduction(name string, k *cpu.Kernels) reduceKernel {
	switch name {
	case "ReduceSum":
		return alongRuns(sumFold[float32, float64](nil), addSum(k.Sum))
	case "ReduceMean":
		return alongRuns(meanFold[float32, float64](), addSum(k.Sum))
	case "ReduceSumSquare":
		return alongRuns(stepFold[float32](0, squareStep[float64], nil), addSum(squareSum(k)))
	case "ReduceL2":
		return alongRuns(stepFold[float32](0, squareStep[float64], math.Sqrt), addSum(squareSum(k)))
	case "ReduceMax":
		least := float32(math.Inf(-1))
		return alongRuns(extremeFold(true, least, least), func(acc float32, xs []float32) float32 { return max(acc, k.Max(xs)) })
	}
	return nil
}

func addSum(sum func([]float32) float64) func(float64, []float32) float64 {
	return func(acc float64, xs []float32) float64 { return acc + sum(xs) }
}

func squareSum(k *cpu.Kernels) func([]float32) float64 {
	return func(xs []float32) float64 { return k.SumSquares(xs, 0) }
}

// alongRuns makes the reduction of f with another way to take in runs of at least
// fewestLanes.
func alongRuns[A any](f fold[float32, A], long func(A, []float32) A) reduceKernel {
	short := f.run
	f.run = func(acc A, xs []float32) A {
		if len(xs) < fewestLanes {
			return short(acc, xs)
		}
		return long(acc, xs)
	}
	return f.kernel()
}
