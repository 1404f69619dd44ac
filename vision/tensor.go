package vision

import (
	"image"

	"github.com/tconv/tconv"
)

// Tensor makes the input of a network from a picture: float32, one picture, in the preset's layout. The mapping brings
// results back to the picture's size; it keeps the picture, which must not change while it is used.
func (p Preset) Tensor(img image.Image) (*tconv.Tensor, *Mapping, error) {
	data, shape, m, err := p.input(img)
	if err != nil {
		return nil, nil, err
	}
	t, err := tconv.Wrap(data, shape...)
	if err != nil {
		return nil, nil, err
	}
	return t, m, nil
}

// Result reads one output of the network: one picture of any number type, channels first or last. It may share the
// tensor's memory.
func (m *Mapping) Result(t *tconv.Tensor) (*Result, error) {
	data, err := numbers(t)
	if err != nil {
		return nil, err
	}
	return m.newResult(data, t.Shape(), isWhole(t.DType()))
}

// FromTensor draws a tensor that is a picture by itself, such as a generator's output: 1 or 3 channels, first or last,
// whose numbers have the given range (RangeSame: 0 to 255, as for whole numbers).
func FromTensor(t *tconv.Tensor, values Range) (image.Image, error) {
	data, err := numbers(t)
	if err != nil {
		return nil, err
	}
	m := &Mapping{preset: Raw255(), placement: wholeOf(t.Shape())}
	m.preset.Output = values
	if err := m.preset.check(); err != nil {
		return nil, err
	}
	r, err := m.newResult(data, t.Shape(), isWhole(t.DType()))
	if err != nil {
		return nil, err
	}
	return r.Image()
}

// wholeOf is the placement of a picture tensor that is its own input: channels are first if there can be 1 or 3 of them.
func wholeOf(shape []int) placement {
	dims := shape
	if len(dims) == 4 {
		dims = dims[1:]
	}
	if len(dims) < 2 {
		return placement{}
	}
	size := image.Pt(dims[1], dims[0])
	if len(dims) == 3 && (dims[0] == 1 || dims[0] == 3) {
		size = image.Pt(dims[2], dims[1])
	}
	all := image.Rectangle{Max: size}
	return placement{size, all, all}
}

// numbers gives a tensor's elements as float32, without a copy where they are.
func numbers(t *tconv.Tensor) ([]float32, error) {
	if t.DType() == tconv.Float32 {
		return tconv.Data[float32](t)
	}
	wide, err := t.Float64s()
	if err != nil {
		return nil, err
	}
	data := make([]float32, len(wide))
	for i, v := range wide {
		data[i] = float32(v)
	}
	return data, nil
}

// isWhole tells whether elements of a type are whole numbers: labels, bytes or truth values.
func isWhole(d tconv.DType) bool {
	switch d {
	case tconv.Float16, tconv.BFloat16, tconv.Float32, tconv.Float64:
		return false
	}
	return true
}
