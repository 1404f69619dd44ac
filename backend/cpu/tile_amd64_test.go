//go:build !purego

package cpu

import (
	"testing"
	"unsafe"

	"github.com/stretchr/testify/require"
)

// The generator in _asm knows these offsets.
func TestTileArgsLayout(t *testing.T) {
	var a tileArgs
	require.Equal(t, []uintptr{0, 8, 16, 24, 32, 40, 48, 56}, []uintptr{
		unsafe.Offsetof(a.base), unsafe.Offsetof(a.steps), unsafe.Offsetof(a.nsteps), unsafe.Offsetof(a.tailSteps),
		unsafe.Offsetof(a.tailLanes), unsafe.Offsetof(a.srcPixel), unsafe.Offsetof(a.srcHalf), unsafe.Offsetof(a.weights),
	})
	require.Equal(t, []uintptr{64, 72, 80, 88, 96, 104, 112, 120}, []uintptr{
		unsafe.Offsetof(a.dst), unsafe.Offsetof(a.dstPixel), unsafe.Offsetof(a.dstHalf), unsafe.Offsetof(a.dstGroup),
		unsafe.Offsetof(a.bias), unsafe.Offsetof(a.residual), unsafe.Offsetof(a.resPixel), unsafe.Offsetof(a.resHalf),
	})
	require.Equal(t, []uintptr{128, 136, 144, 152, 156, 160}, []uintptr{
		unsafe.Offsetof(a.resGroup), unsafe.Offsetof(a.act), unsafe.Offsetof(a.slope), unsafe.Offsetof(a.lo), unsafe.Offsetof(a.hi),
		unsafe.Offsetof(a.tiles),
	})
}
