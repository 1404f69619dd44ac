package vision

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// line resizes a line of numbers.
func line(k kernel, from, to float64, n int, v ...float32) []float32 {
	p := plane{len(v), 1, v}
	return resize(p.source(), area{from, 0, to, 1}, n, 1, k).at
}

// Against Pillow 13, Image.resize of mode F with BILINEAR and BICUBIC, the last with box=(0.5, 0, 4.25, 1).
func TestResizeAgainstPillow(t *testing.T) {
	near(t, []float32{0.14285715, 0.85714287}, line(triangle, 0, 4, 2, 0, 0, 1, 1))
	near(t, []float32{-0.05720824, 0.5, 1.0572082}, line(catmullRom, 0, 4, 3, 0, 0, 1, 1))
	near(t, []float32{0.42857143, 4.4444447, 13}, line(triangle, 0, 5, 3, 0, 1, 4, 9, 16))
	near(t, []float32{-0.05825243, 0.3601108, 1.6530613, 4, 7.367347, 12.415512, 16.407766}, line(catmullRom, 0, 5, 7, 0, 1, 4, 9, 16))
	require.InDeltaSlice(t, []float32{0.9411306, 8.896483}, line(catmullRom, 0.5, 4.25, 2, 0, 1, 4, 9, 16), 1e-5)
}

// Twice the size by hand: a quarter and three quarters between neighbours.
func TestResizeByHand(t *testing.T) {
	near(t, []float32{0, 0.25, 0.75, 1}, line(triangle, 0, 2, 4, 0, 1))
}

func TestResizeToTheSameSizeIsExact(t *testing.T) {
	nan := float32(math.NaN())
	for _, k := range []kernel{triangle, catmullRom} {
		got := line(k, 0, 4, 4, 0.1, nan, 1e30, -3)
		require.True(t, got[1] != got[1])
		got[1] = 0
		require.Equal(t, []float32{0.1, 0, 1e30, -3}, got, "a neighbour has influence")
		require.Equal(t, []float32{5, 6}, line(k, 1, 3, 2, 4, 5, 6, 7))
	}
}

// Nothing outside the area leaks in, and a constant stays what it is.
func TestResizeStaysInsideItsArea(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(1, 30).Draw(t, "n")
		low := rapid.IntRange(0, n-1).Draw(t, "low")
		high := rapid.IntRange(low+1, n).Draw(t, "high")
		v := make([]float32, n)
		for i := range v {
			v[i] = float32(math.NaN())
			if i >= low && i < high {
				v[i] = 3
			}
		}
		k := rapid.SampledFrom([]kernel{triangle, catmullRom}).Draw(t, "kernel")
		for _, got := range line(k, float64(low), float64(high), rapid.IntRange(1, 50).Draw(t, "m"), v...) {
			if !(math.Abs(float64(got)-3) < 1e-5) {
				t.Fatalf("got %v, want 3", got)
			}
		}
	})
}

// Two dimensions are one after the other, in either direction and with rows that are freed on the way.
func TestResizeOfAProduct(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		size := rapid.IntRange(1, 20)
		w, h, nw, nh := size.Draw(t, "w"), size.Draw(t, "h"), size.Draw(t, "W"), size.Draw(t, "H")
		p := newPlane(w, h)
		across, down := make([]float32, w), make([]float32, h)
		for i := range p.at {
			across[i%w], down[i/w] = float32(i%w*i%7), float32(i/w*5%11)
		}
		for i := range p.at {
			p.at[i] = across[i%w] * down[i/w]
		}
		k := rapid.SampledFrom([]kernel{triangle, catmullRom}).Draw(t, "kernel")
		got := resize(p.source(), whole(p.source()), nw, nh, k)
		lx, ly := line(k, 0, float64(w), nw, across...), line(k, 0, float64(h), nh, down...)
		for i, v := range got.at {
			if want := lx[i%nw] * ly[i/nw]; math.Abs(float64(v-want)) > 1e-3 {
				t.Fatalf("at %d: got %v, want %v", i, v, want)
			}
		}
	})
}
