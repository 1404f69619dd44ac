package ops

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestMiniFloatLimits holds the formats against the table of limits in the ONNX
// documentation.
func TestMiniFloatLimits(t *testing.T) {
	for _, c := range []struct {
		name            string
		m               *miniFloat
		largest, normal float64
		least           float64
	}{
		{"e4m3fn", &float8E4M3FN, 448, 0x1p-6, 0x1p-9},
		{"e4m3fnuz", &float8E4M3FNUZ, 240, 0x1p-7, 0x1p-10},
		{"e5m2", &float8E5M2, 57344, 0x1p-14, 0x1p-16},
		{"e5m2fnuz", &float8E5M2FNUZ, 57344, 0x1p-15, 0x1p-17},
		{"e2m1", &float4E2M1, 6, 1, 0.5},
	} {
		require.Equal(t, c.largest, c.m.decode(c.m.largest), c.name)
		require.Equal(t, c.normal, c.m.decode(1<<c.m.fraction), c.name)
		require.Equal(t, c.least, c.m.decode(1), c.name)
		require.Equal(t, c.m.largest, c.m.encode(1e30, true), c.name)
		require.Equal(t, c.m.largest, c.m.encode(math.Inf(1), true), c.name)
		require.Equal(t, c.m.beyond, c.m.encode(math.Inf(1), false), c.name)
		require.Equal(t, c.m.nan, c.m.encode(math.NaN(), true), c.name)
	}
	require.True(t, math.IsNaN(float8E4M3FN.decode(0xFF)))
	require.True(t, math.IsNaN(float8E4M3FNUZ.decode(0x80)))
	require.True(t, math.IsNaN(float8E5M2.decode(0x7D)))
	require.Equal(t, math.Inf(-1), float8E5M2.decode(0xFC))
}

// TestMiniFloatNearest encodes every value, and points around the middle between
// neighbours: ties go to the even code.
func TestMiniFloatNearest(t *testing.T) {
	for _, m := range []*miniFloat{&float8E4M3FN, &float8E4M3FNUZ, &float8E5M2, &float8E5M2FNUZ, &float4E2M1} {
		for code := byte(0); code < m.largest; code++ {
			v, next := m.decode(code), m.decode(code+1)
			require.Less(t, v, next)
			middle := (v + next) / 2
			require.Equal(t, code, m.encode(v, false))
			require.Equal(t, code, m.encode(math.Nextafter(middle, v), false))
			require.Equal(t, code+code&1, m.encode(middle, false))
			require.Equal(t, code+1, m.encode(math.Nextafter(middle, next), false))
			if code > 0 {
				require.Equal(t, code|1<<(m.bits-1), m.encode(-v, false))
				require.Equal(t, -v, m.decode(code|1<<(m.bits-1)))
			}
		}
	}
}

func TestE8M0(t *testing.T) {
	nan := float32(math.NaN())
	for _, c := range []struct {
		x                  float32
		up, down, nearest  byte
		upNoSat, nearNoSat byte
	}{
		{1, 127, 127, 127, 127, 127},
		{1.25, 128, 127, 127, 128, 127},
		{-1.5, 128, 127, 128, 128, 128},
		{0, 0, 0, 0, 0, 0},
		{math.MaxFloat32, 254, 254, 254, 255, 255},
		{nan, 255, 255, 255, 255, 255},
	} {
		require.Equal(t, c.up, e8m0(c.x, castRules{true, "up"}), c.x)
		require.Equal(t, c.down, e8m0(c.x, castRules{true, "down"}), c.x)
		require.Equal(t, c.nearest, e8m0(c.x, castRules{true, "nearest"}), c.x)
		require.Equal(t, c.upNoSat, e8m0(c.x, castRules{false, "up"}), c.x)
		require.Equal(t, c.nearNoSat, e8m0(c.x, castRules{false, "nearest"}), c.x)
	}
}
