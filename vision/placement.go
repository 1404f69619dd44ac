package vision

import (
	"image"
	"math"
)

// placement says which part of a picture goes where in a network's input. Part and place cover each other.
type placement struct {
	input image.Point     // width and height of the input
	part  image.Rectangle // of the picture
	place image.Rectangle // in the input
}

// maxInputPixels bounds what a preset may make of a picture.
const maxInputPixels = defaultMaxPixels

// place decides where a picture of w x h pixels goes.
func (p Preset) place(w, h int) (placement, error) {
	in := image.Pt(w, h)
	if p.Size[0] > 0 {
		in = image.Pt(p.Size[0], p.Size[1])
	}
	in = image.Pt(p.rounded(in.X), p.rounded(in.Y))
	if err := checkPixels(in.X, in.Y, maxInputPixels); err != nil {
		return placement{}, err
	}
	all := placement{in, image.Rect(0, 0, w, h), image.Rectangle{Max: in}}
	switch p.Fit {
	case Letterbox:
		all.place = middle(in, inside(w, h, in))
	case Crop:
		all.part = middle(image.Pt(w, h), inside(in.X, in.Y, image.Pt(w, h)))
	case Pad:
		if w > in.X || h > in.Y {
			return placement{}, p.errorf("fit pad: a picture of %d x %d pixels for an input of %d x %d, want fit letterbox, resize or crop", w, h, in.X, in.Y)
		}
		all.place = image.Rect(0, 0, w, h)
	}
	return all, nil
}

// rounded brings a side to the preset's multiple: down to cut, up to add, else to the nearest, and never to 0.
func (p Preset) rounded(side int) int {
	m := max(p.Multiple, 1)
	switch p.Fit {
	case Crop:
		side -= side % m
	case Letterbox, Pad:
		side += m - 1
		side -= side % m
	default:
		side += m / 2
		side -= side % m
	}
	return max(side, m)
}

// inside gives the largest size of the proportions w : h inside a box, at least 1 x 1.
func inside(w, h int, box image.Point) image.Point {
	scale := min(float64(box.X)/float64(w), float64(box.Y)/float64(h))
	side := func(n, limit int) int {
		return min(max(int(math.Round(float64(n)*scale)), 1), limit)
	}
	return image.Pt(side(w, box.X), side(h, box.Y))
}

// middle gives the rectangle of a size in the middle of a box.
func middle(box, size image.Point) image.Rectangle {
	return image.Rectangle{Max: size}.Add(box.Sub(size).Div(2))
}
