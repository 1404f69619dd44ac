package vision

import (
	"fmt"
	"slices"
	"strings"
)

// Layout is the order of a tensor's dimensions.
type Layout string

// The layouts, channels before or after the pixels.
const (
	NCHW Layout = "NCHW"
	NHWC Layout = "NHWC"
)

// Colour says which channels a network takes.
type Colour string

// The colours. Gray and Y are both the luminance of BT.601 in full range; Gray is rounded to 8 bits as in a gray
// picture, Y is not.
const (
	RGB  Colour = "RGB"
	BGR  Colour = "BGR"
	Gray Colour = "gray"
	Y    Colour = "Y"
)

// Fit says how a picture of one shape fills an input of another.
type Fit string

// The fits.
const (
	Resize    Fit = "resize"    // stretch
	Letterbox Fit = "letterbox" // keep the proportions, in the middle, bars of Fill
	Crop      Fit = "crop"      // keep the proportions, fill the input, cut what stands out on both sides
	Pad       Fit = "pad"       // keep every pixel, repeat the right and bottom edge
)

// Range says what the numbers of a network's output picture mean.
type Range string

// The ranges.
const (
	RangeSame   Range = "same"   // as the input: the preset's mean, std and scale undone
	RangeUnit   Range = "unit"   // 0..1
	RangeTanh   Range = "tanh"   // -1..1
	RangeRaw255 Range = "raw255" // 0..255
)

// Preset says how a picture becomes the input of a network: value = (pixel · Scale - Mean) / Std, the pixel in 0..255.
type Preset struct {
	Name      string    `json:"-"`             // for messages
	Size      [2]int    `json:"size"`          // width and height in pixels; 0, 0 keeps the picture's
	Multiple  int       `json:"multiple"`      // width and height are brought to a multiple of this; 0 or 1: any
	Layout    Layout    `json:"layout"`        // order of the dimensions; the batch is 1
	Colour    Colour    `json:"colour"`        // channels
	Scale     float32   `json:"scale"`         // factor of a pixel
	Mean      []float32 `json:"mean"`          // after Scale, one or one per channel, in the order of Colour
	Std       []float32 `json:"std"`           // as Mean
	Fit       Fit       `json:"fit"`           // how the picture fills the input
	Fill      uint8     `json:"fill"`          // bars of a letterbox, 0 (black) to 255
	DivideMax bool      `json:"divide_by_max"` // before Mean and Std, divide by the largest value, as U²-Net does
	Output    Range     `json:"output"`        // what an output picture holds
}

// Statistics of ImageNet, which most classification backbones were trained with.
var (
	imagenetMean = []float32{0.485, 0.456, 0.406}
	imagenetStd  = []float32{0.229, 0.224, 0.225}
)

// Unit gives RGB in 0..1, the plainest preset and the default of everything that a JSON preset leaves out.
func Unit() Preset {
	return Preset{Name: "unit", Layout: NCHW, Colour: RGB, Scale: 1.0 / 255, Mean: []float32{0}, Std: []float32{1},
		Fit: Resize, Output: RangeSame}
}

// ImageNet gives RGB less ImageNet's mean over its standard deviation; output pictures are in 0..1.
func ImageNet() Preset {
	p := Unit()
	p.Name, p.Mean, p.Std, p.Output = "imagenet", imagenetMean, imagenetStd, RangeUnit
	return p
}

// Tanh gives RGB in -1..1.
func Tanh() Preset {
	p := Unit()
	p.Name, p.Mean, p.Std = "tanh", []float32{0.5}, []float32{0.5}
	return p
}

// Raw255 gives RGB in 0..255.
func Raw255() Preset {
	p := Unit()
	p.Name, p.Scale = "raw255", 1
	return p
}

// GrayUnit gives 8-bit gray in 0..1.
func GrayUnit() Preset {
	p := Unit()
	p.Name, p.Colour = "gray", Gray
	return p
}

// U2Net gives what U²-Net and its relatives take: 320 x 320, divided by the brightest value, ImageNet's statistics.
func U2Net() Preset {
	p := ImageNet()
	p.Name, p.Size, p.DivideMax = "u2net", [2]int{320, 320}, true
	return p
}

// named lists the presets that have a name, in the order of the documentation.
var named = []func() Preset{Unit, ImageNet, Tanh, Raw255, GrayUnit, U2Net}

// PresetNames lists what Named knows.
func PresetNames() []string {
	names := make([]string, len(named))
	for i, preset := range named {
		names[i] = preset().Name
	}
	return names
}

// Named gives the preset of that name.
func Named(name string) (Preset, error) {
	for _, preset := range named {
		if p := preset(); p.Name == name {
			return p, nil
		}
	}
	return Preset{}, errorf(ErrPreset, "%q, want %s or a JSON file", name, strings.Join(PresetNames(), ", "))
}

// Bounds of what a preset may ask for.
const (
	maxSide     = 1 << 15
	maxMultiple = 1 << 12
)

// check refuses values that are not allowed.
func (p Preset) check() error {
	if (p.Size[0] == 0) != (p.Size[1] == 0) || min(p.Size[0], p.Size[1]) < 0 || max(p.Size[0], p.Size[1]) > maxSide {
		return p.errorf("size %v, want [width, height] of 1 to %d pixels, or [0, 0] to keep the picture's", p.Size, maxSide)
	}
	if p.Multiple < 0 || p.Multiple > maxMultiple {
		return p.errorf("multiple %d, want 0 to %d", p.Multiple, maxMultiple)
	}
	for _, err := range []error{
		oneOf(p, "layout", p.Layout, NCHW, NHWC),
		oneOf(p, "colour", p.Colour, RGB, BGR, Gray, Y),
		oneOf(p, "fit", p.Fit, Resize, Letterbox, Crop, Pad),
		oneOf(p, "output", p.Output, RangeSame, RangeUnit, RangeTanh, RangeRaw255),
	} {
		if err != nil {
			return err
		}
	}
	return p.checkNumbers()
}

// checkNumbers refuses factors that have no inverse and lists of the wrong length.
func (p Preset) checkNumbers() error {
	if !normal(p.Scale) {
		return p.errorf("scale %v, want a number other than 0", p.Scale)
	}
	if err := p.checkLength("mean", p.Mean); err != nil {
		return err
	}
	if err := p.checkLength("std", p.Std); err != nil {
		return err
	}
	for i := range p.Std {
		if !normal(p.Std[i]) {
			return p.errorf("std %v, want numbers other than 0", p.Std)
		}
	}
	for _, mean := range p.Mean {
		if mean != 0 && !normal(mean) {
			return p.errorf("mean %v, want numbers", p.Mean)
		}
	}
	return nil
}

// checkLength wants one number, or one per channel.
func (p Preset) checkLength(field string, list []float32) error {
	switch n := p.Channels(); {
	case len(list) == 1 || len(list) == n:
		return nil
	case n == 1:
		return p.errorf("%s has %d numbers, want 1 for colour %s", field, len(list), p.Colour)
	default:
		return p.errorf("%s has %d numbers, want 1 or %d for colour %s", field, len(list), n, p.Colour)
	}
}

// normal tells whether a number can be divided by and gives numbers again: no zero, NaN, infinity or subnormal.
func normal(v float32) bool {
	size := max(v, -v)
	return size > 1e-30 && size < 1e30
}

// oneOf refuses a word that is not in the list.
func oneOf[T ~string](p Preset, field string, value T, allowed ...T) error {
	if slices.Contains(allowed, value) {
		return nil
	}
	return p.errorf("%s %q, want one of %q", field, string(value), allowed)
}

// errorf is an ErrPreset that names the preset.
func (p Preset) errorf(format string, args ...any) error {
	return errorf(ErrPreset, "%s: %w", p.Name, fmt.Errorf(format, args...))
}

// Channels gives the number of channels that the preset's colour has.
func (p Preset) Channels() int {
	return len(p.components())
}

// components gives the channels in their order.
func (p Preset) components() []component {
	switch p.Colour {
	case Gray:
		return []component{gray}
	case Y:
		return []component{luma}
	case BGR:
		return []component{blue, green, red}
	}
	return []component{red, green, blue}
}

// affine gives channel c's normalisation: value = pixel · scale - mean, then divided by std.
func (p Preset) affine(c int) (scale, mean, std float32) {
	return p.Scale, p.Mean[min(c, len(p.Mean)-1)], p.Std[min(c, len(p.Std)-1)]
}
