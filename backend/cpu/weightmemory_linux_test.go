package cpu

import (
	"os"
	"testing"
	"unsafe"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"
)

// All pages are there before anybody touches them, whatever part of a slab they are; those behind are not.
func TestWeightMemoryIsPopulated(t *testing.T) {
	probe, err := mapSmallPages(1 << 20)
	require.NoError(t, err)
	defer unmapMemory(probe)
	if unix.Madvise(probe, unix.MADV_POPULATE_WRITE) != nil {
		t.Skip("needs Linux 5.14")
	}
	pool := NewPool(2)
	defer pool.Close()
	for _, n := range []int{leastSlabbed, leastSlabbed + 20, populateBytes + 4, 5 * populateBytes} {
		for _, p := range []*Pool{nil, pool} {
			mem, err := mapSmallPages(n + 1<<20)
			require.NoError(t, err)
			_ = unix.Madvise(mem, unix.MADV_NOHUGEPAGE) // whose pages would reach further
			populate(p, mem[100:][:n])
			pages := residentPages(t, mem)
			page := os.Getpagesize()
			for i, there := range pages {
				require.Equal(t, i <= (100+n-1)/page, there, "page %d of %d bytes from byte 100", i, n)
			}
			require.NoError(t, unmapMemory(mem))
		}
	}
}

// residentPages asks the kernel which pages of a mapping are in memory.
func residentPages(t *testing.T, mem []byte) []bool {
	t.Helper()
	f, err := os.Open("/proc/self/pagemap")
	require.NoError(t, err)
	defer f.Close()
	page := os.Getpagesize()
	entries := make([]byte, 8*(len(mem)/page))
	_, err = f.ReadAt(entries, 8*int64(uintptr(unsafe.Pointer(&mem[0]))/uintptr(page)))
	require.NoError(t, err)
	out := make([]bool, len(mem)/page)
	for i := range out {
		out[i] = entries[8*i+7]&0x80 != 0 // bit 63: present
	}
	return out
}
