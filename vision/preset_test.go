package vision

import (
	"image"
	"image/color"
	"testing"

	"github.com/stretchr/testify/require"
)

// Values computed by hand from the definition (pixel · scale - mean) / std.
func TestPresetsByHand(t *testing.T) {
	bgrLast := Raw255()
	bgrLast.Colour, bgrLast.Layout, bgrLast.Mean = BGR, NHWC, []float32{103.939, 116.779, 123.68}
	y := GrayUnit()
	y.Colour = Y
	small := U2Net()
	small.Size = [2]int{2, 2}
	for _, tc := range []struct {
		preset Preset
		shape  []int
		want   []float32
	}{
		{Unit(), []int{1, 3, 2, 2}, []float32{1, 0, 0, 1, 0, 1, 0, 1, 0, 0, 1, 1}},
		{Tanh(), []int{1, 3, 2, 2}, []float32{1, -1, -1, 1, -1, 1, -1, 1, -1, -1, 1, 1}},
		{Raw255(), []int{1, 3, 2, 2}, []float32{255, 0, 0, 255, 0, 255, 0, 255, 0, 0, 255, 255}},
		{ImageNet(), []int{1, 3, 2, 2}, []float32{
			2.2489083, -2.1179039, -2.1179039, 2.2489083, // (1 - 0.485) / 0.229, -0.485 / 0.229
			-2.0357143, 2.4285714, -2.0357143, 2.4285714, // (1 - 0.456) / 0.224, -0.456 / 0.224
			-1.8044444, -1.8044444, 2.64, 2.64, // (1 - 0.406) / 0.225, -0.406 / 0.225
		}},
		{small, []int{1, 3, 2, 2}, []float32{
			2.2489083, -2.1179039, -2.1179039, 2.2489083,
			-2.0357143, 2.4285714, -2.0357143, 2.4285714,
			-1.8044444, -1.8044444, 2.64, 2.64,
		}},
		{GrayUnit(), []int{1, 1, 2, 2}, []float32{76. / 255, 150. / 255, 29. / 255, 1}},
		{y, []int{1, 1, 2, 2}, []float32{0.299, 0.587, 0.114, 1}},
		{bgrLast, []int{1, 2, 2, 3}, []float32{
			-103.939, -116.779, 131.32, -103.939, 138.221, -123.68,
			151.061, -116.779, -123.68, 151.061, 138.221, 131.32,
		}},
	} {
		data, shape, _, err := tc.preset.input(four())
		require.NoError(t, err, tc.preset.Name)
		require.Equal(t, tc.shape, shape, tc.preset.Name)
		if tc.preset.Colour == BGR {
			require.InDeltaSlice(t, tc.want, data, 1e-4)
			continue
		}
		near(t, tc.want, data)
	}
}

// U²-Net divides by the brightest value of the picture: 51 / 102 is one half of it.
func TestU2NetDividesByTheMaximum(t *testing.T) {
	data, shape, _, err := U2Net().input(uniform(9, 5, color.RGBA{102, 51, 0, 255}))
	require.NoError(t, err)
	require.Equal(t, []int{1, 3, 320, 320}, shape)
	for c, want := range []float32{(1 - 0.485) / 0.229, (0.5 - 0.456) / 0.224, -0.406 / 0.225} {
		for _, v := range data[c*320*320 : (c+1)*320*320] {
			require.InDelta(t, want, v, 1e-5)
		}
	}
	data, _, _, err = U2Net().input(uniform(9, 5, color.Black))
	require.NoError(t, err)
	require.InDelta(t, -0.485/0.229, data[0], 1e-5)
}

func TestTransparentIsWhite(t *testing.T) {
	img := image.NewNRGBA(image.Rect(3, 4, 5, 5))
	img.SetNRGBA(4, 4, color.NRGBA{255, 0, 0, 255})
	data, _, _, err := Raw255().input(img)
	require.NoError(t, err)
	require.Equal(t, []float32{255, 255, 255, 0, 255, 0}, data)
}

func TestNamedPresets(t *testing.T) {
	require.Equal(t, []string{"unit", "imagenet", "tanh", "raw255", "gray", "u2net"}, PresetNames())
	for _, name := range PresetNames() {
		p, err := Named(name)
		require.NoError(t, err)
		require.NoError(t, p.check())
	}
	_, err := Named("vgg")
	require.ErrorIs(t, err, ErrPreset)
	require.ErrorContains(t, err, `"vgg", want unit, imagenet, tanh, raw255, gray, u2net or a JSON file`)
}

func TestParsePreset(t *testing.T) {
	p, err := ParsePreset("x.json", []byte(`{"size": [64, 32], "multiple": 8, "layout": "NHWC", "colour": "BGR",
		"scale": 1, "mean": [1, 2, 3], "std": [4], "fit": "letterbox", "fill": 114, "divide_by_max": true, "output": "tanh"}`))
	require.NoError(t, err)
	require.Equal(t, Preset{"x.json", [2]int{64, 32}, 8, NHWC, BGR, 1, []float32{1, 2, 3}, []float32{4}, Letterbox, 114, true, RangeTanh}, p)

	p, err = ParsePreset("unit", []byte(`{}`))
	require.NoError(t, err)
	require.Equal(t, Unit(), p)
	_, err = ParsePreset("x", []byte(`{"mean": [0.25], "std": [0.5]}`))
	require.NoError(t, err)
	require.Equal(t, []float32{0}, Unit().Mean, "a parsed preset changed another")
}

func TestParsePresetErrors(t *testing.T) {
	for text, want := range map[string]string{
		``:                                 "an empty file",
		`[]`:                               "cannot be a array",
		`{"color": "RGB"}`:                 `unknown field "color", want a JSON object of size, multiple, layout, colour, scale, mean, std, fit, fill, divide_by_max, output`,
		`{"size": 224}`:                    "field size cannot be a number",
		`{"size": [0, 4]}`:                 "size [0 4], want [width, height]",
		`{"size": [-1, 4]}`:                "size",
		`{"size": [1000000, 4]}`:           "size",
		`{"multiple": -8}`:                 "multiple -8",
		`{"layout": "NWHC"}`:               `layout "NWHC", want one of ["NCHW" "NHWC"]`,
		`{"colour": "rgb"}`:                `colour "rgb", want one of ["RGB" "BGR" "gray" "Y"]`,
		`{"fit": "stretch"}`:               `fit "stretch", want one of ["resize" "letterbox" "crop" "pad"]`,
		`{"output": "0..1"}`:               `output "0..1", want one of`,
		`{"scale": 0}`:                     "scale 0",
		`{"scale": 1e99}`:                  "cannot be a number",
		`{"std": [0]}`:                     "std [0]",
		`{"mean": [1e35]}`:                 "mean [1e+35]",
		`{"std": []}`:                      "std has 0 numbers, want 1 or 3",
		`{"mean": [1, 2]}`:                 "mean has 2 numbers, want 1 or 3 for colour RGB",
		`{"colour": "Y", "mean": [1,2,3]}`: "mean has 3 numbers, want 1 for colour Y",
		`{"fill": 256}`:                    "fill",
		`{} {}`:                            "something follows",
		`{"mean": [1,2`:                    "unexpected EOF",
	} {
		_, err := ParsePreset("x.json", []byte(text))
		require.ErrorIs(t, err, ErrPreset, text)
		require.ErrorContains(t, err, want, text)
		require.ErrorContains(t, err, "x.json", text)
	}
}

func TestPresetFor(t *testing.T) {
	sized := Unit()
	sized.Size = [2]int{64, 64}
	for name, tc := range map[string]struct {
		preset Preset
		shape  []int
		layout Layout
		colour Colour
		size   [2]int
	}{
		"fixed":            {Unit(), []int{1, 3, 256, 320}, NCHW, RGB, [2]int{320, 256}},
		"channels last":    {ImageNet(), []int{1, 144, 256, 3}, NHWC, RGB, [2]int{256, 144}},
		"all open":         {Unit(), []int{0, 0, 0, 0}, NCHW, RGB, [2]int{}},
		"open size":        {Unit(), []int{-1, 3, -1, -1}, NCHW, RGB, [2]int{}},
		"open, last":       {Unit(), []int{1, -1, -1, 3}, NHWC, RGB, [2]int{}},
		"luminance":        {Unit(), []int{1, 1, -1, -1}, NCHW, Y, [2]int{}},
		"gray stays":       {GrayUnit(), []int{1, 1, 224, 224}, NCHW, Gray, [2]int{224, 224}},
		"size of preset":   {sized, []int{1, 3, -1, -1}, NCHW, RGB, [2]int{64, 64}},
		"size of both":     {sized, []int{1, 3, 64, 64}, NCHW, RGB, [2]int{64, 64}},
		"narrow, 3 by 3":   {Unit(), []int{1, 3, 3, 3}, NCHW, RGB, [2]int{3, 3}},
		"width of 3, last": {Unit(), []int{1, 8, 8, 1}, NHWC, Y, [2]int{8, 8}},
	} {
		p, err := tc.preset.For(tc.shape)
		require.NoError(t, err, name)
		require.Equal(t, tc.layout, p.Layout, name)
		require.Equal(t, tc.colour, p.Colour, name)
		require.Equal(t, tc.size, p.Size, name)
	}
	for name, tc := range map[string]struct {
		preset Preset
		shape  []int
		want   string
	}{
		"rank":           {Unit(), []int{3, 8, 8}, "want one picture"},
		"batch":          {Unit(), []int{2, 3, 8, 8}, "want one picture"},
		"channels":       {Unit(), []int{1, 4, 96, 160}, "want 1 or 3 channels"},
		"gray for three": {GrayUnit(), []int{1, 3, 8, 8}, "colour gray gives C = 1, the model's input has C = 3"},
		"three for one":  {ImageNet(), []int{1, 1, 8, 8}, "colour RGB gives C = 3"},
		"size":           {sized, []int{1, 3, 32, 64}, "width x height [64 64]"},
		"one side":       {Unit(), []int{1, 3, 32, -1}, "fixes one side only"},
	} {
		_, err := tc.preset.For(tc.shape)
		require.ErrorIs(t, err, ErrPreset, name)
		require.ErrorContains(t, err, tc.want, name)
	}
}
