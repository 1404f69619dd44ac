package cpu

import (
	"context"
	"runtime/pprof"
	"sync/atomic"
)

// worker is one goroutine of a pool. Its slot says what it does:
//
//	nil     idle: a caller may put its region there (claim)
//	r       claimed for r: the worker takes it by changing r to busy, or the caller takes it back (withdraw)
//	&busy   in a region, or exited
type worker struct {
	pool   *Pool
	id     int
	slot   atomic.Pointer[region]
	asleep atomic.Bool   // sleeping on wake, or about to; whoever clears it sends the token
	wake   chan struct{} // capacity 1
	labels *context.Context
	_      [64]byte // slots of neighbours do not share a cache line
}

// busy marks the slot of a worker that cannot be claimed.
var busy region

// rouse wakes the worker where it sleeps.
func (w *worker) rouse() {
	if w.asleep.CompareAndSwap(true, false) {
		w.wake <- struct{}{}
	}
}

func (w *worker) loop() {
	exit := false
	defer func() {
		if !exit { // a body called runtime.Goexit: this goroutine is lost, the worker is not
			go w.loop()
			return
		}
		w.pool.exited.Done()
	}()
	for {
		r := w.next()
		if r == nil {
			exit = true
			return
		}
		w.enter(r)
	}
}

// next returns the next region, already taken, or nil when the pool is closed.
func (w *worker) next() *region {
	called := func() bool { return w.slot.Load() != nil || w.pool.closed.Load() }
	for {
		if !called() && !spinUntil(len(w.pool.workers), called) {
			w.sleep(called)
		}
		if r := w.slot.Load(); r != nil {
			if w.slot.CompareAndSwap(r, &busy) {
				return r
			}
			continue // withdrawn
		}
		if w.pool.closed.Load() && w.slot.CompareAndSwap(nil, &busy) {
			return nil
		}
	}
}

// sleep parks until rouse, unless called is true already.
func (w *worker) sleep(called func() bool) {
	w.asleep.Store(true)
	if called() && w.asleep.CompareAndSwap(true, false) {
		return
	}
	<-w.wake
}

// enter takes part in region r, which the worker must not touch after finish.
func (w *worker) enter(r *region) {
	returned := false
	defer func() {
		if v := recover(); v != nil {
			r.fail(v)
		} else if !returned {
			r.fail("runtime.Goexit called in a parallel region")
		}
		w.slot.Store(nil)
		r.finish()
	}()
	w.label()
	r.work(w.id)
	returned = true
}

// Label gives the workers the labels of ctx in CPU profiles of runtime/pprof, from their next region on.
func (p *Pool) Label(ctx context.Context) {
	if p != nil {
		p.labels.Store(&ctx)
	}
}

// label takes over the labels that the pool was given last.
func (w *worker) label() {
	if l := w.pool.labels.Load(); l != w.labels {
		w.labels = l
		pprof.SetGoroutineLabels(*l)
	}
}
