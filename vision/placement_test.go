package vision

import (
	"image"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

func TestPlacement(t *testing.T) {
	r := image.Rect
	for name, tc := range map[string]struct {
		fit         Fit
		size        [2]int
		multiple    int
		w, h        int
		input       image.Point
		part, place image.Rectangle
	}{
		"keep":                  {Resize, [2]int{}, 0, 7, 5, image.Pt(7, 5), r(0, 0, 7, 5), r(0, 0, 7, 5)},
		"resize":                {Resize, [2]int{4, 4}, 0, 7, 5, image.Pt(4, 4), r(0, 0, 7, 5), r(0, 0, 4, 4)},
		"resize to multiple":    {Resize, [2]int{}, 8, 27, 3, image.Pt(24, 8), r(0, 0, 27, 3), r(0, 0, 24, 8)},
		"letterbox, wide":       {Letterbox, [2]int{8, 8}, 0, 16, 8, image.Pt(8, 8), r(0, 0, 16, 8), r(0, 2, 8, 6)},
		"letterbox, high":       {Letterbox, [2]int{8, 8}, 0, 4, 8, image.Pt(8, 8), r(0, 0, 4, 8), r(2, 0, 6, 8)},
		"letterbox, a line":     {Letterbox, [2]int{8, 8}, 0, 1000, 1, image.Pt(8, 8), r(0, 0, 1000, 1), r(0, 3, 8, 4)},
		"letterbox, multiple":   {Letterbox, [2]int{}, 8, 12, 6, image.Pt(16, 8), r(0, 0, 12, 6), r(0, 0, 16, 8)},
		"crop, wide":            {Crop, [2]int{4, 4}, 0, 16, 8, image.Pt(4, 4), r(4, 0, 12, 8), r(0, 0, 4, 4)},
		"crop to multiple":      {Crop, [2]int{}, 8, 17, 9, image.Pt(16, 8), r(0, 0, 17, 9), r(0, 0, 16, 8)},
		"pad":                   {Pad, [2]int{}, 4, 5, 8, image.Pt(8, 8), r(0, 0, 5, 8), r(0, 0, 5, 8)},
		"smaller than multiple": {Crop, [2]int{}, 8, 3, 3, image.Pt(8, 8), r(0, 0, 3, 3), r(0, 0, 8, 8)},
	} {
		p := Unit()
		p.Fit, p.Size, p.Multiple = tc.fit, tc.size, tc.multiple
		got, err := p.place(tc.w, tc.h)
		require.NoError(t, err, name)
		require.Equal(t, placement{tc.input, tc.part, tc.place}, got, name)
	}
	p := Unit()
	p.Fit, p.Size = Pad, [2]int{4, 4}
	_, err := p.place(5, 4)
	require.ErrorContains(t, err, "picture of 5 x 4 pixels for an input of 4 x 4")
}

// Letterbox and pad by hand: a 2 x 1 picture in a 4 x 4 and a 3 x 2 input.
func TestSurround(t *testing.T) {
	p := GrayUnit()
	p.Scale = 1
	img := &image.RGBA{Stride: 8, Rect: image.Rect(0, 0, 2, 1), Pix: []uint8{10, 10, 10, 255, 20, 20, 20, 255}}
	p.Fit, p.Size, p.Fill = Letterbox, [2]int{2, 3}, 99
	data, _, _, err := p.input(img)
	require.NoError(t, err)
	require.Equal(t, []float32{99, 99, 10, 20, 99, 99}, data)
	p.Fit, p.Size = Pad, [2]int{3, 2}
	data, _, _, err = p.input(img)
	require.NoError(t, err)
	require.Equal(t, []float32{10, 20, 20, 10, 20, 20}, data)
}

// Whatever the fit, what comes back is as large as the picture, and pictures are as large as what was seen.
func TestMapsBackToExactSizes(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w, h := rapid.IntRange(1, 40).Draw(t, "w"), rapid.IntRange(1, 40).Draw(t, "h")
		p := Unit()
		p.Fit = rapid.SampledFrom([]Fit{Resize, Letterbox, Crop, Pad}).Draw(t, "fit")
		p.Multiple = rapid.SampledFrom([]int{0, 1, 4, 7}).Draw(t, "multiple")
		if p.Fit != Pad && rapid.Bool().Draw(t, "sized") {
			p.Size = [2]int{rapid.IntRange(1, 40).Draw(t, "W"), rapid.IntRange(1, 40).Draw(t, "H")}
		}
		data, shape, m, err := p.input(scene(w, h))
		require.NoError(t, err)
		require.Equal(t, len(data), shape[1]*shape[2]*shape[3])

		factor := rapid.IntRange(1, 3).Draw(t, "factor")
		ow, oh := shape[3]*factor, shape[2]*factor
		ones := make([]float32, 3*ow*oh)
		for i := range ones {
			ones[i] = 1
		}
		one := result(t, m, []int{1, 1, oh, ow}, ones[:ow*oh]...)
		mask := one.Mask(DefaultStyle())
		require.Equal(t, image.Rect(0, 0, w, h), mask.Rect)
		for y := range h {
			for x := range w {
				require.Equal(t, image.Pt(x, y).In(m.part), mask.GrayAt(x, y).Y == 255)
			}
		}
		require.Equal(t, image.Rect(0, 0, w, h), one.Cutout(DefaultStyle()).Rect)
		three := &Result{m: m, planes: []plane{one.planes[0], one.planes[0], one.planes[0]}}
		img, err := three.Image()
		require.NoError(t, err)
		require.Equal(t, m.part.Size().Mul(factor), img.Bounds().Size())
		up, err := one.Upscaled()
		require.NoError(t, err)
		require.Equal(t, m.part.Size().Mul(factor), up.Bounds().Size())
	})
}

// A network that changes nothing gives the picture back, exactly where no pixel was resampled.
func TestIdentityRoundTrip(t *testing.T) {
	pad, box, bgr := Unit(), Unit(), Tanh()
	pad.Fit, pad.Multiple = Pad, 16
	box.Fit, box.Size = Letterbox, [2]int{20, 31} // as wide as the picture: bars only
	bgr.Colour, bgr.Layout = BGR, NHWC
	stats := ImageNet()
	stats.Output = RangeSame
	for _, p := range []Preset{Unit(), Tanh(), Raw255(), pad, box, bgr, stats} {
		want := scene(20, 13)
		data, shape, m, err := p.input(want)
		require.NoError(t, err)
		r, err := m.newResult(data, shape, false)
		require.NoError(t, err)
		got, err := r.Image()
		require.NoError(t, err)
		require.Equal(t, want, got, p.Name)
	}
}

// The white square of a letterboxed picture is found again where it was, but for its corners, which half the size rounds.
func TestLetterboxedMaskComesBack(t *testing.T) {
	img := uniform(64, 32, image.Black)
	for y := 8; y < 16; y++ {
		for x := 32; x < 48; x++ {
			img.Set(x, y, image.White)
		}
	}
	p := GrayUnit()
	p.Fit, p.Size = Letterbox, [2]int{32, 32}
	data, shape, m, err := p.input(img)
	require.NoError(t, err)
	mask := result(t, m, shape, data...).Mask(DefaultStyle())
	for y := range 32 {
		for x := range 64 {
			if (x == 32 || x == 47) && (y == 8 || y == 15) {
				continue
			}
			want := x >= 32 && x < 48 && y >= 8 && y < 16
			require.Equal(t, want, mask.GrayAt(x, y).Y == 255, "%d, %d", x, y)
		}
	}
}
