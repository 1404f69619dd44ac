package graph

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/tconv/tconv/backend/cpu"
	"github.com/tconv/tconv/ops"
)

// RunOptions are the choices that hold for all runs of a model.
type RunOptions struct {
	Kernels   *cpu.Kernels
	Threads   int // 0: GOMAXPROCS
	Reference bool
	Limits    Limits
	Shaped    bool        // the caller gave inputs of the graph sizes: where those do not fit, ErrInput
	Labels    bool        // name the steps in CPU profiles of runtime/pprof
	Observe   func(Event) // called after each step, from the goroutine of the run
	Source    *Source     // the file that the graph was read from; nil: all constants are in memory
}

// Model is a graph that runs: plans by input shapes, frames to run them in, and
// the worker pool. Its methods may be called from any goroutine.
type Model struct {
	graph   *Graph
	opt     RunOptions
	pool    *cpu.Pool
	packed  *ops.Packed
	budget  *budget
	weights *weights

	inner bool // runs a sub-graph: pool, packed weights and budget are those of the model around it

	mu       sync.Mutex
	entries  []*entry // most recently used first
	sessions map[*Session]struct{}
	closed   bool
	running  sync.WaitGroup // runs and compilations in flight
}

// entry is a cached plan with its idle frames.
type entry struct {
	inputs  []ops.Spec
	plan    *Plan
	err     error
	ready   chan struct{} // closed once plan or err is set
	idle    []*frame
	users   int  // runs and sessions that hold the entry
	evicted bool // disposed of when the last user leaves
}

// NewModel runs the load passes on an imported graph and makes it ready to run.
func NewModel(g *Graph, opt RunOptions) (made *Model, err error) {
	opt.Limits = opt.Limits.withDefaults()
	opt.Source.Hold()
	defer opt.Source.Release()
	defer unread(&err)
	fault := ErrInvalidModel
	if opt.Shaped {
		fault = ErrInput
	}
	if err := g.prepare(opt.Limits, fault, opt.Reference); err != nil {
		return nil, err
	}
	m := &Model{graph: g, opt: opt, packed: ops.NewPacked(), pool: cpu.NewPool(opt.Threads), sessions: map[*Session]struct{}{}}
	m.budget = &budget{limit: int64(opt.Limits.MemoryBytes), packed: m.packed.Bytes, reclaim: m.reclaim}
	m.budget.used.Store(int64(g.ConstBytes()))
	m.weights = &weights{source: opt.Source}
	if opt.Reference { // plain definitions read weights as they are
		g.eachConstWithin(func(c *ops.Tensor) {
			if d := c.Deferred(); d != nil {
				d.Keep()
			}
		})
	}
	g.dropConstants()
	return m, nil
}

// Graph is the graph after the load passes. It must not be changed.
func (m *Model) Graph() *Graph { return m.graph }

// Threads is the most goroutines that one run uses.
func (m *Model) Threads() int { return m.pool.Threads() }

// ErrClosed marks a run of a model that was closed.
var ErrClosed = errors.New("the model is closed")

// begin notes a run in flight, which Close waits for; end follows.
func (m *Model) begin() error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.closed {
		return ErrClosed
	}
	m.running.Add(1)
	return nil
}

func (m *Model) end() { m.running.Done() }

// Close waits for runs in flight and gives all memory and goroutines back, that
// of sessions too. Later runs fail.
func (m *Model) Close() error {
	m.mu.Lock()
	if m.closed {
		m.mu.Unlock()
		return nil
	}
	m.closed = true
	m.mu.Unlock()
	m.running.Wait()
	for s := range m.sessions { // nobody adds or removes any more
		s.letGo()
	}
	m.mu.Lock()
	for _, e := range m.entries {
		m.evict(e)
	}
	m.entries = nil
	m.mu.Unlock()
	if !m.inner {
		m.pool.Close()
	}
	return nil
}

// reclaim gives back what nobody uses at the moment, idle frames and plans, and
// reports whether there was any.
func (m *Model) reclaim() bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	found := false
	m.entries = slices.DeleteFunc(m.entries, func(e *entry) bool {
		found = found || len(e.idle) > 0 || e.users == 0
		if e.users == 0 {
			m.evict(e)
			return true
		}
		e.dropFrames()
		return false
	})
	return found
}

// Specialise gives the graph for one set of input shapes, rewritten, and the
// same after each stage to a visitor (nil: nobody).
func (m *Model) Specialise(inputs []ops.Spec, visit func(stage string, g *Graph)) (g *Graph, err error) {
	if visit == nil {
		visit = func(string, *Graph) {}
	}
	_, err = m.weights.use(m.graph, func() (*Plan, error) {
		g, err = m.specialise(inputs, visit)
		return nil, err
	})
	return g, err
}

// specialise is Specialise while the weights are in memory.
func (m *Model) specialise(inputs []ops.Spec, visit func(stage string, g *Graph)) (*Graph, error) {
	g := m.graph.Clone()
	fault := ErrInvalidModel
	if m.opt.Shaped || !static(m.graph.specs(m.graph.Inputs), m.graph.Inputs) {
		fault = ErrInput // the model said nothing wrong until these shapes came in
	}
	g.Bind(inputs)
	if err := g.settle(m.opt.Limits, fault, m.opt.Reference); err != nil {
		return nil, err
	}
	visit("infer", g)
	if !m.opt.Reference {
		if err := g.Rewrite(ShapePasses); err != nil {
			return nil, err
		}
	} else if err := g.Rewrite([]Pass{{"dropDead", dropDead}}); err != nil {
		return nil, err
	}
	visit("rewrite", g)
	return g, nil
}

// compile makes the plan for one set of input shapes.
func (m *Model) compile(inputs []ops.Spec) (*Plan, error) {
	return m.weights.use(m.graph, func() (*Plan, error) {
		g, err := m.specialise(inputs, func(string, *Graph) {})
		if err != nil {
			return nil, err
		}
		return Compile(g, CompileOptions{
			Kernels: m.opt.Kernels, Pool: m.pool, Reference: m.opt.Reference,
			Packed: m.packed, Limits: m.opt.Limits, Scratch: m.weights.scratch(), budget: m.budget,
		})
	})
}

// Plan gives the plan for inputs of the given types and shapes, compiling it if
// need be. It stays valid after the cache let go of it.
func (m *Model) Plan(inputs []ops.Spec) (*Plan, error) {
	if err := m.CheckInputs(inputs); err != nil {
		return nil, err
	}
	if err := m.begin(); err != nil {
		return nil, err
	}
	defer m.end()
	e, err := m.acquire(inputs)
	if err != nil {
		return nil, err
	}
	defer m.release(e)
	return e.plan, nil
}

// acquire gives the entry for a set of input shapes and holds it; release lets go.
func (m *Model) acquire(inputs []ops.Spec) (*entry, error) {
	m.mu.Lock()
	i := slices.IndexFunc(m.entries, func(e *entry) bool { return slices.EqualFunc(e.inputs, inputs, sameInput) })
	if i >= 0 {
		e := m.entries[i]
		m.entries = slices.Insert(slices.Delete(m.entries, i, i+1), 0, e)
		e.users++
		m.mu.Unlock()
		<-e.ready
		if e.err != nil {
			m.release(e)
			return nil, e.err
		}
		return e, nil
	}
	e := &entry{inputs: plainSpecs(inputs), ready: make(chan struct{}), users: 1}
	m.entries = slices.Insert(m.entries, 0, e)
	for len(m.entries) > m.opt.Limits.Plans {
		last := m.entries[len(m.entries)-1]
		m.entries = m.entries[:len(m.entries)-1]
		m.evict(last)
	}
	m.mu.Unlock()
	m.fill(e, inputs)
	if e.err != nil {
		m.forget(e)
		m.release(e)
		return nil, e.err
	}
	return e, nil
}

// fill compiles the plan of an entry that others may be waiting for.
func (m *Model) fill(e *entry, inputs []ops.Spec) {
	defer close(e.ready)
	defer func() {
		if v := recover(); v != nil {
			e.err = fmt.Errorf("%w: panic while planning: %v", ErrInternal, v)
		}
	}()
	e.plan, e.err = m.compile(plainSpecs(inputs))
	if errors.Is(e.err, ErrLimit) && m.reclaim() { // other plans hold packed weights
		e.plan, e.err = m.compile(plainSpecs(inputs))
	}
}

// forget takes an entry that failed out of the cache.
func (m *Model) forget(e *entry) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.entries = slices.DeleteFunc(m.entries, func(other *entry) bool { return other == e })
	m.evict(e)
}

// release lets go of an entry.
func (m *Model) release(e *entry) {
	m.mu.Lock()
	e.users--
	if e.evicted && e.users == 0 {
		e.dispose()
	}
	m.mu.Unlock()
}

// evict disposes of an entry as soon as nobody holds it. m.mu is held.
func (m *Model) evict(e *entry) {
	e.evicted = true
	if e.users == 0 {
		e.dispose()
	}
}

// dispose gives back what the entry holds.
func (e *entry) dispose() {
	e.dropFrames()
	if e.plan != nil {
		e.plan.release()
	}
}

// dropFrames closes the idle frames.
func (e *entry) dropFrames() {
	for _, f := range e.idle {
		f.close()
	}
	e.idle = nil
}

// sameInput compares what decides a plan: the types and shapes of inputs.
func sameInput(a, b ops.Spec) bool {
	return a.Kind == b.Kind && a.Holds == b.Holds && a.DType == b.DType && a.Shape.Equal(b.Shape)
}

// plainSpecs copies types and shapes without values.
func plainSpecs(in []ops.Spec) []ops.Spec {
	out := make([]ops.Spec, len(in))
	for i, s := range in {
		out[i] = ops.Spec{Kind: s.Kind, Holds: s.Holds, DType: s.DType, Shape: s.Shape.Clone()}
	}
	return out
}

// CheckInputs holds types and shapes against what the model declares.
func (m *Model) CheckInputs(inputs []ops.Spec) error {
	for i, id := range m.graph.Inputs {
		v := m.graph.Value(id)
		if !accepts(v.Spec, inputs[i]) {
			return &ShapeError{Tensor: v.Name, Got: inputs[i].String(), Want: v.declared()}
		}
	}
	return nil
}

// accepts reports whether a value fits a declaration.
func accepts(declared, got ops.Spec) bool {
	if declared.Kind != got.Kind || declared.Holds != got.Holds || declared.DType != ops.Undefined && declared.DType != got.DType {
		return false
	}
	if got.Kind != ops.KindTensor || declared.Shape == nil {
		return true
	}
	return slices.EqualFunc(declared.Shape, got.Shape, func(want, have int) bool {
		return want == ops.Unknown || want == have
	})
}

// declared writes the type with the file's own names of dimensions.
func (v *Value) declared() string {
	if v.Spec.Kind != ops.KindTensor || v.Dims == nil {
		return v.Spec.String()
	}
	return fmt.Sprintf("tensor(%v)[%s]", v.Spec.DType, strings.Join(v.Dims, ", "))
}

// Run computes the outputs for the inputs, both in the order of the graph.
// Elements of outputs are as for [Session.Run].
func (m *Model) Run(ctx context.Context, inputs, outputs []*ops.Tensor) error {
	s := m.NewSession()
	defer s.Close()
	return s.Run(ctx, inputs, outputs)
}
