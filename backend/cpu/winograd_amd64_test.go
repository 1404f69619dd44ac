//go:build !purego

package cpu

import (
	"testing"
	"unsafe"

	"github.com/stretchr/testify/require"
)

// The generator in _asm knows these offsets.
func TestWinoArgsLayout(t *testing.T) {
	var i winoInputArgs
	require.Equal(t, []uintptr{0, 8, 16, 24, 32, 40, 48, 56, 64, 72}, []uintptr{
		unsafe.Offsetof(i.src), unsafe.Offsetof(i.dst), unsafe.Offsetof(i.strip), unsafe.Offsetof(i.row), unsafe.Offsetof(i.col),
		unsafe.Offsetof(i.step), unsafe.Offsetof(i.point), unsafe.Offsetof(i.tile), unsafe.Offsetof(i.tiles),
		unsafe.Offsetof(i.ahead),
	})
	var o winoOutputArgs
	require.Equal(t, []uintptr{0, 8, 16, 24, 32, 40, 48, 56, 64, 72}, []uintptr{
		unsafe.Offsetof(o.src), unsafe.Offsetof(o.dst), unsafe.Offsetof(o.scratch), unsafe.Offsetof(o.point), unsafe.Offsetof(o.tile),
		unsafe.Offsetof(o.row), unsafe.Offsetof(o.col), unsafe.Offsetof(o.next), unsafe.Offsetof(o.bias), unsafe.Offsetof(o.slope),
	})
	require.Equal(t, []uintptr{80, 88, 96, 104, 112, 120, 128, 136, 140, 144}, []uintptr{
		unsafe.Offsetof(o.residual), unsafe.Offsetof(o.resRow), unsafe.Offsetof(o.row0), unsafe.Offsetof(o.rows),
		unsafe.Offsetof(o.col0), unsafe.Offsetof(o.cols), unsafe.Offsetof(o.tiles), unsafe.Offsetof(o.lo), unsafe.Offsetof(o.hi),
		unsafe.Offsetof(o.ahead),
	})
	var f winoFilterArgs
	require.Equal(t, []uintptr{0, 8, 16, 24, 32, 40, 48, 56, 64, 72}, []uintptr{
		unsafe.Offsetof(f.src), unsafe.Offsetof(f.dst), unsafe.Offsetof(f.scratch), unsafe.Offsetof(f.rows), unsafe.Offsetof(f.cols),
		unsafe.Offsetof(f.tap), unsafe.Offsetof(f.point), unsafe.Offsetof(f.next), unsafe.Offsetof(f.from), unsafe.Offsetof(f.channels),
	})
	var factors winoFactors
	require.Equal(t, uintptr(8), unsafe.Offsetof(factors.pairs))
}
