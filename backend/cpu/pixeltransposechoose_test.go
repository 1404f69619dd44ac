package cpu

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// The choices are those that a Zen 4 core with AVX-512 finds faster; see CHANGELOG and docs for the times.
func TestChoosePixelTranspose(t *testing.T) {
	var k *Kernels
	for _, tier := range Available() {
		if tier == AVX512 {
			k = KernelsFor(tier)
		}
	}
	if k == nil {
		t.Skip("needs AVX-512, whose times the choices follow")
	}
	for _, c := range []struct {
		name string
		geom ConvGeom
		want bool
	}{
		{"21 channels fill 32 lanes", transposed2D(1, 21, 21, 28, 16, 8, 4), true},
		{"the same on 32x32", transposed2D(1, 21, 21, 32, 16, 8, 4), true},
		{"20 outputs", transposed2D(1, 64, 20, 64, 2, 2, 0), true},
		{"16 outputs, little depth", transposed2D(1, 32, 16, 128, 2, 2, 0), true},
		{"12 outputs, stride 4", transposed2D(1, 64, 12, 64, 4, 4, 0), true},
		{"1 output", transposed2D(1, 64, 1, 64, 2, 2, 0), true},
		{"Winograd is faster", transposed2D(1, 21, 21, 16, 4, 2, 1), false},
		{"Winograd on whole lanes", transposed2D(1, 32, 32, 32, 8, 4, 2), false},
		{"whole lanes, to planes at once", transposed2D(1, 128, 64, 128, 2, 2, 0), true},
		{"small map, many weights", transposed2D(1, 1024, 512, 16, 2, 2, 0), false},
		{"stride 4, half lanes", transposed2D(1, 32, 48, 64, 4, 4, 0), true},
		{"stride 4, whole lanes", transposed2D(1, 64, 64, 64, 4, 4, 0), true},
	} {
		require.Equal(t, c.want, k.ChoosePixelTranspose(c.geom), c.name)
	}
	require.False(t, k.WithConv(F4).ChoosePixelTranspose(transposed2D(1, 21, 21, 28, 16, 8, 4)), "forced")
}
