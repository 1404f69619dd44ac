package vision

import (
	"image"
	"math"
)

// Mapping remembers how a picture became an input, and maps results back to it. It keeps the picture, which must not
// change as long as the mapping is used.
type Mapping struct {
	placement
	preset  Preset
	picture *image.RGBA // over white, from (0, 0)
}

// Picture gives the picture that the network saw, over white.
func (m *Mapping) Picture() image.Image {
	return m.picture
}

// Preset gives the preset that made the input.
func (m *Mapping) Preset() Preset {
	return m.preset
}

// scale gives how much larger an output of w x h pixels is than the input.
func (m *Mapping) scale(w, h int) (x, y float64) {
	return float64(w) / float64(m.input.X), float64(h) / float64(m.input.Y)
}

// areaIn gives where the picture's part lies in an output plane of w x h pixels, which covers the whole input.
func (m *Mapping) areaIn(w, h int) area {
	sx, sy := m.scale(w, h)
	return area{
		float64(m.place.Min.X) * sx, float64(m.place.Min.Y) * sy,
		float64(m.place.Max.X) * sx, float64(m.place.Max.Y) * sy,
	}
}

// back draws an output plane at the size of the picture: 0 where the network did not see it (fit crop).
func (m *Mapping) back(p plane) plane {
	drawn := resize(p.source(), m.areaIn(p.w, p.h), m.part.Dx(), m.part.Dy(), triangle)
	size := m.picture.Rect.Max
	if m.part.Size() == size {
		return drawn
	}
	out := newPlane(size.X, size.Y)
	for y := range drawn.h {
		copy(out.row(m.part.Min.Y + y)[m.part.Min.X:], drawn.row(y))
	}
	return out
}

// maxResultPixels bounds an enlarged picture: 16 times the largest input, twice and twice doubled.
const maxResultPixels = 4 * maxInputPixels

// enlarged gives the size of an output picture of w x h pixels: that of the part that the network saw, times the factor
// by which the network enlarges. A network that shrinks gives the part's own size.
func (m *Mapping) enlarged(w, h int) (image.Point, error) {
	sx, sy := m.scale(w, h)
	width := math.Round(float64(m.part.Dx()) * max(sx, 1))
	height := math.Round(float64(m.part.Dy()) * max(sy, 1))
	if width*height > maxResultPixels {
		return image.Point{}, errorf(ErrLimit, "the result would have %.0f x %.0f pixels, want at most %d in all", width, height, maxResultPixels)
	}
	return image.Pt(int(width), int(height)), nil
}

// picturePlane draws an output plane as a part of a picture of that size.
func (m *Mapping) picturePlane(p plane, size image.Point) plane {
	return resize(p.source(), m.areaIn(p.w, p.h), size.X, size.Y, catmullRom)
}
