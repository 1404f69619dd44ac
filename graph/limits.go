package graph

import "math"

// Limits bounds what a model may make the process do. A zero field means the
// default.
type Limits struct {
	MemoryBytes     int // weights, packed weights, arena and outputs of one model together
	TensorBytes     int // one tensor that a file describes sparsely
	FoldBytes       int // what computing one constant node at load may allocate
	FoldGrowth      int // how many times its inputs such a node's output may be ...
	FoldSmall       int // ... unless it is at most so many bytes
	FoldNanoseconds int // what computing all of them may take, by the operators' own estimates
	GrowthBytes     int // what all constants made at load may take, beside 4 times those of the file
	Nodes           int // nodes after functions are expanded
	FunctionDepth   int // functions that call functions
	InlineBytes     int // nodes and names that calls of functions add, beside the bytes of the weights
	Plans           int // plans kept, one per set of input shapes
	LoopTrips       int // trips that the loops of one run may take together
	Sessions        int // idle sessions kept per plan
}

// The default limits. Those of constant folding keep a tiny file from making the
// loader allocate or compute much: ConstantOfShape and Tile need no data to ask
// for gigabytes.
const (
	defaultTensorBytes     = 1 << 30
	defaultFoldBytes       = 64 << 20
	defaultFoldGrowth      = 64
	defaultFoldSmall       = 1 << 20
	defaultFoldNanoseconds = 300_000_000
	defaultGrowthBytes     = 8 << 20
	defaultNodes           = 1_000_000
	defaultFunctionDepth   = 100
	defaultInlineBytes     = 12 << 20
	defaultPlans           = 8
	defaultSessions        = 4
	defaultLoopTrips       = 10_000_000
)

// DefaultLimits gives the limits that zero fields mean, here and now: that of memory
// depends on the machine.
func DefaultLimits() Limits { return Limits{}.withDefaults() }

// Negative reports whether a field is below zero, which means nothing.
func (l Limits) Negative() bool {
	return min(l.MemoryBytes, l.TensorBytes, l.FoldBytes, l.FoldGrowth, l.FoldSmall, l.FoldNanoseconds, l.GrowthBytes, l.Nodes, l.FunctionDepth, l.InlineBytes,
		l.Plans, l.Sessions, l.LoopTrips) < 0
}

// constantGrowth is how many times the bytes of its own constants a model may take
// at load for constants that are computed: int8 weights that become floats.
const constantGrowth = 4

// withDefaults fills in what is zero.
func (l Limits) withDefaults() Limits {
	set := func(field *int, value int) {
		if *field == 0 {
			*field = value
		}
	}
	set(&l.MemoryBytes, min(math.MaxInt, usableMemory()/2))
	set(&l.TensorBytes, min(defaultTensorBytes, l.MemoryBytes))
	set(&l.FoldBytes, defaultFoldBytes)
	set(&l.FoldGrowth, defaultFoldGrowth)
	set(&l.FoldSmall, defaultFoldSmall)
	set(&l.GrowthBytes, defaultGrowthBytes)
	set(&l.FoldNanoseconds, defaultFoldNanoseconds)
	set(&l.Nodes, defaultNodes)
	set(&l.FunctionDepth, defaultFunctionDepth)
	set(&l.InlineBytes, defaultInlineBytes)
	set(&l.Plans, defaultPlans)
	set(&l.Sessions, defaultSessions)
	set(&l.LoopTrips, defaultLoopTrips)
	return l
}
