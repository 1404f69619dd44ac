package ops

import (
	"github.com/tconv/tconv/backend/cpu"
)

// Op is one node with its attributes parsed and checked. It is immutable and may
// be used from several goroutines at once.
type Op interface {
	// Infer checks the inputs and says what the outputs will be. Every input
	// that is not omitted has a known shape; Const is set where the value is
	// known. An output whose shape depends on a value that is not known gets a
	// nil Shape: Infer is then asked again, with every Const set, when the
	// value is there, and if the shape is still nil Run allocates the output.
	Infer(in []Spec) ([]Spec, error)

	// Run computes the outputs: the readable definition, on planar tensors, for
	// every type that Infer accepts. Omitted inputs and outputs nobody asked
	// for are nil, and so are outputs whose shape Infer could not tell, which
	// Run allocates through the Call. Outputs hold arbitrary bytes before.
	// An output never shares memory with an input, except as Share allows; the
	// members of sequences and optionals, which nobody changes, may be shared.
	Run(c *Call, in, out []*Tensor) error
}

// Sharer is an Op whose plain Run allows outputs to share memory with inputs.
type Sharer interface {
	Op
	Share(in []Spec) Needs
}

// Binder is an Op that has a faster way once shapes and constants are known.
type Binder interface {
	Op
	Bind(b *Binding) (Step, error)
}

// Coster is an Op that can tell its arithmetic.
type Coster interface {
	Op
	// MACs is the number of multiply-adds of the direct definition.
	MACs(in, out []Spec) int64
}

// Step is a bound operator. Its needs are known before memory is laid out.
// It is immutable: what changes during a run lives in the Call.
type Step interface {
	Needs() Needs
	Run(c *Call, in, out []*Tensor) error
	// Kernel names the algorithm and the instruction set, for plans and profiles.
	Kernel() string
}

// Needs is what a step wants of memory.
type Needs struct {
	Workspace int    // bytes, aligned to 64, for this step alone
	InPlace   []Pair // outputs that may take the memory of an input which nobody reads later
	Views     []Pair // outputs that are an input's bytes under another shape: Run is not called
	Around    []Pair // outputs that are an input, which may be read later, amid more pixels: in its memory Run writes those alone
	Unread    []int  // constant inputs that Run does not read: Bind packed them
	Parts     []Part // inputs that may be written right into an output by who makes them
	// DirtyLanes says that Run may leave other values than zero in the padding
	// lanes of blocked outputs; the runner then clears them, as it does halos.
	DirtyLanes bool
}

// Pair names an output and an input of one node by index.
type Pair struct{ Out, In int }

// Part says that an input may lie in an output: from byte Offset on. A Run that
// finds it there leaves it alone.
type Part struct{ Out, In, Offset int }

// Binding is what an Op learns when it is bound for one set of shapes.
type Binding struct {
	In      []Spec // inputs, as for Infer; Const set for weights
	Out     []Spec // what Infer said
	Kernels *cpu.Kernels
	Threads int // for the size of workspaces; results must not depend on it
	Packed  *PackedUse
	Pool    *cpu.Pool // for packing; nil: the calling goroutine alone
	Scratch *Scratch  // for weights that are packed; may be nil
}

// elementwiseShare is the Share of operators that read element i of input 0
// before they write element i of output 0.
func elementwiseShare() Needs { return Needs{InPlace: []Pair{{0, 0}}} }

// viewShare is the Share of operators whose output 0 is input 0's bytes.
func viewShare() Needs { return Needs{Views: []Pair{{0, 0}}} }
