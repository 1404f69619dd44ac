package cpu

import (
	"testing"
	"unsafe"

	"github.com/stretchr/testify/require"
)

func TestArena(t *testing.T) {
	a, err := NewArena(10_000)
	require.NoError(t, err)
	require.Equal(t, 10_000, a.Len())
	require.Zero(t, uintptr(unsafe.Pointer(&a.Bytes(0, 1)[0]))%64)

	b := a.Bytes(64, 128)
	require.Len(t, b, 128)
	require.Equal(t, 128, cap(b))
	f := a.Floats(64, 32)
	f[0] = 1
	require.EqualValues(t, 0x3f, b[3])
	require.Empty(t, a.Floats(10_000, 0))

	require.NoError(t, a.Grow(5_000))
	require.Equal(t, 10_000, a.Len())
	require.EqualValues(t, 1, a.Floats(64, 1)[0])
	require.NoError(t, a.Grow(5<<20))
	require.Zero(t, a.Floats(64, 1)[0])

	a.Floats(0, 1)[0] = 3
	a.Reset()
	require.Zero(t, a.Floats(0, 1)[0])

	require.NoError(t, a.Close())
	require.NoError(t, a.Close())
	require.Zero(t, a.Len())
	require.NoError(t, a.Grow(1))
	require.NoError(t, a.Close())
}

func TestArenaTooLarge(t *testing.T) {
	if unsafe.Sizeof(0) < 8 {
		t.Skip("needs a size beyond the address space that an int holds")
	}
	_, err := NewArena(int(^uint(0)>>1) &^ 4095)
	require.ErrorContains(t, err, "arena of")
}

func TestArenaRefusesBadRanges(t *testing.T) {
	a, err := NewArena(100)
	require.NoError(t, err)
	defer a.Close()
	huge := int(^uint(0) >> 1)
	for _, r := range [][2]int{{-1, 1}, {0, -1}, {0, 101}, {101, 0}, {100, 1}, {1, huge}, {huge, 1}} {
		require.Panics(t, func() { a.Bytes(r[0], r[1]) }, "range %v", r)
		require.Panics(t, func() { a.Floats(r[0], r[1]) }, "range %v", r)
	}
	require.Panics(t, func() { a.Floats(2, 1) })
}

func TestAlignedFloats(t *testing.T) {
	for n := range 200 {
		f := AlignedFloats(n)
		require.Len(t, f, n)
		require.Equal(t, n, cap(f))
		if n > 0 {
			require.Zero(t, uintptr(unsafe.Pointer(&f[0]))%64)
		}
	}
}

func TestScratch(t *testing.T) {
	for _, n := range []int{0, 1, 4096, 1<<20 + 3} {
		a, err := NewScratch(n)
		require.NoError(t, err)
		require.Equal(t, n, a.Len())
		for i := range a.Bytes(0, n) {
			a.Bytes(0, n)[i] = 1
		}
		require.NoError(t, a.Close())
		require.NoError(t, a.Close())
	}
}
