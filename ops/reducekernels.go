package ops

import "math"

// reduceKernels holds the reductions of every type by operator.
var reduceKernels = map[string]map[DType]reduceKernel{
	"ReduceSum":       sums(nil),
	"ReduceMean":      means(),
	"ReduceProd":      steps(1, mulStep[float64], mulStep[int64], mulStep[uint64], nil),
	"ReduceL1":        steps(0, absStep[float64], absStep[int64], addStep[uint64], nil),
	"ReduceL2":        steps(0, squareStep[float64], squareStep[int64], squareStep[uint64], math.Sqrt),
	"ReduceSumSquare": steps(0, squareStep[float64], squareStep[int64], squareStep[uint64], nil),
	"ReduceLogSum":    sums(math.Log),
	"ReduceLogSumExp": logSumExps(),
	"ReduceMax":       extremes(true),
	"ReduceMin":       extremes(false),
}

// wide is what sums are accumulated in.
type wide interface{ float64 | int64 | uint64 }

func addStep[A wide](a, x A) A    { return a + x }
func mulStep[A wide](a, x A) A    { return a * x }
func squareStep[A wide](a, x A) A { return a + x*x }

func absStep[A float64 | int64](a, x A) A {
	if x < 0 {
		return a - x
	}
	return a + x
}

// outcome makes the finish of a fold: the accumulator itself, or a function of it
// as a real, which integers take by the rule of Cast.
func outcome[T Number, A wide](f func(float64) float64) func(A, int) T {
	if f == nil {
		return func(acc A, _ int) T { return T(acc) }
	}
	return func(acc A, _ int) T { return castOne[T](f(float64(acc))) }
}

// castOne is Cast of one real.
func castOne[T Number](f float64) T {
	var t T
	switch any(t).(type) {
	case float32, float64:
		return T(f)
	case uint64:
		return T(truncateUnsigned(f))
	case int64, uint32:
		return T(truncate64(f))
	}
	return T(truncate32(f))
}

// sums are the reductions to a sum, or to f of it.
func sums(f func(float64) float64) map[DType]reduceKernel {
	return map[DType]reduceKernel{
		Float32: sumFold[float32, float64](f).kernel(), Float64: sumFold[float64, float64](f).kernel(),
		Int32: sumFold[int32, int64](f).kernel(), Int64: sumFold[int64, int64](f).kernel(),
		Uint32: sumFold[uint32, uint64](f).kernel(), Uint64: sumFold[uint64, uint64](f).kernel(),
	}
}

// sumFold adds up; four sums at a time, since one would wait for itself.
func sumFold[T Number, A wide](f func(float64) float64) fold[T, A] {
	return fold[T, A]{
		run: func(acc A, xs []T) A {
			var s [4]A
			for ; len(xs) >= 4; xs = xs[4:] {
				s[0] += A(xs[0])
				s[1] += A(xs[1])
				s[2] += A(xs[2])
				s[3] += A(xs[3])
			}
			for _, x := range xs {
				acc += A(x)
			}
			return acc + ((s[0] + s[1]) + (s[2] + s[3]))
		},
		each: func(acc []A, xs []T) {
			acc = acc[:len(xs)]
			for i, x := range xs {
				acc[i] += A(x)
			}
		},
		finish: outcome[T, A](f),
	}
}

// means are sums divided by the number of elements.
func means() map[DType]reduceKernel {
	return map[DType]reduceKernel{
		Float32: meanFold[float32, float64]().kernel(), Float64: meanFold[float64, float64]().kernel(),
		Int32: meanFold[int32, int64]().kernel(), Int64: meanFold[int64, int64]().kernel(),
		Uint32: meanFold[uint32, uint64]().kernel(), Uint64: meanFold[uint64, uint64]().kernel(),
	}
}

func meanFold[T Number, A wide]() fold[T, A] {
	f := sumFold[T, A](nil)
	f.finish = func(acc A, n int) T { return T(acc / A(max(n, 1))) }
	return f
}

// steps are the reductions that take one element at a time, from a start, by a
// step, to the last accumulator or f of it.
func steps(start int, stepF func(a, x float64) float64, stepI func(a, x int64) int64, stepU func(a, x uint64) uint64,
	f func(float64) float64) map[DType]reduceKernel {
	return map[DType]reduceKernel{
		Float32: stepFold[float32](start, stepF, f).kernel(), Float64: stepFold[float64](start, stepF, f).kernel(),
		Int32: stepFold[int32](start, stepI, f).kernel(), Int64: stepFold[int64](start, stepI, f).kernel(),
		Uint32: stepFold[uint32](start, stepU, f).kernel(), Uint64: stepFold[uint64](start, stepU, f).kernel(),
	}
}

func stepFold[T Number, A wide](start int, step func(a, x A) A, f func(float64) float64) fold[T, A] {
	return fold[T, A]{
		start: A(start),
		run: func(acc A, xs []T) A {
			for _, x := range xs {
				acc = step(acc, A(x))
			}
			return acc
		},
		each: func(acc []A, xs []T) {
			for i, x := range xs {
				acc[i] = step(acc[i], A(x))
			}
		},
		finish: outcome[T, A](f),
	}
}

// logSum is Σ e^x as sum·e^top, where top is the largest x so far.
type logSum struct {
	top, sum float64
}

// add takes in one element; infinities must not meet in a difference.
func (s logSum) add(x float64) logSum {
	switch {
	case x == s.top:
		s.sum++
	case x > s.top:
		s.sum = s.sum*math.Exp(s.top-x) + 1
		s.top = x
	default:
		s.sum += math.Exp(x - s.top)
	}
	return s
}

func (s logSum) value() float64 { return s.top + math.Log(s.sum) }

func logSumExps() map[DType]reduceKernel {
	return map[DType]reduceKernel{
		Float32: logSumFold[float32]().kernel(), Float64: logSumFold[float64]().kernel(),
		Int32: logSumFold[int32]().kernel(), Int64: logSumFold[int64]().kernel(),
		Uint32: logSumFold[uint32]().kernel(), Uint64: logSumFold[uint64]().kernel(),
	}
}

func logSumFold[T Number]() fold[T, logSum] {
	return fold[T, logSum]{
		start: logSum{top: math.Inf(-1)},
		run: func(acc logSum, xs []T) logSum {
			for _, x := range xs {
				acc = acc.add(float64(x))
			}
			return acc
		},
		each: func(acc []logSum, xs []T) {
			for i, x := range xs {
				acc[i] = acc[i].add(float64(x))
			}
		},
		finish: func(acc logSum, _ int) T { return castOne[T](acc.value()) },
	}
}

// extremes are ReduceMax and ReduceMin.
func extremes(largest bool) map[DType]reduceKernel {
	inf := math.Inf(1)
	if largest {
		inf = math.Inf(-1)
	}
	return map[DType]reduceKernel{
		Float32: extremeFold(largest, float32(inf), float32(inf)).kernel(),
		Float64: extremeFold(largest, inf, inf).kernel(),
		Int8:    extremeFold[int8](largest, math.MinInt8, math.MaxInt8).kernel(),
		Int32:   extremeFold[int32](largest, math.MinInt32, math.MaxInt32).kernel(),
		Int64:   extremeFold[int64](largest, math.MinInt64, math.MaxInt64).kernel(),
		Uint8:   extremeFold[uint8](largest, 0, math.MaxUint8).kernel(),
		Uint32:  extremeFold[uint32](largest, 0, math.MaxUint32).kernel(),
		Uint64:  extremeFold[uint64](largest, 0, math.MaxUint64).kernel(),
		Bool: func(c *Call, x, y *Tensor, axes []int) {
			bits := extremeFold[uint8](largest, 0, 1).kernel() // a bool is a byte, 0 or 1
			bits(c, &Tensor{dtype: Uint8, shape: x.shape, mem: x.Bytes()}, &Tensor{dtype: Uint8, shape: y.shape, mem: y.Bytes()}, axes)
		},
	}
}

// extremeFold is max, from least on, or min, from most on; NaN wins over all.
func extremeFold[T Number](largest bool, least, most T) fold[T, T] {
	if largest {
		return fold[T, T]{
			start: least,
			run: func(acc T, xs []T) T {
				for _, x := range xs {
					acc = max(acc, x)
				}
				return acc
			},
			each: func(acc, xs []T) {
				acc = acc[:len(xs)]
				for i, x := range xs {
					acc[i] = max(acc[i], x)
				}
			},
			finish: func(acc T, _ int) T { return acc },
		}
	}
	return fold[T, T]{
		start: most,
		run: func(acc T, xs []T) T {
			for _, x := range xs {
				acc = min(acc, x)
			}
			return acc
		},
		each: func(acc, xs []T) {
			acc = acc[:len(xs)]
			for i, x := range xs {
				acc[i] = min(acc[i], x)
			}
		},
		finish: func(acc T, _ int) T { return acc },
	}
}
