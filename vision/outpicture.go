package vision

import "image"

// Image draws an output that is a picture itself (1 or 3 channels): normalisation undone as the preset's Output says,
// bars of a letterbox cut off, at the size of what the network saw times the factor by which it enlarges.
func (r *Result) Image() (image.Image, error) {
	if n := len(r.planes); n != 1 && n != 3 {
		return nil, errorf(ErrResult, "a picture of %d channels, want 1 or 3", n)
	}
	size, err := r.m.enlarged(r.Size())
	if err != nil {
		return nil, err
	}
	bytes := make([]plane, len(r.planes))
	for c, p := range r.planes {
		bytes[c] = r.m.picturePlane(r.pixels(p, c), size)
	}
	if len(bytes) == 1 {
		return grayPicture(bytes[0]), nil
	}
	if r.m.preset.Colour == BGR {
		bytes[0], bytes[2] = bytes[2], bytes[0]
	}
	return colourPicture(bytes[0], bytes[1], bytes[2]), nil
}

// pixels turns channel c of an output picture into numbers of 0..255. Whole numbers are such numbers already.
func (r *Result) pixels(p plane, c int) plane {
	if r.integer {
		return p
	}
	factor, offset := r.m.preset.inverse(c)
	return mapPlane(p, func(v float32) float32 { return float32(v*factor) + offset })
}

// inverse gives pixel = value · factor + offset for channel c of an output picture.
func (p Preset) inverse(c int) (factor, offset float32) {
	switch p.Output {
	case RangeUnit:
		return 255, 0
	case RangeTanh:
		return 127.5, 127.5
	case RangeRaw255:
		return 1, 0
	}
	scale, mean, std := p.affine(c)
	return std / scale, mean / scale
}

// grayPicture rounds a plane to 8 bits.
func grayPicture(p plane) *image.Gray {
	img := image.NewGray(image.Rect(0, 0, p.w, p.h))
	for i, v := range p.at {
		img.Pix[i] = toByte(v)
	}
	return img
}

// colourPicture rounds three planes to 8 bits.
func colourPicture(r, g, b plane) *image.RGBA {
	img := image.NewRGBA(image.Rect(0, 0, r.w, r.h))
	for i := range r.at {
		out := img.Pix[4*i : 4*i+4]
		out[0], out[1], out[2], out[3] = toByte(r.at[i]), toByte(g.at[i]), toByte(b.at[i]), 255
	}
	return img
}
