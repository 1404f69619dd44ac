package cpu

import (
	"runtime"
	"sync"
	"unsafe"
)

// weightMemory is what packed weights lie in: large ones outside the Go heap. Memory is zero, so that who packs leaves
// out what is padding.
//
// Release gives the memory back. Where nobody calls it the garbage collector does, so that who reads data must hold the
// weightMemory until it has: a plan does, by the weights that it was made for.
type weightMemory struct {
	data    []float32
	slab    *weightSlab // nil: on the Go heap
	cleanup runtime.Cleanup
}

// newWeightMemory returns n zero floats, starting on a cache line. pool may be nil.
func newWeightMemory(pool *Pool, n int) *weightMemory {
	if slab, mem := weightSlabs.take(4 * n); slab != nil {
		m := &weightMemory{data: unsafe.Slice((*float32)(unsafe.Pointer(unsafe.SliceData(mem))), n), slab: slab}
		m.cleanup = runtime.AddCleanup(m, func(mem []byte) { weightSlabs.give(slab, mem) }, mem)
		populate(pool, mem)
		return m
	}
	return &weightMemory{data: AlignedFloats(n)}
}

// populate has the system give all pages at once, where it can: each of them would be a fault while weights are packed,
// which is half of the time of loading. Huge pages take less still, and up to 4 times as long on virtual machines that
// hand them back to their host as soon as they are free.
func populate(pool *Pool, mem []byte) {
	if pool == nil {
		populatePages(mem)
		return
	}
	pool.Run(ceilDiv(len(mem), populateBytes), func(i int) {
		first := i * populateBytes
		populatePages(mem[first:min(first+populateBytes, len(mem))])
	})
}

// bytes is the memory of data.
func (m *weightMemory) bytes() []byte {
	return unsafe.Slice((*byte)(unsafe.Pointer(unsafe.SliceData(m.data))), 4*len(m.data))
}

// Floats returns the size of the packed form.
func (m *weightMemory) Floats() int { return len(m.data) }

// Release gives the memory back; the weights are gone. No plan that reads them may run any more.
func (m *weightMemory) Release() {
	if m.slab != nil {
		m.cleanup.Stop()
		weightSlabs.give(m.slab, m.bytes())
	}
	m.data, m.slab = nil, nil
}

const (
	// leastSlabbed is the size in bytes from which weights lie outside the Go heap.
	leastSlabbed = 64 << 10
	// slabBytes is the size of a slab. Its pages are the system's until something is written there.
	slabBytes = 32 << 20
	// populateBytes is how much a worker asks of the system at a time: some 200 us.
	populateBytes = 1 << 20
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
		mem, err := mapSmallPages(max(n, slabBytes))
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
