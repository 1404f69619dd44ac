package cpu

import (
	"os"
	"unsafe"

	"golang.org/x/sys/unix"
)

const hasSlabs = true

// mapSmallPages returns size zero bytes in whole pages, which the system gives when they are first touched.
func mapSmallPages(size int) ([]byte, error) {
	return unix.Mmap(-1, 0, size, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_ANON|unix.MAP_PRIVATE)
}

// populatePages has the system give the pages of mem, which is part of a mapping.
func populatePages(mem []byte) {
	if len(mem) == 0 {
		return
	}
	page := uintptr(os.Getpagesize())
	before := uintptr(unsafe.Pointer(unsafe.SliceData(mem))) & (page - 1)
	whole := unsafe.Slice((*byte)(unsafe.Add(unsafe.Pointer(unsafe.SliceData(mem)), -int(before))), len(mem)+int(before))
	_ = unix.Madvise(whole, unix.MADV_POPULATE_WRITE) // only in time: kernels before 5.14 give them one by one
}

// dropWithin gives the pages back that lie wholly in mem.
func dropWithin(mem []byte) {
	page := os.Getpagesize()
	first := int(-uintptr(unsafe.Pointer(unsafe.SliceData(mem))) & uintptr(page-1))
	if n := (len(mem) - first) / page * page; n > 0 {
		_ = unix.Madvise(mem[first:first+n], unix.MADV_DONTNEED) // else they stay until the slab goes
	}
}
