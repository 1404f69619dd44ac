package cpu

import (
	"os"
	"unsafe"

	"golang.org/x/sys/unix"
)

const hasSlabs = true

// mapWeights returns size zero bytes in whole pages, all but the first of them in huge ones where the kernel grants them.
func mapWeights(size int) ([]byte, error) {
	mem, err := unix.Mmap(-1, 0, size, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_ANON|unix.MAP_PRIVATE)
	if err != nil {
		return nil, err
	}
	if size > smallPages {
		_ = unix.Madvise(mem[smallPages:], unix.MADV_HUGEPAGE) // only advice: a kernel without huge pages refuses it
	}
	return mem, nil
}

// dropWithin gives the pages back that lie wholly in mem.
func dropWithin(mem []byte) {
	page := os.Getpagesize()
	first := int(-uintptr(unsafe.Pointer(unsafe.SliceData(mem))) & uintptr(page-1))
	if n := (len(mem) - first) / page * page; n > 0 {
		_ = unix.Madvise(mem[first:first+n], unix.MADV_DONTNEED) // else they stay until the slab goes
	}
}
