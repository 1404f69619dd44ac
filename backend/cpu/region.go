package cpu

import (
	"runtime/debug"
	"sync/atomic"
)

// job is the work of a region: one of the two bodies, and a flag that ends it early or nil.
type job struct {
	body       func(i int)
	workerBody func(worker, i int)
	stop       *atomic.Bool
}

func (j *job) call(worker, i int) {
	if j.body != nil {
		j.body(i)
		return
	}
	j.workerBody(worker, i)
}

func (j *job) stopped() bool { return j.stop != nil && j.stop.Load() }

// region is one parallel region while it runs. Chunks are split into one share per thread of the pool; a thread
// takes chunks from its own share by an atomic counter and then from the others'.
type region struct {
	job
	shares []share

	pending  atomic.Int32 // workers claimed that have neither left nor been withdrawn
	sleeping atomic.Bool  // the caller sleeps on done, or is about to
	done     chan struct{}
	failure  atomic.Pointer[PanicError] // the first panic
}

// share is the chunks [next, end), alone on its cache lines (two: processors fetch lines in pairs).
type share struct {
	next atomic.Int64
	end  int64
	_    [128 - 16]byte
}

func (p *Pool) takeRegion(n int, j job) *region {
	p.mu.Lock()
	var r *region
	if last := len(p.free) - 1; last >= 0 {
		r, p.free = p.free[last], p.free[:last]
	}
	p.mu.Unlock()
	if r == nil {
		r = &region{shares: make([]share, len(p.workers)), done: make(chan struct{}, 1)}
	}
	r.job = j
	count, threads := int64(n), int64(len(r.shares))
	each, rest := count/threads, count%threads
	next := int64(0)
	for i := range r.shares {
		r.shares[i].next.Store(next)
		next += each
		if int64(i) < rest {
			next++
		}
		r.shares[i].end = next
	}
	return r
}

func (p *Pool) putRegion(r *region) {
	r.job = job{}
	r.failure.Store(nil)
	p.mu.Lock()
	p.free = append(p.free, r)
	p.mu.Unlock()
}

// claim enrols up to most idle workers.
func (r *region) claim(workers []*worker, most int) {
	for _, w := range workers[1:] {
		if most == 0 {
			return
		}
		r.pending.Add(1)
		if !w.slot.CompareAndSwap(nil, r) {
			r.pending.Add(-1)
			continue
		}
		w.rouse()
		most--
	}
}

// withdraw gives back the workers that have not begun: they need not wake up for nothing, and nobody waits for them.
func (r *region) withdraw(workers []*worker) {
	for _, w := range workers[1:] {
		if w.slot.CompareAndSwap(r, nil) {
			r.pending.Add(-1)
		}
	}
}

// work runs chunks until none is left: first of the worker's own share, then of its neighbours'.
func (r *region) work(worker int) {
	for i := range r.shares {
		s := &r.shares[(worker+i)%len(r.shares)]
		for s.next.Load() < s.end {
			if r.failure.Load() != nil || r.stopped() {
				return
			}
			chunk := s.next.Add(1) - 1
			if chunk >= s.end {
				break
			}
			r.call(worker, int(chunk))
		}
	}
}

// chunksLeft counts the chunks never handed out.
func (r *region) chunksLeft() (n int64) {
	for i := range r.shares {
		n += max(0, r.shares[i].end-r.shares[i].next.Load())
	}
	return n
}

// fail records the first panic of the region, which also ends the hand-out of chunks.
func (r *region) fail(value any) {
	r.failure.CompareAndSwap(nil, newPanicError(value))
}

// finish is a worker's last touch of the region.
func (r *region) finish() {
	if r.pending.Add(-1) > 0 {
		return
	}
	if r.sleeping.CompareAndSwap(true, false) {
		select {
		case r.done <- struct{}{}:
		default: // a token is there already
		}
	}
}

// wait returns when no worker is in the region. A token in done is only a hint to look again: a worker may be late
// between its two steps in finish and so wake the caller of the region's next use.
func (r *region) wait() {
	idle := func() bool { return r.pending.Load() == 0 }
	if idle() || spinUntil(len(r.shares), idle) {
		return
	}
	for {
		r.sleeping.Store(true)
		if idle() {
			r.sleeping.Store(false)
			return
		}
		<-r.done
		if idle() {
			return
		}
	}
}

func newPanicError(value any) *PanicError {
	if e, ok := value.(*PanicError); ok { // of a nested region
		return e
	}
	return &PanicError{Value: value, Stack: debug.Stack()}
}

// rethrow turns a panic of the calling function into a panic with a *PanicError.
func rethrow() {
	if v := recover(); v != nil {
		panic(newPanicError(v))
	}
}
