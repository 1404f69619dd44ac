package vision

import (
	"image"
	"image/color"
	"math"
)

// Heatmap draws one channel from its smallest number to its largest in the colours of viridis, as large as the picture.
func (r *Result) Heatmap() (*image.RGBA, error) {
	return r.coloured("a heat map", viridis)
}

// Depth draws one channel from its smallest number to its largest in the colours of inferno, as large as the picture.
func (r *Result) Depth() (*image.RGBA, error) {
	return r.coloured("a depth map", inferno)
}

// coloured draws one channel in a colour map's colours.
func (r *Result) coloured(what string, colours [9]uint32) (*image.RGBA, error) {
	p, err := r.one(what)
	if err != nil {
		return nil, err
	}
	p = r.m.back(r.normalised(p))
	img := image.NewRGBA(image.Rect(0, 0, p.w, p.h))
	for i, v := range p.at {
		c := between(colours, v)
		copy(img.Pix[4*i:], []uint8{c.R, c.G, c.B, c.A})
	}
	return img, nil
}

// normalised brings numbers to 0..1; all equal, and NaN, give 0.
func (r *Result) normalised(p plane) plane {
	low, high := r.limits()
	span := float64(high) - float64(low)
	return mapPlane(p, func(v float32) float32 {
		n := (float64(v) - float64(low)) / span
		if !(n > 0) {
			return 0
		}
		return float32(min(n, 1))
	})
}

// Colours at 0, 1/8, ... 1 of two of Matplotlib's colour maps (CC0), as 0xRRGGBB.
var (
	viridis = [9]uint32{0x440154, 0x472d7b, 0x3b528b, 0x2c728e, 0x21918c, 0x28ae80, 0x5ec962, 0xaddc30, 0xfde725}
	inferno = [9]uint32{0x000004, 0x210c4a, 0x57106e, 0x8a226a, 0xbc3754, 0xe45a31, 0xf98e09, 0xf9cb35, 0xfcffa4}
)

// between interpolates a colour map at 0..1.
func between(colours [9]uint32, v float32) color.RGBA {
	at := float64(min(max(v, 0), 1)) * 8
	i := min(int(at), 7)
	mix := func(shift uint) uint8 {
		a, b := float64(colours[i]>>shift&255), float64(colours[i+1]>>shift&255)
		return uint8(math.Round(a + float64((b-a)*(at-float64(i)))))
	}
	return color.RGBA{mix(16), mix(8), mix(0), 255}
}
