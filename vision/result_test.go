package vision

import (
	"image"
	"image/color"
	"math"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/tconv/tconv"
)

func TestViews(t *testing.T) {
	p := Unit()
	last := Unit()
	last.Layout = NHWC
	for name, tc := range map[string]struct {
		preset  Preset
		w, h    int
		shape   []int
		c       int
		ow, oh  int
		isFirst bool
	}{
		"first":           {p, 6, 4, []int{1, 21, 4, 6}, 21, 6, 4, true},
		"last":            {p, 6, 4, []int{1, 4, 6, 21}, 21, 6, 4, false},
		"last, enlarged":  {p, 6, 4, []int{1, 8, 12, 3}, 3, 12, 8, false},
		"one, last":       {p, 6, 4, []int{1, 4, 6, 1}, 1, 6, 4, false},
		"no batch":        {p, 6, 4, []int{2, 4, 6}, 2, 6, 4, true},
		"plane":           {p, 6, 4, []int{4, 6}, 1, 6, 4, true},
		"batch as C":      {p, 6, 4, []int{1, 4, 6}, 1, 6, 4, true},
		"neither":         {p, 6, 4, []int{1, 3, 9, 9}, 3, 9, 9, true},
		"neither, last":   {p, 6, 4, []int{1, 9, 9, 3}, 3, 9, 9, false},
		"ambiguous":       {p, 3, 3, []int{1, 3, 3, 3}, 3, 3, 3, true},
		"ambiguous, NHWC": {last, 3, 3, []int{1, 3, 3, 3}, 3, 3, 3, false},
	} {
		v, err := mapped(t, tc.preset, scene(tc.w, tc.h)).view(tc.shape)
		require.NoError(t, err, name)
		require.Equal(t, view{tc.c, tc.oh, tc.ow, !tc.isFirst}, v, name)
	}
	m := mapped(t, p, scene(6, 4))
	for _, shape := range [][]int{{}, {4}, {2, 3, 4, 6}, {1, 1, 3, 4, 6}, {1, 3, 0, 6}} {
		_, err := m.newResult(nil, shape, false)
		require.ErrorIs(t, err, ErrResult, "%v", shape)
	}
	_, err := m.newResult(make([]float32, 5), []int{2, 3}, false)
	require.ErrorIs(t, err, ErrResult)
}

func TestMaskByHand(t *testing.T) {
	m := mapped(t, Unit(), four())
	nan := float32(math.NaN())
	s := DefaultStyle()
	require.Equal(t, []uint8{0, 255, 0, 255}, result(t, m, []int{1, 1, 2, 2}, 0.49, 0.5, nan, 1).Mask(s).Pix)
	s.Sigmoid = true
	require.Equal(t, []uint8{0, 255, 0, 255}, result(t, m, []int{2, 2}, -0.1, 0.1, -100, 100).Mask(s).Pix)
	s.Threshold = 0.9
	require.Equal(t, []uint8{0, 0, 0, 255}, result(t, m, []int{2, 2}, -0.1, 0.1, -100, 100).Mask(s).Pix)
	s = DefaultStyle()
	require.Equal(t, []uint8{0, 255, 0, 255}, result(t, m, []int{1, 2, 2, 2}, 5, 1, 0, -2, 4, 2, 0, -1).Mask(s).Pix)
	labels, err := m.newResult([]float32{0, 1, 0, 7}, []int{2, 2}, true)
	require.NoError(t, err)
	require.Equal(t, []uint8{0, 255, 0, 255}, labels.Mask(s).Pix)
}

func TestCutoutByHand(t *testing.T) {
	m := mapped(t, Unit(), four())
	got := result(t, m, []int{2, 2}, 0, 0.5, 1, 2).Cutout(DefaultStyle())
	require.Equal(t, []uint8{255, 0, 0, 0, 0, 255, 0, 128, 0, 0, 255, 255, 255, 255, 255, 255}, got.Pix)
}

func TestOverlayByHand(t *testing.T) {
	m := mapped(t, Unit(), four())
	s := DefaultStyle()
	got, err := result(t, m, []int{2, 2}, 1, 0, 1, 0).Overlay(s)
	require.NoError(t, err)
	require.Equal(t, []uint8{192, 0, 0, 255, 0, 255, 0, 255, 64, 0, 128, 255, 255, 255, 255, 255}, got.Pix)
	s.Alpha = 1
	s.Palette = Cityscapes() // class 0 is painted: it is a road
	got, err = result(t, m, []int{1, 2, 2, 2}, 0, 1, 0, 1, 1, 0, 1, 0).Overlay(s)
	require.NoError(t, err)
	require.Equal(t, []uint8{244, 35, 232, 255, 128, 64, 128, 255, 244, 35, 232, 255, 128, 64, 128, 255}, got.Pix)
	s.Alpha = 0
	got, err = result(t, m, []int{2, 2}, 1, 1, 1, 1).Overlay(s)
	require.NoError(t, err)
	require.Equal(t, four().Pix, got.Pix)
}

func TestClassesByHand(t *testing.T) {
	m := mapped(t, Unit(), four())
	got, err := result(t, m, []int{1, 3, 2, 2}, 0, 9, 0, 1, 1, 0, 0, 1, 2, 0, 0, 1.5).Classes(DefaultStyle())
	require.NoError(t, err)
	require.Equal(t, []uint8{2, 0, 0, 2}, got.Pix, "of equal channels the first wins, as argmax does")
	require.Equal(t, color.RGBA{0, 128, 0, 255}, got.At(0, 0))

	labels, err := m.newResult([]float32{15, 0, 255, 3}, []int{1, 1, 2, 2}, true)
	require.NoError(t, err)
	got, err = labels.Classes(DefaultStyle())
	require.NoError(t, err)
	require.Equal(t, []uint8{15, 0, 255, 3}, got.Pix)
	for _, bad := range []float32{-1, 256, 0.5, float32(math.NaN())} {
		_, err = result(t, m, []int{2, 2}, 0, 0, 0, bad).Classes(DefaultStyle())
		require.ErrorIs(t, err, ErrResult)
	}
	_, err = result(t, m, []int{1, 257, 2, 2}, make([]float32, 4*257)...).Classes(DefaultStyle())
	require.ErrorContains(t, err, "257 classes, want at most 256")
}

// Labels of a small letterboxed output: each pixel takes the nearest, bars are never seen.
func TestLabelsComeBack(t *testing.T) {
	p := Unit()
	p.Fit, p.Size = Letterbox, [2]int{4, 4}
	m := mapped(t, p, scene(8, 4)) // lies in rows 1 and 2
	labels, err := m.newResult([]float32{9, 9, 9, 9, 1, 2, 3, 4, 5, 6, 7, 8, 9, 9, 9, 9}, []int{4, 4}, true)
	require.NoError(t, err)
	got, err := labels.Classes(DefaultStyle())
	require.NoError(t, err)
	up, down := []uint8{1, 1, 2, 2, 3, 3, 4, 4}, []uint8{5, 5, 6, 6, 7, 7, 8, 8}
	var want []uint8
	for _, row := range [][]uint8{up, up, down, down} {
		want = append(want, row...)
	}
	require.Equal(t, want, got.Pix)
}

func TestPalettes(t *testing.T) {
	voc := VOC()
	for class, want := range map[int]color.RGBA{
		0: {0, 0, 0, 255}, 1: {128, 0, 0, 255}, 2: {0, 128, 0, 255}, 4: {0, 0, 128, 255},
		8: {64, 0, 0, 255}, 15: {192, 128, 128, 255}, 20: {0, 64, 128, 255}, 255: {224, 224, 192, 255},
	} {
		require.Equal(t, want, voc.Colours[class], "class %d", class)
	}
	c, err := NamedPalette("cityscapes")
	require.NoError(t, err)
	require.Equal(t, color.RGBA{119, 11, 32, 255}, c.Colours[18])
	_, err = NamedPalette("ade20k")
	require.ErrorContains(t, err, "want voc or cityscapes")
}

func TestImageRanges(t *testing.T) {
	for values, numbers := range map[Range][]float32{
		RangeUnit: {0, 0.5, 1, 7}, RangeTanh: {-1, 0, 1, 7}, RangeRaw255: {0, 127.5, 255, 700}, RangeSame: {0, 0.502, 1, float32(math.Inf(1))},
	} {
		p := Unit()
		p.Output = values
		img, err := result(t, mapped(t, p, four()), []int{1, 1, 2, 2}, numbers...).Image()
		require.NoError(t, err)
		require.Equal(t, []uint8{0, 128, 255, 255}, img.(*image.Gray).Pix, values)
	}
	_, err := result(t, mapped(t, Unit(), four()), []int{1, 2, 2, 2}, make([]float32, 8)...).Image()
	require.ErrorContains(t, err, "a picture of 2 channels, want 1 or 3")
}

func TestImageLimit(t *testing.T) {
	p := Unit()
	p.Size = [2]int{1, 1}
	m := mapped(t, p, scene(2000, 1000))
	r := &Result{m: m, planes: []plane{newPlane(100, 100)}}
	_, err := r.Image()
	require.ErrorIs(t, err, ErrLimit)
	_, err = r.Upscaled()
	require.ErrorIs(t, err, ErrLimit)
}

func TestHeatmapByHand(t *testing.T) {
	m := mapped(t, Unit(), four())
	r := result(t, m, []int{2, 2}, -3, 1, 3, 0)
	got, err := r.Heatmap()
	require.NoError(t, err)
	require.Equal(t, []uint8{0x44, 0x01, 0x54, 255}, got.Pix[:4])
	require.Equal(t, []uint8{0xfd, 0xe7, 0x25, 255}, got.Pix[8:12])
	require.Equal(t, []uint8{0x21, 0x91, 0x8c, 255}, got.Pix[12:])
	got, err = r.Depth()
	require.NoError(t, err)
	require.Equal(t, []uint8{0xfc, 0xff, 0xa4, 255}, got.Pix[8:12])
	nan := float32(math.NaN())
	got, err = result(t, m, []int{2, 2}, 5, nan, 5, 5).Heatmap()
	require.NoError(t, err)
	require.Equal(t, []uint8{0x44, 0x01, 0x54, 255}, got.Pix[4:8])
	_, err = result(t, m, []int{2, 2, 2}, make([]float32, 8)...).Heatmap()
	require.ErrorIs(t, err, ErrResult)
}

func TestYCbCrRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r, g, b := rapid.Byte().Draw(t, "r"), rapid.Byte().Draw(t, "g"), rapid.Byte().Draw(t, "b")
		gr, gg, gb := fromYCbCr(luma(r, g, b), blueness(r, g, b), redness(r, g, b))
		require.Equal(t, [3]uint8{r, g, b}, [3]uint8{gr, gg, gb})
	})
	y, cb, cr := luma(255, 0, 0), blueness(255, 0, 0), redness(255, 0, 0)
	require.InDeltaSlice(t, []float32{76.245, 84.97232, 255.5}, []float32{y, cb, cr}, 1e-4)
}

// A network that gives its luminance back changes nothing; one that doubles it keeps the colours.
func TestUpscaled(t *testing.T) {
	p, err := Unit().For([]int{1, 1, -1, -1})
	require.NoError(t, err)
	img := scene(9, 7)
	data, shape, m, err := p.input(img)
	require.NoError(t, err)
	got, err := result(t, m, shape, data...).Upscaled()
	require.NoError(t, err)
	require.Equal(t, img, got)

	red := color.RGBA{200, 30, 40, 255}
	m = mapped(t, p, uniform(3, 2, red))
	y := make([]float32, 4*6)
	for i := range y {
		y[i] = luma(red.R, red.G, red.B) / 255
	}
	got, err = result(t, m, []int{1, 1, 4, 6}, y...).Upscaled()
	require.NoError(t, err)
	require.Equal(t, uniform(6, 4, red), got)
}

func TestSideBySide(t *testing.T) {
	got, err := SideBySide(uniform(2, 2, color.Black), uniform(2, 4, color.Black))
	require.NoError(t, err)
	require.Equal(t, image.Rect(0, 0, 4+8+2, 4), got.Rect)
	require.Equal(t, color.RGBA{0, 0, 0, 255}, got.RGBAAt(3, 3))
	require.Equal(t, color.RGBA{255, 255, 255, 255}, got.RGBAAt(4, 0))
	require.Equal(t, color.RGBA{0, 0, 0, 255}, got.RGBAAt(12, 0))
	_, err = SideBySide()
	require.ErrorIs(t, err, ErrLimit)
	_, err = SideBySide(image.NewGray(image.Rectangle{}))
	require.ErrorIs(t, err, ErrResult)
}

func TestGuess(t *testing.T) {
	gray, err := Unit().For([]int{1, 1, -1, -1})
	require.NoError(t, err)
	for name, tc := range map[string]struct {
		preset  Preset
		shape   []int
		low     float32
		high    float32
		integer bool
		want    As
		sigmoid bool
		reason  string
	}{
		"mask":             {Unit(), []int{1, 1, 4, 6}, 0, 1, false, AsMask, false, "1 channel of 6 x 4 pixels, numbers of 0 to 1: probabilities"},
		"overshoot":        {Unit(), []int{1, 4, 6, 1}, -0.01, 1.02, false, AsMask, false, "probabilities"},
		"logits":           {gray, []int{1, 1, 4, 6}, -2.1, 3.6, false, AsMask, true, "-2.1 to 3.6: logits"},
		"small mask":       {Unit(), []int{1, 1, 2, 3}, 0, 1, false, AsMask, false, "probabilities"},
		"depth":            {Unit(), []int{1, 1, 4, 6}, 0.5, 80, false, AsHeatmap, false, "neither"},
		"super-resolution": {gray, []int{1, 1, 8, 12}, -0.1, 1.2, false, AsUpscaled, false, "2 times the input"},
		"picture":          {Unit(), []int{1, 3, 4, 6}, 0, 1, false, AsImage, false, "a picture"},
		"larger picture":   {Unit(), []int{1, 3, 8, 12}, 0, 1, false, AsImage, false, "a picture"},
		"three classes":    {Unit(), []int{1, 3, 2, 3}, 0, 1, false, AsClasses, false, "one per class"},
		"two classes":      {Unit(), []int{1, 2, 4, 6}, -5, 2, false, AsClasses, false, "2 channels"},
		"many classes":     {Unit(), []int{1, 21, 4, 6}, -5, 2, false, AsClasses, false, "21 channels"},
		"labels":           {Unit(), []int{1, 1, 4, 6}, 0, 20, true, AsClasses, false, "labels"},
		"0 and 1":          {Unit(), []int{1, 1, 4, 6}, 0, 1, true, AsMask, false, "0 and 1 only"},
		"bright picture":   {Unit(), []int{1, 3, 4, 6}, -60, 380, false, AsImage, false, "a picture, though numbers of -60 to 380 are far beyond white with preset unit; raw255 is for networks of 0..255"},
		"dark picture":     {Raw255(), []int{1, 3, 4, 6}, 0, 1, false, AsImage, false, "a picture, though numbers of 0 to 1 are nearly black with preset raw255; unit is for networks of 0..1"},
		"0..255":           {Raw255(), []int{1, 3, 4, 6}, -20, 270, false, AsImage, false, "larger: a picture"},
		"tanh":             {Tanh(), []int{1, 3, 4, 6}, -1, 1, false, AsImage, false, "larger: a picture"},
		"bytes":            {Unit(), []int{1, 4, 6, 3}, 0, 255, true, AsImage, false, "a picture"},
	} {
		n := 1
		for _, d := range tc.shape {
			n *= d
		}
		data := make([]float32, n)
		data[0], data[1] = tc.low, tc.high
		r, err := mapped(t, tc.preset, scene(6, 4)).newResult(data, tc.shape, tc.integer)
		require.NoError(t, err, name)
		g := r.Guess()
		require.Equal(t, tc.want, g.As, name)
		require.Equal(t, tc.sigmoid, g.Sigmoid, name)
		require.Contains(t, g.Reason, tc.reason, name)
		img, err := r.Draw(AsAuto, DefaultStyle())
		require.NoError(t, err, name)
		require.NotNil(t, img, name)
	}
}

func TestDrawEveryWay(t *testing.T) {
	r := result(t, mapped(t, Unit(), scene(6, 4)), []int{1, 1, 2, 3}, 0, 1, 0, 1, 0, 1)
	for _, as := range Ways() {
		parsed, err := ParseAs(string(as))
		require.NoError(t, err)
		img, err := r.Draw(parsed, DefaultStyle())
		require.NoError(t, err, as)
		if as != AsSideBySide {
			require.Equal(t, image.Pt(6, 4), img.Bounds().Size(), as)
		}
	}
	_, err := ParseAs("masks")
	require.ErrorContains(t, err, `"masks", want one of ["auto" "mask"`)
	_, err = r.Draw("masks", DefaultStyle())
	require.ErrorIs(t, err, ErrResult)
	three := result(t, r.m, []int{1, 3, 2, 3}, make([]float32, 18)...)
	img, err := three.Draw(AsHeatmap, DefaultStyle())
	require.ErrorIs(t, err, ErrResult)
	require.Nil(t, img)
}

func TestTensors(t *testing.T) {
	x, m, err := Unit().Tensor(four())
	require.NoError(t, err)
	require.Equal(t, []int{1, 3, 2, 2}, x.Shape())
	r, err := m.Result(x)
	require.NoError(t, err)
	img, err := r.Image()
	require.NoError(t, err)
	require.Equal(t, four(), img)

	labels, err := tconv.Wrap([]int64{0, 1, 2, 3}, 1, 2, 2)
	require.NoError(t, err)
	r, err = m.Result(labels)
	require.NoError(t, err)
	require.Equal(t, AsClasses, r.Guess().As)
	truth, err := tconv.Wrap([]bool{false, true, true, false}, 1, 1, 2, 2)
	require.NoError(t, err)
	r, err = m.Result(truth)
	require.NoError(t, err)
	require.Equal(t, []uint8{0, 255, 255, 0}, r.Mask(DefaultStyle()).Pix)
	names, err := tconv.WrapStrings([]string{"a"}, 1, 1)
	require.NoError(t, err)
	_, err = m.Result(names)
	require.ErrorIs(t, err, tconv.ErrInput)
}

func TestFromTensor(t *testing.T) {
	for _, shape := range [][]int{{1, 3, 2, 2}, {3, 2, 2}} {
		x, err := tconv.Wrap([]float32{1, -1, -1, 1, -1, 1, -1, 1, -1, -1, 1, 1}, shape...)
		require.NoError(t, err)
		img, err := FromTensor(x, RangeTanh)
		require.NoError(t, err)
		require.Equal(t, four(), img)
	}
	x, err := tconv.Wrap([]uint8{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12}, 1, 1, 4, 3)
	require.NoError(t, err)
	img, err := FromTensor(x, RangeUnit)
	require.NoError(t, err)
	require.Equal(t, image.Pt(3, 4), img.Bounds().Size())
	_, err = FromTensor(x, "0..1")
	require.ErrorContains(t, err, `output "0..1", want one of`)
}
