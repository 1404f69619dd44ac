package graph

import (
	"fmt"
	"slices"

	"github.com/tconv/tconv/backend/cpu"
	"github.com/tconv/tconv/ops"
)

// Plan is a graph made ready to run for one set of input shapes: the order of the
// steps, how each is computed, and where every value lies. It is immutable and
// shared by any number of runs.
type Plan struct {
	Graph *Graph // specialised for the input shapes
	Steps []Step
	// ArenaBytes is the memory that one run needs for values and workspaces.
	ArenaBytes int
	// PeakBytes is what no layout of that memory could go below.
	PeakBytes int
	// OutputBytes is the memory of the outputs whose shapes are known.
	OutputBytes int

	places []place // by ValueID
	use    *ops.PackedUse
	trips  int // that loops may take in one run
}

// Step is one operator of a plan.
type Step struct {
	Node      *Node
	Kernel    string // how it is computed, for people
	MACs      int64  // multiply-adds of the direct definition, where the operator can tell
	Dynamic   bool   // shapes are inferred when it runs
	View      bool   // output 0 is input 0's memory under another shape: nothing is computed
	Margins   []Margin
	Workspace *Range // in the arena, or nil

	runner runner
	flow   flow         // of an operator that runs sub-graphs, else nil
	blocks []block      // its sub-graphs
	frees  []ValueID    // dynamic values that nobody reads afterwards
	unread map[int]bool // constant inputs that the step does not read
}

// Margin is what is cleared around a blocked output after its step.
type Margin struct {
	Out         int
	Halo, Lanes bool // Halo: somebody reads the zeros around; Lanes: the step may have written to padding lanes
}

// Range is bytes of the arena.
type Range struct{ Offset, Size int }

// placeKind says where a value lies during a run.
type placeKind uint8

const (
	placeNone    placeKind = iota // nobody makes or reads it
	placeConst                    // a constant of the model
	placeInput                    // the caller's memory
	placeOutput                   // memory that is handed to the caller
	placeArena                    // a range of the arena
	placeView                     // the memory of another value
	placePart                     // a range within another value
	placeDynamic                  // allocated when it is made
)

// place says where a value lies.
type place struct {
	kind  placeKind
	rng   Range   // of placeArena, and of placePart within the other value
	of    ValueID // of placeView and placePart
	index int     // of placeInput and placeOutput: which
}

// CompileOptions are the choices that a plan depends on beside shapes.
type CompileOptions struct {
	Kernels   *cpu.Kernels
	Pool      *cpu.Pool
	Reference bool // plain definitions only, no sharing of memory
	Packed    *ops.Packed
	Limits    Limits
	Scratch   *ops.Scratch // for weights that are packed; may be nil

	budget *budget // of the model, for the frames of sub-graphs
}

// Compile makes a plan of a graph whose inputs are bound and whose values are
// inferred.
func Compile(g *Graph, opt CompileOptions) (made *Plan, err error) {
	opt.Limits = opt.Limits.withDefaults()
	p := &Plan{Graph: g, use: opt.Packed.Use(), trips: opt.Limits.LoopTrips}
	defer func() {
		if made == nil {
			p.release()
		}
	}()
	if !opt.Reference {
		if err := g.assignLayouts(opt.Kernels); err != nil {
			return nil, err
		}
	}
	if err := g.checkSizes(opt.Limits); err != nil {
		return nil, err
	}
	g.schedule()
	needs := make([]ops.Needs, len(g.Nodes))
	for i, n := range g.Nodes {
		step, need, err := p.bind(n, &opt)
		if err != nil {
			return nil, n.at(as(ErrInvalidModel, err))
		}
		p.Steps = append(p.Steps, step)
		needs[i] = need
		g.dropInputs(n)
	}
	l := newLayouter(p, needs)
	l.place()
	p.freeDynamic()
	if need := p.needBytes(opt.Packed); need > opt.Limits.MemoryBytes {
		return nil, fmt.Errorf("%w: the model needs %s for these input shapes, the limit is %s; raise the memory limit or use smaller inputs",
			ErrLimit, formatBytes(need), formatBytes(opt.Limits.MemoryBytes))
	}
	return p, nil
}

// release gives back what the plan holds: packed weights and its sub-graphs' plans.
func (p *Plan) release() {
	for _, s := range p.Steps {
		for _, b := range s.blocks {
			b.model.Close()
		}
	}
	p.use.Release()
}

// checkSizes refuses values that alone exceed the memory limit, before anything is
// allocated for them.
func (g *Graph) checkSizes(limits Limits) error {
	check := func(id ValueID) error {
		v := g.Value(id)
		if s := v.Spec; s.Static() && s.Bytes() > limits.MemoryBytes {
			return fmt.Errorf("%w: value %s is %v of %s, the memory limit is %s; raise the memory limit or use smaller inputs",
				ErrLimit, quote(v.Name), s, formatBytes(s.Bytes()), formatBytes(limits.MemoryBytes))
		}
		return nil
	}
	for _, id := range g.Inputs {
		if err := check(id); err != nil {
			return err
		}
	}
	for _, n := range g.Nodes {
		for id := range given(n.Outputs) {
			if err := check(id); err != nil {
				return n.at(err)
			}
		}
	}
	return nil
}

// needBytes is the memory of the plan with one run: constants, packed forms,
// arena, outputs.
func (p *Plan) needBytes(packed *ops.Packed) int {
	return packed.Bytes() + p.ArenaBytes + p.OutputBytes + p.Graph.ConstBytes()
}

// ConstBytes is the memory of the constants, those of sub-graphs included.
func (g *Graph) ConstBytes() int {
	n := 0
	count := func(c *ops.Tensor) { n += heldBytes(c) }
	if !slices.ContainsFunc(g.Nodes, func(n *Node) bool { return n.subgraphs() != nil }) {
		g.eachConst(count)
		return n
	}
	seen := map[*ops.Tensor]bool{} // sub-graphs share constants with the graphs around them
	g.eachConstWithin(func(c *ops.Tensor) {
		if !seen[c] {
			seen[c] = true
			count(c)
		}
	})
	return n
}

// eachConst calls f for every constant.
func (g *Graph) eachConst(f func(*ops.Tensor)) {
	for i := range g.Values {
		if c := g.Values[i].Spec.Const; c != nil {
			f(c)
		}
	}
}

// eachConstWithin calls f for every constant of the graph and its sub-graphs.
func (g *Graph) eachConstWithin(f func(*ops.Tensor)) {
	g.eachConst(f)
	for _, n := range g.Nodes {
		for _, s := range n.subgraphs() {
			s.graph.eachConstWithin(f)
		}
	}
}

// bind chooses how a node is computed.
func (p *Plan) bind(n *Node, opt *CompileOptions) (Step, ops.Needs, error) {
	g := p.Graph
	in, out := g.specs(n.Inputs), g.specs(n.Outputs)
	step := Step{Node: n, Kernel: "plain", runner: n.Impl}
	if fl, ok := n.Impl.(flow); ok {
		step.bindFlow(fl, in, static(out, n.Outputs), opt)
		return step, ops.Needs{}, nil
	}
	if !static(in, n.Inputs) || !static(out, n.Outputs) {
		step.Dynamic = true
		return step, ops.Needs{}, nil
	}
	if c, ok := n.Impl.(ops.Coster); ok {
		step.MACs = c.MACs(in, out)
	}
	if opt.Reference {
		return step, ops.Needs{}, nil
	}
	if b, ok := n.Impl.(ops.Binder); ok {
		bound, err := b.Bind(&ops.Binding{In: in, Out: out, Kernels: opt.Kernels, Threads: opt.Pool.Threads(), Packed: p.use, Pool: opt.Pool, Scratch: opt.Scratch})
		if err != nil {
			return step, ops.Needs{}, err
		}
		step.runner, step.Kernel = bound, bound.Kernel()
		needs := bound.Needs()
		step.setMargins(out, needs.DirtyLanes)
		step.unread = map[int]bool{}
		for _, i := range needs.Unread {
			step.unread[i] = true
		}
		return step, needs, nil
	}
	if s, ok := n.Impl.(ops.Sharer); ok {
		return step, s.Share(in), nil
	}
	return step, ops.Needs{}, nil
}

// setMargins notes which blocked outputs have margins that Run leaves dirty.
func (s *Step) setMargins(out []ops.Spec, lanes bool) {
	for i, o := range out {
		if o.Layout.Planar() {
			continue
		}
		m := Margin{i, o.Layout.Halo != (cpu.Halo{}), lanes && o.Shape[1]%o.Layout.Block != 0}
		if m.Halo || m.Lanes {
			s.Margins = append(s.Margins, m)
		}
	}
}

// static reports whether type and shape of every value that is there are known.
func static(specs []ops.Spec, ids []ValueID) bool {
	for i, s := range specs {
		if ids[i] != NoValue && !s.Static() {
			return false
		}
	}
	return true
}

// freeDynamic notes after which step each dynamic value is dead.
func (p *Plan) freeDynamic() {
	last := map[ValueID]int{}
	for i, s := range p.Steps {
		for id := range given(s.Node.Inputs) {
			if p.places[id].kind == placeDynamic {
				last[id] = i
			}
		}
		for id := range given(s.Node.Outputs) {
			if p.places[id].kind == placeDynamic {
				last[id] = i
			}
		}
	}
	for _, id := range p.Graph.Outputs {
		delete(last, id)
	}
	for id, i := range last {
		p.Steps[i].frees = append(p.Steps[i].frees, id)
	}
}

// MACs is the number of multiply-adds of one run, as far as operators can tell.
func (p *Plan) MACs() int64 {
	var n int64
	for _, s := range p.Steps {
		n += s.MACs
	}
	return n
}

// formatBytes writes a size with a binary unit.
func formatBytes(n int) string {
	switch {
	case n >= 1<<30:
		return fmt.Sprintf("%.1f GiB", float64(n)/(1<<30))
	case n >= 1<<20:
		return fmt.Sprintf("%.1f MiB", float64(n)/(1<<20))
	}
	return fmt.Sprintf("%.1f KiB", float64(n)/(1<<10))
}

// PlaceText says where the first output of step i lies, for people.
func (p *Plan) PlaceText(i int) string {
	s := &p.Steps[i]
	id := s.Node.output(0)
	if id == NoValue {
		return "-"
	}
	switch at := p.places[id]; at.kind {
	case placeView:
		source := quote(p.Graph.Value(at.of).Name)
		if s.View {
			return "view of " + source
		}
		return "in place of " + source
	case placePart:
		return fmt.Sprintf("part of %s[%d:%d]", quote(p.Graph.Value(at.of).Name), at.rng.Offset, at.rng.Offset+at.rng.Size)
	case placeArena:
		return fmt.Sprintf("arena[%d:%d]", at.rng.Offset, at.rng.Offset+at.rng.Size)
	case placeOutput:
		return "output"
	case placeDynamic:
		return "dynamic"
	case placeConst:
		return "constant"
	}
	return "-"
}
