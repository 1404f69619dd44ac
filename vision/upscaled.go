package vision

import "image"

// Upscaled merges an enlarged luminance (1 channel, for an input of colour Y or gray) with the colours of the picture,
// which are enlarged by bicubic interpolation: eyes see detail in luminance.
func (r *Result) Upscaled() (image.Image, error) {
	y, err := r.one("a luminance")
	if err != nil {
		return nil, err
	}
	size, err := r.m.enlarged(y.w, y.h)
	if err != nil {
		return nil, err
	}
	y = r.m.picturePlane(r.pixels(y, 0), size)
	cb, cr := r.chroma(blueness, size), r.chroma(redness, size)
	img := image.NewRGBA(image.Rectangle{Max: size})
	for i := range y.at {
		out := img.Pix[4*i : 4*i+4]
		out[0], out[1], out[2] = fromYCbCr(y.at[i], cb.at[i], cr.at[i])
		out[3] = 255
	}
	return img, nil
}

// chroma enlarges one colour difference of what the network saw.
func (r *Result) chroma(c component, size image.Point) plane {
	s := channel(r.m.picture, r.m.part, c)
	return resize(s, whole(s), size.X, size.Y, catmullRom)
}
