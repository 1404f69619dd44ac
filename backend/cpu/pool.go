package cpu

import (
	"context"
	"fmt"
	"runtime"
	"sync"
	"sync/atomic"
	"time"
)

// Pool is a set of goroutines that live as long as it does and run parallel regions for any number of callers at
// the same time.
//
// A region is n chunks, numbered 0..n-1. Its caller is worker 0 and always takes part; it claims the workers that
// are idle at that moment, and where none is idle it runs the region alone. Nobody ever waits for a busy worker, so
// a region started inside the body of another one cannot deadlock. Each worker begins with its own share of the
// chunks, then takes what is left of the others' shares. Which worker runs a chunk is not determined; bodies must
// give the same result whoever runs them.
//
// A nil *Pool is a pool of one thread.
type Pool struct {
	workers []*worker // workers[0] is nil: it is the caller
	closed  atomic.Bool
	exited  sync.WaitGroup
	labels  atomic.Pointer[context.Context] // of profiles, see Label

	mu   sync.Mutex
	free []*region // regions at rest, so that a region in the steady state allocates nothing
}

// PanicError is what a region panics with in its caller when a body panicked.
type PanicError struct {
	Value any    // what the body panicked with
	Stack []byte // the stack of the goroutine that panicked
}

// Error says what the body panicked with.
func (e *PanicError) Error() string { return fmt.Sprintf("panic in a parallel region: %v", e.Value) }

// Unwrap returns Value where that is an error.
func (e *PanicError) Unwrap() error {
	err, _ := e.Value.(error)
	return err
}

// NewPool returns a pool of the given number of threads, the caller of a region included; 0 means GOMAXPROCS.
// Close ends its goroutines.
func NewPool(threads int) *Pool {
	if threads < 0 {
		panic(fmt.Sprintf("BUG: pool of %d threads", threads))
	}
	if threads == 0 {
		threads = runtime.GOMAXPROCS(0)
	}
	p := &Pool{workers: make([]*worker, threads)}
	for id := 1; id < threads; id++ {
		p.workers[id] = &worker{pool: p, id: id, wake: make(chan struct{}, 1)}
	}
	p.exited.Add(threads - 1)
	for _, w := range p.workers[1:] {
		go w.loop()
	}
	return p
}

// Threads returns the most goroutines that take part in one region, its caller included.
func (p *Pool) Threads() int {
	if p == nil {
		return 1
	}
	return len(p.workers)
}

// Close ends the workers and returns when they have exited; regions under way finish first. A region started later
// runs on its caller alone. Closing twice does nothing.
func (p *Pool) Close() {
	if p == nil {
		return
	}
	p.closed.Store(true)
	for _, w := range p.workers[1:] {
		w.rouse()
	}
	p.exited.Wait()
}

// Run calls body(i) for every i in [0, n), in parallel, and returns when all calls have returned.
// A panic in body stops the hand-out of chunks and becomes a *PanicError that Run panics with.
func (p *Pool) Run(n int, body func(i int)) {
	p.run(n, job{body: body})
}

// RunWorker is Run with a body that is told which worker it runs on: 0 <= worker < Threads(), and no two calls of
// one region that overlap in time have the same worker. It is the index of scratch memory.
func (p *Pool) RunWorker(n int, body func(worker, i int)) {
	p.run(n, job{workerBody: body})
}

// RunUntil is RunWorker that stops handing out chunks once stop is true and says whether all chunks ran.
// stop may be nil.
func (p *Pool) RunUntil(stop *atomic.Bool, n int, body func(worker, i int)) (done bool) {
	return p.run(n, job{workerBody: body, stop: stop})
}

func (p *Pool) run(n int, j job) (done bool) {
	if n <= 0 {
		return true
	}
	if p == nil || len(p.workers) == 1 || n == 1 {
		return runAlone(n, j)
	}
	r := p.takeRegion(n, j)
	r.claim(p.workers, n-1)
	defer p.leave(r)
	r.work(0)
	return r.chunksLeft() == 0
}

// runAlone is a region without other workers.
func runAlone(n int, j job) bool {
	defer rethrow()
	for i := range n {
		if j.stopped() {
			return false
		}
		j.call(0, i)
	}
	return true
}

// leave ends the caller's part of a region: it waits for the workers that entered, then passes on a panic, be it a
// worker's or its own.
func (p *Pool) leave(r *region) {
	if v := recover(); v != nil {
		r.fail(v)
	}
	r.withdraw(p.workers)
	r.wait()
	failure := r.failure.Load()
	p.putRegion(r)
	if failure != nil {
		panic(failure)
	}
}

// spinTime is how long an idle worker, or a caller waiting for the last chunk, watches memory before it sleeps.
// A sleeping goroutine takes some 10 us to start again, a spinning one 0.1 us; networks start a region every 10 to
// 1000 us.
const spinTime = 100 * time.Microsecond

// spinUntil watches ready for at most spinTime and returns its last answer. It does not spin where the spinning
// could keep from its processor what it waits for.
func spinUntil(threads int, ready func() bool) bool {
	if procs := runtime.GOMAXPROCS(0); procs < 2 || procs < threads {
		return ready()
	}
	start := time.Now()
	for {
		for range 32 {
			if ready() {
				return true
			}
			pause()
		}
		if time.Since(start) > spinTime {
			return ready()
		}
	}
}
