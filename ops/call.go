package ops

import (
	"context"
	"fmt"
	"sync/atomic"

	"github.com/tconv/tconv/backend/cpu"
)

// Call is what one run lends an operator: its context, the worker pool, the
// workspace that the step asked for, and an accounted allocator for outputs
// whose shape only the data decides. A Call belongs to one run at a time.
type Call struct {
	ctx   context.Context
	stop  *atomic.Bool
	pool  *cpu.Pool
	space []byte
	alloc Allocator
	work  int // nanoseconds that loops may still take, by their own estimate; below 0: any
}

// Allocator gives memory that counts against a budget.
type Allocator interface {
	// Alloc gives n zero bytes, aligned to 64, or an error that wraps [ErrLimit].
	Alloc(n int) ([]byte, error)
}

// heap is the Allocator of calls that no budget binds.
type heap struct{}

func (heap) Alloc(n int) ([]byte, error) { return alignedBytes(n), nil }

// NewCall makes a call without a budget that computes on pool (nil: on the
// calling goroutine alone).
func NewCall(ctx context.Context, pool *cpu.Pool) *Call {
	return &Call{ctx: ctx, stop: new(atomic.Bool), pool: pool, alloc: heap{}, work: -1}
}

// WithWork lets loops take so many nanoseconds in all, by their own estimate, and
// gives c back. A loop that would take more is left out, and Stop is set. What is
// computed and what not does not depend on the machine.
func (c *Call) WithWork(ns int) *Call {
	c.work = ns
	return c
}

// Work is what is left of the nanoseconds that WithWork set.
func (c *Call) Work() int { return c.work }

// spend takes the estimate of a loop off the work that is left.
func (c *Call) spend(n, cost int) (ok bool) {
	if c.work < 0 {
		return true
	}
	if n > c.work/max(1, cost) {
		c.stop.Store(true)
		return false
	}
	c.work -= n * max(1, cost)
	return true
}

// WithAllocator sets the allocator and gives c back.
func (c *Call) WithAllocator(a Allocator) *Call {
	c.alloc = a
	return c
}

// Begin points the call at the context of its next run. stop is set by the
// runner when the context ends; loops that ask often read it instead.
func (c *Call) Begin(ctx context.Context, stop *atomic.Bool) { c.ctx, c.stop = ctx, stop }

// SetWorkspace lends the bytes that the next step asked for.
func (c *Call) SetWorkspace(b []byte) { c.space = b }

// Workspace gives the bytes that the step asked for in its Needs. Their contents
// are arbitrary.
func (c *Call) Workspace() []byte { return c.space }

// Context is the context of the run.
func (c *Call) Context() context.Context { return c.ctx }

// Pool is the worker pool; nil means the calling goroutine alone.
func (c *Call) Pool() *cpu.Pool { return c.pool }

// Stop is set when the run is to end early: kernels ask it between tiles.
func (c *Call) Stop() *atomic.Bool { return c.stop }

// Err is nil while the run may go on; afterwards it wraps [ErrCanceled].
func (c *Call) Err() error {
	if err := c.ctx.Err(); err != nil {
		return fmt.Errorf("%w: %w", ErrCanceled, context.Cause(c.ctx))
	}
	return nil
}

// New allocates an output whose shape the data decided.
func (c *Call) New(dtype DType, shape Shape) (*Tensor, error) {
	if err := shape.Check(); err != nil {
		return nil, err
	}
	if dtype == String {
		const headerBytes = 16
		if _, err := c.alloc.Alloc(shape.Elements() * headerBytes); err != nil {
			return nil, err
		}
		return NewTensor(dtype, shape), nil
	}
	b, err := c.alloc.Alloc(ByteSize(dtype, shape))
	if err != nil {
		return nil, err
	}
	return &Tensor{dtype: dtype, shape: shape, mem: b}, nil
}

// parallelCost is the work of one chunk of a parallel loop, in units of roughly
// one nanosecond: long against the cost of handing out a chunk (below 1 us),
// short against the promise to notice a cancellation within 10 ms.
const parallelCost = 50_000

// walkCost is that of a loop whose chunks need nothing of their own, over values
// that lie in the caches of all workers. With parallelCost, elementwise functions
// of half a MiB in the middle of a network ran on one of them: a vocoder with 60
// is 12 % faster with 2 threads.
const walkCost = 10_000

// Parallel runs body over [0, n) in chunks, on the pool's workers. cost is the
// rough time of one item in nanoseconds; little work runs on the caller alone.
// Each item must be computed in the same way whatever chunk it falls in. When the
// run is canceled the rest is left out: the runner then reports the cancellation.
func (c *Call) Parallel(n, cost int, body func(lo, hi int)) {
	c.parallel(n, cost, parallelCost, body)
}

// parallel is Parallel with chunks of so much work.
func (c *Call) parallel(n, cost, chunk int, body func(lo, hi int)) {
	if !c.spend(n, cost) {
		return
	}
	size := max(1, chunk/max(1, cost))
	chunks := (n + size - 1) / size
	if chunks > 1 {
		size = (n + chunks - 1) / chunks // alike, so that two threads make two in the time of one
	}
	if chunks <= 1 || c.pool == nil {
		for lo := 0; lo < n && !c.stop.Load(); lo += size {
			body(lo, min(lo+size, n))
		}
		return
	}
	c.pool.Run(chunks, func(i int) {
		if !c.stop.Load() {
			body(i*size, min((i+1)*size, n))
		}
	})
}
