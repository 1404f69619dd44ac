package vision

import (
	"image"
	"image/color"
	"math"
)

// Mask is white where the picture belongs to the foreground, black elsewhere, as large as the picture.
func (r *Result) Mask(s Style) *image.Gray {
	p := r.foreground(s)
	img := image.NewGray(image.Rect(0, 0, p.w, p.h))
	for i, v := range p.at {
		if v >= s.Threshold {
			img.Pix[i] = 255
		}
	}
	return img
}

// Cutout is the picture with everything but the foreground transparent: opacity is the foreground's probability.
func (r *Result) Cutout(s Style) *image.NRGBA {
	p := r.foreground(s)
	img := image.NewNRGBA(image.Rect(0, 0, p.w, p.h))
	pic := r.m.picture
	for y := range p.h {
		src, dst := pic.Pix[pic.PixOffset(0, y):], img.Pix[img.PixOffset(0, y):]
		for x, v := range p.row(y) {
			copy(dst[4*x:4*x+3], src[4*x:4*x+3])
			dst[4*x+3] = toByte(v * 255)
		}
	}
	return img
}

// Overlay is the picture under half-transparent colours: of the mask, or of the classes but the palette's background.
func (r *Result) Overlay(s Style) (*image.RGBA, error) {
	if len(r.planes) > 1 || r.integer {
		return r.overlayClasses(s)
	}
	mask := r.Mask(s)
	return r.blend(s, func(i int) (color.RGBA, bool) { return s.Palette.Colours[1], mask.Pix[i] != 0 }), nil
}

// overlayClasses is Overlay for classes.
func (r *Result) overlayClasses(s Style) (*image.RGBA, error) {
	classes, err := r.Classes(s)
	if err != nil {
		return nil, err
	}
	return r.blend(s, func(i int) (color.RGBA, bool) {
		class := classes.Pix[i]
		return s.Palette.Colours[class], int(class) != s.Palette.Background
	}), nil
}

// blend paints a colour over each pixel that has one.
func (r *Result) blend(s Style, colour func(i int) (color.RGBA, bool)) *image.RGBA {
	pic := r.m.picture
	img := image.NewRGBA(pic.Rect)
	alpha := uint32(math.Round(256 * min(max(s.Alpha, 0), 1)))
	mix := func(under, over uint8) uint8 {
		return uint8((uint32(under)*(256-alpha) + uint32(over)*alpha + 128) >> 8)
	}
	for i := range img.Rect.Dx() * img.Rect.Dy() {
		at := pic.Pix[pic.PixOffset(i%img.Rect.Dx(), i/img.Rect.Dx()):]
		out := img.Pix[4*i : 4*i+4]
		copy(out, at[:4])
		if c, ok := colour(i); ok {
			out[0], out[1], out[2] = mix(at[0], c.R), mix(at[1], c.G), mix(at[2], c.B)
		}
	}
	return img
}

// foreground gives each pixel's probability to be foreground, at the picture's size. Of several channels the first is
// the background, and a pixel is foreground where another is larger; of labels, where it is not 0.
func (r *Result) foreground(s Style) plane {
	p := r.planes[0]
	switch {
	case len(r.planes) > 1:
		p = r.notFirst()
	case r.integer:
		p = mapPlane(p, func(v float32) float32 { return min(max(v, -v), 1) })
	case s.Sigmoid:
		p = mapPlane(p, sigmoid)
	}
	return r.m.back(p)
}

// notFirst is 1 where the first channel is not the largest.
func (r *Result) notFirst() plane {
	first := r.planes[0]
	out := newPlane(first.w, first.h)
	for _, p := range r.planes[1:] {
		for i, v := range p.at {
			if v > first.at[i] {
				out.at[i] = 1
			}
		}
	}
	return out
}

// mapPlane applies a function to each pixel of a plane.
func mapPlane(p plane, f func(float32) float32) plane {
	out := newPlane(p.w, p.h)
	for i, v := range p.at {
		out.at[i] = f(v)
	}
	return out
}

// sigmoid turns a logit into a probability.
func sigmoid(v float32) float32 {
	return float32(1 / (1 + math.Exp(-float64(v))))
}
