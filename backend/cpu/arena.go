package cpu

import (
	"fmt"
	"unsafe"
)

// Arena is one block of memory outside the Go heap, in huge pages where the system has them. It is lent out in
// ranges by offset. The block starts on a page (4 KiB on Linux, 64 bytes elsewhere), so an offset that is a
// multiple of 64 gives an aligned range.
//
// Slices of an arena are dead after Grow, Close and - as to their contents - Reset; touching them after Close may
// fault. An arena belongs to one goroutine at a time.
type Arena struct {
	mem []byte
}

// NewArena returns an arena of size bytes, all zero.
func NewArena(size int) (*Arena, error) {
	a := &Arena{}
	if err := a.Grow(size); err != nil {
		return nil, err
	}
	return a, nil
}

// NewScratch returns an arena for data that is written and read a few times: its pages are small ones, which are there
// from the start.
func NewScratch(size int) (*Arena, error) {
	if !hasSlabs || size <= 0 {
		return NewArena(size)
	}
	mem, err := mapSmallPages(size)
	if err != nil {
		return nil, fmt.Errorf("scratch of %d bytes: %w", size, err)
	}
	populatePages(mem)
	return &Arena{mem}, nil
}

// Len returns the size of the arena in bytes.
func (a *Arena) Len() int { return len(a.mem) }

// Grow makes the arena at least size bytes long. It does nothing where it already is; otherwise the contents are
// lost, the new block is zero, and an error (of the system, out of memory) leaves the arena empty.
func (a *Arena) Grow(size int) error {
	if size < 0 {
		panic(fmt.Sprintf("BUG: arena of %d bytes", size))
	}
	if size <= len(a.mem) {
		return nil
	}
	if err := a.Close(); err != nil {
		return err
	}
	mem, err := mapMemory(size)
	if err != nil {
		return fmt.Errorf("arena of %d bytes: %w", size, err)
	}
	a.mem = mem
	return nil
}

// Reset gives the pages back to the system and keeps the addresses: the arena reads as zero afterwards.
func (a *Arena) Reset() {
	if len(a.mem) > 0 {
		dropPages(a.mem)
	}
}

// Bytes returns the n bytes at off.
func (a *Arena) Bytes(off, n int) []byte {
	if off < 0 || n < 0 || off > len(a.mem) || n > len(a.mem)-off {
		panic(fmt.Sprintf("BUG: bytes %d+%d of an arena of %d", off, n, len(a.mem)))
	}
	return a.mem[off : off+n : off+n]
}

// Floats returns the n float32 at byte offset off, a multiple of 4.
func (a *Arena) Floats(off, n int) []float32 {
	if off%4 != 0 || n < 0 || n > len(a.mem)/4 {
		panic(fmt.Sprintf("BUG: %d floats at byte %d of an arena of %d bytes", n, off, len(a.mem)))
	}
	b := a.Bytes(off, 4*n)
	if n == 0 {
		return nil
	}
	return unsafe.Slice((*float32)(unsafe.Pointer(unsafe.SliceData(b))), n)
}

// Close returns the memory. The arena is empty then and may Grow again; closing twice does nothing.
func (a *Arena) Close() error {
	mem := a.mem
	a.mem = nil
	if len(mem) == 0 {
		return nil
	}
	return unmapMemory(mem)
}

// lineFloats is the number of float32 in a cache line, which is also the widest vector.
const lineFloats = 16

// AlignedFloats returns n zero float32 of the Go heap that start on a cache line (64 bytes).
func AlignedFloats(n int) []float32 {
	buf := make([]float32, n+lineFloats-1)
	off := 0
	if n > 0 {
		addr := uintptr(unsafe.Pointer(unsafe.SliceData(buf)))
		off = int(-addr % (4 * lineFloats) / 4)
	}
	return buf[off : off+n : off+n]
}

// alignUp rounds n floats up to whole cache lines.
func alignUp(n int) int { return (n + lineFloats - 1) &^ (lineFloats - 1) }
