package cpu

import (
	"runtime"
	"sync"
	"unsafe"
)

// weightMemory is what packed weights lie in: large ones outside the Go heap, in huge pages where the system has them.
// Half of the time of loading a model went into the faults of small pages. Memory is zero, so that who packs leaves out
// what is padding.
//
// Release gives the memory back. Where nobody calls it the garbage collector does, so that who reads data must hold the
// weightMemory until it has: a plan does, by the weights that it was made for.
type weightMemory struct {
	data    []float32
	slab    *weightSlab // nil: on the Go heap
	cleanup runtime.Cleanup
}

// newWeightMemory returns n zero floats, starting on a cache line.
func newWeightMemory(n int) *weightMemory {
	if slab, mem := weightSlabs.take(4 * n); slab != nil {
		m := &weightMemory{data: unsafe.Slice((*float32)(unsafe.Pointer(unsafe.SliceData(mem))), n), slab: slab}
		m.cleanup = runtime.AddCleanup(m, func(mem []byte) { weightSlabs.give(slab, mem) }, mem)
		return m
	}
	return &weightMemory{data: AlignedFloats(n)}
}

// Floats returns the size of the packed form.
func (m *weightMemory) Floats() int { return len(m.data) }

// Release gives the memory back; the weights are gone. No plan that reads them may run any more.
func (m *weightMemory) Release() {
	if m.slab != nil {
		m.cleanup.Stop()
		weightSlabs.give(m.slab, unsafe.Slice((*byte)(unsafe.Pointer(unsafe.SliceData(m.data))), 4*len(m.data)))
	}
	m.data, m.slab = nil, nil
}

const (
	// leastSlabbed is the size in bytes from which weights lie outside the Go heap.
	leastSlabbed = 64 << 10
	// slabBytes is the size of a slab. Its pages are the system's until something is written there.
	slabBytes = 32 << 20
	// smallPages is how many bytes at the start of a slab stay in small pages: a small model takes no more than it needs.
	smallPages = 2 << 20
)

// weightSlab is a block of memory that is lent out from its start on. It goes when nothing of it is lent any more.
type weightSlab struct {
	mem  []byte
	used int // bytes from the start
	lent int // ranges
}

// weightSlabs is where the packed weights of all models lie.
var weightSlabs slabs

// slabs lends out memory of slabs, the last one of which has room left. Its methods may be called from any goroutine.
type slabs struct {
	mu   sync.Mutex
	last *weightSlab
}

// take returns n zero bytes, starting on a cache line, and the slab that they lie in; nil where they are too few for a
// slab, or the system has none.
func (s *slabs) take(n int) (*weightSlab, []byte) {
	if n < leastSlabbed || !hasSlabs {
		return nil, nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.last == nil || len(s.last.mem)-s.last.used < n {
		mem, err := mapWeights(max(n, slabBytes))
		if err != nil {
			return nil, nil
		}
		s.last = &weightSlab{mem: mem}
	}
	b := s.last
	mem := b.mem[b.used:][:n:n]
	b.used = min(len(b.mem), b.used+4*alignUp(ceilDiv(n, 4)))
	b.lent++
	return b, mem
}

// give takes memory back that take lent.
func (s *slabs) give(b *weightSlab, mem []byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if b.lent--; b.lent > 0 {
		dropWithin(mem)
		return
	}
	if s.last == b {
		s.last = nil
	}
	_ = unmapMemory(b.mem)
}
