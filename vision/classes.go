package vision

import "image"

// maxClasses is what a paletted picture can tell apart.
const maxClasses = 256

// Classes gives the class of each pixel, as large as the picture: the number of the largest channel, or the label that
// the network gives. The index of a pixel in the paletted picture is its class. Where the network did not see the
// picture (fit crop) it is 0.
func (r *Result) Classes(s Style) (*image.Paletted, error) {
	if len(r.planes) == 1 {
		return r.labels(s)
	}
	if len(r.planes) > maxClasses {
		return nil, errorf(ErrResult, "%d classes, want at most %d", len(r.planes), maxClasses)
	}
	img := image.NewPaletted(r.m.picture.Rect, s.Palette.model())
	best := r.m.back(r.planes[0])
	for c, p := range r.planes[1:] {
		for i, v := range r.m.back(p).at {
			if v > best.at[i] {
				best.at[i], img.Pix[i] = v, uint8(c+1)
			}
		}
	}
	return img, nil
}

// labels is Classes for one channel of whole numbers: each pixel takes the nearest, since labels have no mean.
func (r *Result) labels(s Style) (*image.Paletted, error) {
	p := r.planes[0]
	for _, v := range p.at {
		if !(v >= 0 && v < maxClasses) || v != float32(int(v)) {
			return nil, errorf(ErrResult, "classes of one channel that holds %v, want whole numbers of 0 to %d", v, maxClasses-1)
		}
	}
	img := image.NewPaletted(r.m.picture.Rect, s.Palette.model())
	from, part := r.m.areaIn(p.w, p.h), r.m.part
	for y := range part.Dy() {
		row := p.row(nearest(y, part.Dy(), from.y0, from.y1))
		out := img.Pix[img.PixOffset(part.Min.X, part.Min.Y+y):]
		for x := range part.Dx() {
			out[x] = uint8(row[nearest(x, part.Dx(), from.x0, from.x1)])
		}
	}
	return img, nil
}

// nearest gives the old position of which new position i of n, over from..to, is made.
func nearest(i, n int, from, to float64) int {
	return int(from + (float64(i)+0.5)*(to-from)/float64(n))
}
