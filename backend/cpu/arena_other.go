//go:build !linux

package cpu

import (
	"fmt"
	"unsafe"
)

// mapMemory returns size zero bytes of the Go heap, starting on a cache line.
func mapMemory(size int) (mem []byte, err error) {
	defer func() {
		if v := recover(); v != nil { // make refuses lengths beyond the address space
			err = fmt.Errorf("%v", v)
		}
	}()
	floats := AlignedFloats(size/4 + 1)
	return unsafe.Slice((*byte)(unsafe.Pointer(unsafe.SliceData(floats))), size), nil
}

func unmapMemory([]byte) error { return nil }

func dropPages(mem []byte) { clear(mem) }
