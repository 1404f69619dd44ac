package ops

import (
	"fmt"
	"slices"
)

// This file holds the geometry that Conv, ConvTranspose and the pools share: how
// a kernel is placed along each spatial axis. Sizes are in elements of X along
// that axis; "spatial axis i" is axis i+2 of X.

// maxExtent bounds every number of a geometry, so that a sum of two products
// cannot overflow 64 bits. No tensor that fits in memory comes near it.
const maxExtent = 1 << 30

// The values of the attribute auto_pad.
const (
	padNotSet    = "NOTSET"
	padValid     = "VALID"
	padSameUpper = "SAME_UPPER"
	padSameLower = "SAME_LOWER"
)

// windowAttrs are the attributes of an operator that moves a kernel over the
// spatial axes. A nil list stands for its default.
type windowAttrs struct {
	kernelShape []int
	strides     []int
	dilations   []int
	pads        []int // all begins, then all ends
	autoPad     string
	ceilMode    bool
}

// readWindow reads kernel_shape, strides, pads and auto_pad. Attributes that not
// every version has (dilations, ceil_mode) are read by the callers.
func readWindow(n *Node) windowAttrs {
	w := windowAttrs{
		kernelShape: n.Ints("kernel_shape"),
		strides:     n.Ints("strides"),
		pads:        n.Ints("pads"),
		autoPad:     n.Str("auto_pad", padNotSet, padNotSet, padValid, padSameUpper, padSameLower, ""),
	}
	if w.autoPad == "" {
		w.autoPad = padNotSet
	}
	n.wantEach("kernel_shape", "kernel size", w.kernelShape, 1)
	n.wantEach("strides", "stride", w.strides, 1)
	n.wantEach("pads", "pad", w.pads, 0)
	return w
}

// readDilations reads the attribute dilations.
func (w *windowAttrs) readDilations(n *Node) {
	w.dilations = n.Ints("dilations")
	n.wantEach("dilations", "dilation", w.dilations, 1)
}

// wantEach refuses a list that holds a value below least or above maxExtent.
// what is the word for one value.
func (n *Node) wantEach(name, what string, values []int, least int) {
	for _, v := range values {
		if v < least {
			n.Fail("%s is %v: %s must be at least %d", name, values, what, least)
		}
		if v > maxExtent {
			n.Fail("%s is %v: %s must be at most %d", name, values, what, maxExtent)
		}
	}
}

// spatialAxis is the geometry along one spatial axis: output o and tap k meet
// input o·stride - padBegin + k·dilation.
type spatialAxis struct {
	in, out                  int
	kernel, stride, dilation int
	padBegin, padEnd         int
}

// axes gives the geometry of each spatial axis of X without output size: the
// kernel, strides, dilations and pads as the attributes say. kernel is the
// kernel's shape; the lengths of the lists are checked against it.
func (w *windowAttrs) axes(x Shape, kernel []int) ([]spatialAxis, error) {
	rank := len(kernel)
	err := firstError(
		wantValues("strides", w.strides, rank, rank),
		wantValues("dilations", w.dilations, rank, rank),
		wantValues("pads", w.pads, 2*rank, rank))
	if err != nil {
		return nil, err
	}
	axes := make([]spatialAxis, rank)
	for i := range axes {
		a := spatialAxis{in: x[2+i], kernel: kernel[i], stride: 1, dilation: 1}
		if w.strides != nil {
			a.stride = w.strides[i]
		}
		if w.dilations != nil {
			a.dilation = w.dilations[i]
		}
		if w.pads != nil && w.autoPad == padNotSet {
			a.padBegin, a.padEnd = w.pads[i], w.pads[rank+i]
		}
		if max(a.in, a.kernel) > maxExtent {
			return nil, fmt.Errorf("spatial axis %d is %d and its kernel %d, want at most %d: %w", i, a.in, a.kernel, maxExtent, ErrLimit)
		}
		axes[i] = a
	}
	return axes, nil
}

// wantValues refuses a list that is given and has not as many values as wanted.
func wantValues(name string, values []int, want, rank int) error {
	if values == nil || len(values) == want {
		return nil
	}
	return fmt.Errorf("%s is %v: %s %s wanted for a %d-D input", name, values, countWord(want), name, rank)
}

// countWord writes small numbers as words.
func countWord(n int) string {
	words := [...]string{"no", "one", "two", "three", "four", "five", "six"}
	if n < len(words) {
		return words[n]
	}
	return fmt.Sprint(n)
}

// firstError is the first error of a list that is not nil.
func firstError(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

// extent is the number of pixels from the first to the last tap of the kernel.
func (a *spatialAxis) extent() int64 { return int64(a.kernel-1)*int64(a.dilation) + 1 }

// slide computes the output size of a kernel that slides over the input, and the
// pads that auto_pad asks for:
//
//	NOTSET, VALID: out = floor((in + pads - extent) / stride) + 1
//	               (ceil with ceil_mode, less a last window that would start behind input and first pad)
//	SAME_*:        out = ceil(in / stride); pads = (out-1)·stride + extent - in,
//	               the odd one at the end for SAME_UPPER, at the begin for SAME_LOWER.
//	               Below 0, where the stride is larger than the kernel, windows begin
//	               inside the input, as in onnxruntime.
func (a *spatialAxis) slide(w *windowAttrs) error {
	in, stride := int64(a.in), int64(a.stride)
	if a.extent() > maxExtent {
		return fmt.Errorf("the dilated kernel covers %d, want at most %d: %w", a.extent(), maxExtent, ErrLimit)
	}
	if w.autoPad == padSameUpper || w.autoPad == padSameLower {
		out := (in + stride - 1) / stride
		if out == 0 {
			return fmt.Errorf("a size of 0 leaves no output")
		}
		a.out = int(out)
		a.splitPads((out-1)*stride+a.extent()-in, w.autoPad == padSameUpper)
		return nil
	}
	padded := in + int64(a.padBegin) + int64(a.padEnd)
	if padded > maxExtent {
		return fmt.Errorf("the padded size is %d, want at most %d: %w", padded, maxExtent, ErrLimit)
	}
	room := padded - a.extent()
	out := floorDiv(room, stride) + 1
	if w.ceilMode {
		out = floorDiv(room+stride-1, stride) + 1
		if (out-1)*stride >= in+int64(a.padBegin) {
			out--
		}
	}
	if out < 1 {
		return fmt.Errorf("kernel larger than the padded input: it covers %d of %d", a.extent(), padded)
	}
	a.out = int(out)
	return nil
}

// splitPads divides a total padding among begin and end. upper puts an odd pixel
// at the end.
func (a *spatialAxis) splitPads(total int64, upper bool) {
	a.padBegin = int(total / 2)
	if !upper {
		a.padBegin = int((total + 1) / 2)
	}
	a.padEnd = int(total) - a.padBegin
}

// slideAll computes the geometry of a sliding kernel along every spatial axis.
func (w *windowAttrs) slideAll(x Shape, kernel []int) ([]spatialAxis, error) {
	axes, err := w.axes(x, kernel)
	if err != nil {
		return nil, err
	}
	for i := range axes {
		if err := axes[i].slide(w); err != nil {
			return nil, fmt.Errorf("spatial axis %d: %w", i, err)
		}
	}
	return axes, nil
}

// outShape is [n, c, out...].
func outShape(n, c int, axes []spatialAxis) Shape {
	s := Shape{n, c}
	for _, a := range axes {
		s = append(s, a.out)
	}
	return s
}

// volume is the geometry with leading axes of one pixel, so that loops over
// depth, height and width serve 1-D and 2-D inputs too.
func volume(axes []spatialAxis) (v [3]spatialAxis) {
	unit := spatialAxis{in: 1, out: 1, kernel: 1, stride: 1, dilation: 1}
	copy(v[:], slices.Repeat([]spatialAxis{unit}, 3-len(axes)))
	copy(v[3-len(axes):], axes)
	return v
}

// wantSpatial refuses an input that does not have one to three spatial axes.
func wantSpatial(x Shape) error {
	if rank := len(x); rank < 3 {
		return fmt.Errorf("X has rank %d, want at least 3: batch, channels and a spatial axis", rank)
	}
	if spatial := len(x) - 2; spatial > 3 {
		return unsupportedf("X has %d spatial axes, want at most three", spatial)
	}
	return nil
}

// taps is the range of taps that output o reads inside the input.
func (a *spatialAxis) taps(o int) (lo, hi int) {
	return inside(o*a.stride-a.padBegin, a.dilation, a.in, a.kernel)
}

// paddedTaps is the range of taps that output o reads inside input and padding.
func (a *spatialAxis) paddedTaps(o int) (lo, hi int) {
	return inside(o*a.stride, a.dilation, a.in+a.padBegin+a.padEnd, a.kernel)
}

// inside is the range [lo, hi) of those i in [0, count) for which start + i·step
// lies in [0, size).
func inside(start, step, size, count int) (lo, hi int) {
	lo = max(0, -floorDiv(start, step))
	hi = min(count, floorDiv(size-1-start, step)+1)
	return lo, max(lo, hi)
}

// floorDiv is a/b rounded down; b is positive.
func floorDiv[T int | int64](a, b T) T {
	q := a / b
	if a%b < 0 {
		q--
	}
	return q
}

// multiplied is the product of counts, or the largest int64 where that is less.
func multiplied(counts ...int) int64 {
	const most = int64(^uint64(0) >> 1)
	n := int64(1)
	for _, c := range counts {
		if c == 0 {
			return 0
		}
		if n > most/int64(c) {
			n = most
			continue
		}
		n *= int64(c)
	}
	return n
}
