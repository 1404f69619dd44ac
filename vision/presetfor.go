package vision

import "slices"

// For adapts the preset to a model's input, given its shape with 0 or less for a dimension that is not fixed: the
// layout from where the channels are, the size if it is fixed and the preset leaves it open. A colour preset becomes Y
// for an input of one channel, as luminance super-resolution takes. What cannot be adapted is an error.
func (p Preset) For(shape []int) (Preset, error) {
	if err := p.check(); err != nil {
		return Preset{}, err
	}
	if len(shape) != 4 || shape[0] > 1 {
		return Preset{}, p.errorf("the model's input has shape %v, want one picture: [1, C, H, W] or [1, H, W, C]", shape)
	}
	layout, err := p.layoutFor(shape)
	if err != nil {
		return Preset{}, err
	}
	p.Layout = layout
	channels, size := shape[1], [2]int{shape[3], shape[2]}
	if layout == NHWC {
		channels, size = shape[3], [2]int{shape[2], shape[1]}
	}
	if p, err = p.withChannels(channels); err != nil {
		return Preset{}, err
	}
	return p.withSize(size)
}

// layoutFor finds the dimension of the channels: the one that has 1 or 3 of them, the preset's if both or an open one could be.
func (p Preset) layoutFor(shape []int) (Layout, error) {
	couldBe := func(d int) bool { return d <= 0 || d == 1 || d == 3 }
	first, last := couldBe(shape[1]), couldBe(shape[3])
	sureFirst, sureLast := first && shape[1] > 0, last && shape[3] > 0
	switch {
	case sureFirst && !sureLast:
		return NCHW, nil
	case sureLast && !sureFirst:
		return NHWC, nil
	case first && last:
		return p.Layout, nil
	case first:
		return NCHW, nil
	case last:
		return NHWC, nil
	}
	return "", p.errorf("the model's input has shape %v, want 1 or 3 channels", shape)
}

// withChannels adapts the colour to a number of channels; 0 or less is any.
func (p Preset) withChannels(n int) (Preset, error) {
	if n <= 0 || n == p.Channels() {
		return p, nil
	}
	if n == 1 && len(slices.Compact(slices.Clone(p.Mean))) == 1 && len(slices.Compact(slices.Clone(p.Std))) == 1 {
		p.Colour, p.Mean, p.Std = Y, p.Mean[:1], p.Std[:1]
		return p, nil
	}
	return Preset{}, p.errorf("colour %s gives C = %d, the model's input has C = %d", p.Colour, p.Channels(), n)
}

// withSize adapts the size to a model's; 0 or less is any.
func (p Preset) withSize(model [2]int) (Preset, error) {
	open := p.Size == [2]int{}
	if open && (model[0] <= 0) != (model[1] <= 0) {
		return Preset{}, p.errorf("the model fixes one side only (width x height %v), want a size in the preset", model)
	}
	for i, side := range model {
		switch {
		case side <= 0:
		case open:
			p.Size[i], p.Multiple = side, 0
		case p.rounded(p.Size[i]) != side:
			return Preset{}, p.errorf("width x height %v (multiple %d), the model's input has %v", p.Size, p.Multiple, model)
		}
	}
	return p, p.check()
}
