package cpu

import "golang.org/x/sys/unix"

// mapMemory returns size zero bytes in whole pages, huge ones where the kernel grants them.
func mapMemory(size int) ([]byte, error) {
	mem, err := unix.Mmap(-1, 0, size, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_ANON|unix.MAP_PRIVATE)
	if err != nil {
		return nil, err
	}
	_ = unix.Madvise(mem, unix.MADV_HUGEPAGE) // only advice: a kernel without huge pages refuses it
	return mem, nil
}

func unmapMemory(mem []byte) error { return unix.Munmap(mem) }

// dropPages gives the pages of mem back; they read as zero when touched again.
func dropPages(mem []byte) {
	if unix.Madvise(mem, unix.MADV_DONTNEED) != nil {
		clear(mem)
	}
}
