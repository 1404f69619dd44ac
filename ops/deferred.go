package ops

import (
	"fmt"
	"sync"
	"sync/atomic"
)

// Deferred is the memory of a constant that lies elsewhere, in a file, until
// somebody wants it, and that can be let go of again. Tensors that are views of each
// other share it. Its methods may be called from any goroutine.
type Deferred struct {
	size int
	read func(dst []byte) error
	data atomic.Pointer[[]byte] // nil: to be read

	mu   sync.Mutex // held while data changes
	kept bool
}

// ReadError is what reading the elements of a deferred tensor panics with: those who
// want elements expect them to be there.
type ReadError struct{ Err error }

// Error is that of Err.
func (e *ReadError) Error() string { return e.Err.Error() }

// Defer makes a tensor whose elements read gives when they are first wanted, and
// again after they were dropped: the same ones. It fills dst, in the machine's byte
// order, and may be called from any goroutine.
func Defer(dtype DType, shape Shape, read func(dst []byte) error) (*Tensor, error) {
	if err := shape.Check(); err != nil {
		return nil, err
	}
	if !dtype.Valid() || dtype == String {
		return nil, fmt.Errorf("elements of type %v cannot be given as bytes", dtype)
	}
	return &Tensor{dtype: dtype, shape: shape, deferred: &Deferred{size: ByteSize(dtype, shape), read: read}}, nil
}

// Deferred is the memory of t if it is deferred, else nil.
func (t *Tensor) Deferred() *Deferred { return t.deferred }

// bytes reads the elements if need be.
func (d *Deferred) bytes() []byte {
	if data := d.data.Load(); data != nil {
		return *data
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if data := d.data.Load(); data != nil {
		return *data
	}
	data := alignedBytes(d.size)
	if err := d.read(data); err != nil {
		panic(&ReadError{err})
	}
	d.data.Store(&data)
	return data
}

// Loaded reports whether the elements are in memory.
func (d *Deferred) Loaded() bool { return d.data.Load() != nil }

// Keep reads the elements for good: somebody reads them in every run.
func (d *Deferred) Keep() {
	d.bytes()
	d.mu.Lock()
	d.kept = true
	d.mu.Unlock()
	d.bytes() // somebody may have dropped them in between
}

// Drop lets go of the elements, unless they are kept. Slices of them stay valid.
func (d *Deferred) Drop() {
	d.mu.Lock()
	defer d.mu.Unlock()
	if !d.kept {
		d.data.Store(nil)
	}
}

// Derive gives a copy of t that change has changed. That of a deferred tensor is
// deferred too: change is called whenever its elements are read, and must do the same
// each time.
func (t *Tensor) Derive(change func(*Tensor)) *Tensor {
	if t.deferred == nil {
		c := t.Clone()
		change(c)
		return c
	}
	from := t.deferred
	read := func(dst []byte) error {
		if data := from.data.Load(); data != nil {
			copy(dst, *data)
		} else if err := from.read(dst); err != nil {
			return err
		}
		change(&Tensor{dtype: t.dtype, shape: t.shape, mem: dst})
		return nil
	}
	return &Tensor{dtype: t.dtype, shape: t.shape.Clone(), deferred: &Deferred{size: from.size, read: read}}
}

// Scratch is memory for the elements of one deferred tensor at a time, for who packs
// them at once. It belongs to one goroutine.
type Scratch struct {
	alloc func(size int) []byte
	holds *Deferred
	data  []byte
}

// NewScratch makes a scratch. alloc gives memory, which the next call may reuse.
func NewScratch(alloc func(size int) []byte) *Scratch { return &Scratch{alloc: alloc} }

// Lend calls f with t in memory, of which f must not keep anything. Elements that are
// deferred and not in memory are read into s, or to stay where s is nil.
func (s *Scratch) Lend(t *Tensor, f func(*Tensor)) {
	d := t.deferred
	if s == nil || d == nil || d.Loaded() {
		f(t)
		return
	}
	if s.holds != d {
		s.holds, s.data = nil, s.alloc(d.size)
		if err := d.read(s.data); err != nil {
			panic(&ReadError{err})
		}
		s.holds = d
	}
	lent := *t
	lent.deferred, lent.mem = nil, s.data
	f(&lent)
}
