package vision

import (
	"image"
	"image/color"
	"testing"

	"github.com/stretchr/testify/require"
)

// four is the picture that presets are checked on by hand: red, green / blue, white.
func four() *image.RGBA {
	return &image.RGBA{Stride: 8, Rect: image.Rect(0, 0, 2, 2), Pix: []uint8{
		255, 0, 0, 255, 0, 255, 0, 255,
		0, 0, 255, 255, 255, 255, 255, 255,
	}}
}

// scene is a picture in which every pixel differs.
func scene(w, h int) *image.RGBA {
	img := image.NewRGBA(image.Rect(0, 0, w, h))
	for y := range h {
		for x := range w {
			img.SetRGBA(x, y, color.RGBA{uint8(x * 37), uint8(y * 29), uint8(x*7 + y*11), 255})
		}
	}
	return img
}

// uniform is a picture of one colour.
func uniform(w, h int, c color.Color) *image.RGBA {
	img := image.NewRGBA(image.Rect(0, 0, w, h))
	for y := range h {
		for x := range w {
			img.Set(x, y, c)
		}
	}
	return img
}

// mapped makes the mapping of a picture.
func mapped(t require.TestingT, p Preset, img image.Image) *Mapping {
	_, _, m, err := p.input(img)
	require.NoError(t, err)
	return m
}

// result makes a result of float numbers.
func result(t require.TestingT, m *Mapping, shape []int, data ...float32) *Result {
	r, err := m.newResult(data, shape, false)
	require.NoError(t, err)
	return r
}

// near compares numbers with the rounding of a few float32 operations.
func near(t testing.TB, want, got []float32) {
	t.Helper()
	require.Equal(t, len(want), len(got))
	require.InDeltaSlice(t, want, got, 4e-6)
}
