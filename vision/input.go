package vision

import (
	"image"
	"slices"
)

// input makes the numbers of a network's input from a picture, and what is needed to map results back.
func (p Preset) input(img image.Image) (data []float32, shape []int, m *Mapping, err error) {
	if err := p.check(); err != nil {
		return nil, nil, nil, err
	}
	size := img.Bounds().Size()
	if err := checkPixels(size.X, size.Y, defaultMaxPixels); err != nil {
		return nil, nil, nil, err
	}
	at, err := p.place(size.X, size.Y)
	if err != nil {
		return nil, nil, nil, err
	}
	m = &Mapping{placement: at, preset: p, picture: opaque(img)}
	channels := p.channels(m.picture, at)
	if p.DivideMax {
		divideByMax(channels, p.Scale)
	}
	data, shape = p.arrange(channels)
	return data, shape, m, nil
}

// channels draws the picture's channels onto the input, still in 0..255.
func (p Preset) channels(pic *image.RGBA, at placement) []plane {
	var planes []plane
	for _, c := range p.components() {
		s := channel(pic, at.part, c)
		drawn := resize(s, whole(s), at.place.Dx(), at.place.Dy(), triangle)
		planes = append(planes, p.surround(drawn, at))
	}
	return planes
}

// surround puts a plane at its place in the input and fills what is around it.
func (p Preset) surround(drawn plane, at placement) plane {
	if at.place.Size() == at.input {
		return drawn
	}
	out := newPlane(at.input.X, at.input.Y)
	if p.Fit == Letterbox {
		for i := range out.at {
			out.at[i] = float32(p.Fill)
		}
		for y := range drawn.h {
			copy(out.row(at.place.Min.Y + y)[at.place.Min.X:], drawn.row(y))
		}
		return out
	}
	for y := range out.h {
		row, from := out.row(y), drawn.row(min(y, drawn.h-1))
		for x := copy(row, from); x < len(row); x++ {
			row[x] = from[len(from)-1]
		}
	}
	return out
}

// divideByMax makes the largest value of all channels 1 after the scale; a black picture stays black.
func divideByMax(channels []plane, scale float32) {
	var top float32
	for _, c := range channels {
		top = max(top, slices.Max(c.at))
	}
	if top == 0 {
		return
	}
	factor := 1 / float32(top*scale)
	for _, c := range channels {
		for i := range c.at {
			c.at[i] *= factor
		}
	}
}

// arrange normalises the channels and lays them out as the preset asks.
func (p Preset) arrange(channels []plane) (data []float32, shape []int) {
	n, w, h := len(channels), channels[0].w, channels[0].h
	data = make([]float32, n*w*h)
	step, next := 1, w*h // from pixel to pixel, from channel to channel
	shape = []int{1, n, h, w}
	if p.Layout == NHWC {
		step, next = n, 1
		shape = []int{1, h, w, n}
	}
	for c, plane := range channels {
		scale, mean, std := p.affine(c)
		for i, v := range plane.at {
			data[c*next+i*step] = (float32(v*scale) - mean) / std
		}
	}
	return data, shape
}
