package cpu

import "fmt"

// VecKind names a function of one float32. The errors that are given, in units in the last place of the result, are the
// greatest of the assembly tiers over every 31st float32 (TestVecFuncs); the portable twin stays within 1. Functions
// without an error are the formula, rounded after each operation. A NaN gives a NaN, and so does -Inf where the
// function is a product of x with a 0.
type VecKind uint8

// The functions. A, B and C are parameters of the [VecFunc].
const (
	VecRelu        VecKind = iota // x where x > 0, else 0
	VecLeakyRelu                  // x where x >= 0, else A·x
	VecClip                       // min(max(x, A), B); a bound that is NaN bounds nothing
	VecThreshold                  // x where x > A, else 0, also of NaN
	VecAbs                        // |x|
	VecNeg                        // -x
	VecSqrt                       // √x
	VecReciprocal                 // 1/x
	VecAffine                     // A·x + B, rounded once by the assembly tiers
	VecHardSigmoid                // max(0, min(1, A·x + B))
	VecHardSwish                  // x·max(0, min(1, x/6 + 1/2)): 2.5
	VecExp                        // e^(x - A): 1.1 beside the rounding of x - A
	VecSigmoid                    // 1/(1 + e^-x): 2.4
	VecTanh                       // tanh x: 2.4
	VecErf                        // erf x: 1.0
	VecSwish                      // x/(1 + e^-Ax): 3.7
	VecGelu                       // x·Φ(x) = x/2·(1 + erf(x/√2)): 4.0
	VecGeluTanh                   // x/2·(1 + tanh(√(2/π)·(x + 0.044715·x³))): 3.8
	VecElu                        // A·x where x > 0, else B·(e^(C·x) - 1), C >= 0: 1.0 beside the roundings of products
	VecSoftplus                   // ln(1 + e^x): 2.7
	VecMish                       // x·tanh(ln(1 + e^x)): 3.7
	VecSin                        // sin x: 1.5, never beyond ±1
	VecCos                        // cos x: 1.5, never beyond ±1
	VecLog                        // ln x: 0.9
	VecCube                       // x·x·x: 1.3
	VecPowHalf                    // x to the power of 1/2, which is √x but 0 for -0 and +Inf for -Inf

	vecKinds = iota
)

// VecFunc is a function of one float32 with its parameters.
type VecFunc struct {
	Kind    VecKind
	A, B, C float32
}

// VecPair names a function of two float32.
type VecPair uint8

// The functions of two operands.
const (
	PairAdd   VecPair = iota // a + b
	PairSub                  // a - b
	PairRSub                 // b - a
	PairMul                  // a·b
	PairDiv                  // a/b
	PairRDiv                 // b/a
	PairMin                  // the lesser; NaN where one is NaN; -0 is less than 0
	PairMax                  // the greater, in the same way
	PairPRelu                // a where a >= 0, else a·b

	vecPairs = iota
)

// Reversed is the function with a and b exchanged. PairPRelu has none.
func (p VecPair) Reversed() VecPair {
	switch p {
	case PairSub, PairDiv:
		return p + 1
	case PairRSub, PairRDiv:
		return p - 1
	case PairPRelu:
		panic("BUG: PRelu reversed")
	}
	return p
}

// vecArgs are the operands of a vector kernel.
//
//	map:      dst[i] = f(a[i]; p)
//	pair:     dst[i] = f(a[i], b[i])
//	lanes:    dst[i] = f(a[i], b[i mod Block]), or f(a[i], b[0]) where len(b) is 1
//	affine:   dst[i] = a[i]·b[i mod Block] + c[i mod Block]
//	reduce:   lanes[i mod Block] = the reduction over a[i] and b[i mod Block], or p[0] where b is nil; b is as long as
//	          a for products
//
// len(dst) counts, for reductions, which have none, len(a); a and b of a pair are as long. dst may be a or b, but may not overlap them
// otherwise. Nothing else need be a multiple of anything.
//
// They are passed by value because what a call through a table gets by address would have to lie on the heap.
type vecArgs struct {
	dst, a, b, c []float32
	p            [3]float32
}

// vecTable holds the vector kernels of a tier. They are assembly because Go has no vector instructions: on one core
// of a Zen 4 they are 4 to 90 times as fast as loops in Go, arithmetic at the lower end and Softplus at the upper.
type vecTable struct {
	maps    [vecKinds]func(vecArgs)
	pairs   [vecPairs]func(vecArgs)
	lanes   [vecPairs]func(vecArgs)
	affine  func(vecArgs)
	reduces [vecReductions]func(vecArgs) [maxBlock]float32
}

// maxBlock is the largest Block of any tier.
const maxBlock = 16

// vecCall is the number of elements of one call of a vector kernel, which nothing can interrupt: below 200 us for the
// slowest. It is a multiple of every Block.
const vecCall = 1 << 14

// Map computes dst[i] = f(src[i]). dst may be src, but must not overlap it otherwise.
func (k *Kernels) Map(f VecFunc, dst, src []float32) {
	mustMatch(len(dst), len(src))
	kernel := k.vec.maps[f.Kind]
	raceWrite(dst)
	raceRead(src)
	for len(dst) > 0 {
		n := min(len(dst), vecCall)
		kernel(vecArgs{dst: dst[:n], a: src[:n], p: [3]float32{f.A, f.B, f.C}})
		if f.Kind == VecSin || f.Kind == VecCos {
			k.finishAngles(f.Kind, dst[:n])
		}
		dst, src = dst[n:], src[n:]
	}
}

// Pairs computes dst[i] = f(a[i], b[i]). dst may be a or b, but must not overlap them otherwise.
func (k *Kernels) Pairs(f VecPair, dst, a, b []float32) {
	mustMatch(len(dst), len(a))
	mustMatch(len(dst), len(b))
	kernel := k.vec.pairs[f]
	raceWrite(dst)
	raceRead(a)
	raceRead(b)
	for len(dst) > 0 {
		n := min(len(dst), vecCall)
		kernel(vecArgs{dst: dst[:n], a: a[:n], b: b[:n]})
		dst, a, b = dst[n:], a[n:], b[n:]
	}
}

// PairsLanes computes dst[i] = f(a[i], b[i mod Block]) with Block lanes in b, or f(a[i], b[0]) with one element.
// dst may be a.
func (k *Kernels) PairsLanes(f VecPair, dst, a, b []float32) {
	mustMatch(len(dst), len(a))
	if len(b) != 1 {
		mustMatch(k.Block, len(b))
	}
	kernel := k.vec.lanes[f]
	raceWrite(dst)
	raceRead(a)
	raceRead(b)
	for len(dst) > 0 {
		n := min(len(dst), vecCall)
		kernel(vecArgs{dst: dst[:n], a: a[:n], b: b})
		dst, a = dst[n:], a[n:]
	}
}

// AffineLanes computes dst[i] = src[i]·scale[i mod Block] + shift[i mod Block]. dst may be src.
func (k *Kernels) AffineLanes(dst, src, scale, shift []float32) {
	mustMatch(len(dst), len(src))
	mustMatch(k.Block, len(scale))
	mustMatch(k.Block, len(shift))
	raceWrite(dst)
	raceRead(src)
	for len(dst) > 0 {
		n := min(len(dst), vecCall)
		k.vec.affine(vecArgs{dst: dst[:n], a: src[:n], b: scale, c: shift})
		dst, src = dst[n:], src[n:]
	}
}

func mustMatch(want, got int) {
	if want != got {
		panic(fmt.Sprintf("BUG: a vector operand has %d elements, want %d", got, want))
	}
}

// Cost is the rough time of 16 elements in the assembly tiers, in nanoseconds.
func (k VecKind) Cost() int {
	if k < VecExp {
		return 4 // bound by memory
	}
	return 16
}
