//go:build !purego

package cpu

import (
	"testing"
	"unsafe"

	"github.com/stretchr/testify/require"
)

// The generator in _asm knows these offsets.
func TestPixelArgsLayout(t *testing.T) {
	var a pixelArgs
	require.Equal(t, []uintptr{0, 8, 16, 24, 32, 40, 48, 56}, []uintptr{
		unsafe.Offsetof(a.base), unsafe.Offsetof(a.steps), unsafe.Offsetof(a.nsteps), unsafe.Offsetof(a.weights),
		unsafe.Offsetof(a.bias), unsafe.Offsetof(a.dst), unsafe.Offsetof(a.residual), unsafe.Offsetof(a.plane),
	})
	require.Equal(t, []uintptr{64, 72, 80, 88, 96, 104, 112, 120, 124, 128, 136, 144, 152, 160, 168}, []uintptr{
		unsafe.Offsetof(a.tiles), unsafe.Offsetof(a.srcTile), unsafe.Offsetof(a.dstTile), unsafe.Offsetof(a.mask),
		unsafe.Offsetof(a.whole), unsafe.Offsetof(a.act), unsafe.Offsetof(a.slope), unsafe.Offsetof(a.lo), unsafe.Offsetof(a.hi),
		unsafe.Offsetof(a.phases), unsafe.Offsetof(a.segments), unsafe.Offsetof(a.nsegments), unsafe.Offsetof(a.stream),
		unsafe.Offsetof(a.pixel), unsafe.Offsetof(a.wide),
	})
	var s pixelSegment
	require.Equal(t, []uintptr{0, 4, 8, 40}, []uintptr{unsafe.Offsetof(s.lo), unsafe.Offsetof(s.end), unsafe.Offsetof(s.rows), unsafe.Sizeof(s)})
}
