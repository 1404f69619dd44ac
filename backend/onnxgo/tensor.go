package onnxgo

import (
	"fmt"
	"runtime"
	"slices"

	"gorgonia.org/tensor"

	"github.com/tconv/tconv"
	"github.com/tconv/tconv/ops"
)

// fromGorgonia gives a tensor of gorgonia as one of tconv: over the same memory where
// its elements lie one after the other in row-major order, else over a copy.
func fromGorgonia(t tensor.Tensor) (out *tconv.Tensor, err error) {
	defer recovered(&err)
	if sparse, ok := t.(*tensor.CS); ok && sparse != nil {
		t = sparse.Dense()
	}
	d, ok := t.(*tensor.Dense)
	if !ok || d == nil {
		return nil, fmt.Errorf("%w: the tensor is a Go %T, want a *tensor.Dense", tconv.ErrUnsupported, t)
	}
	if !d.IsNativelyAccessible() {
		return nil, fmt.Errorf("%w: the tensor lies in memory that Go cannot read", tconv.ErrUnsupported)
	}
	if len(d.Mask()) > 0 {
		return nil, fmt.Errorf("%w: the tensor is masked", tconv.ErrUnsupported)
	}
	switch d.Dtype() {
	case tensor.Float32:
		return fromDense(d, d.Float32s(), tconv.Wrap)
	case tensor.Float64:
		return fromDense(d, d.Float64s(), tconv.Wrap)
	case tensor.Int8:
		return fromDense(d, d.Int8s(), tconv.Wrap)
	case tensor.Int16:
		return fromDense(d, d.Int16s(), tconv.Wrap)
	case tensor.Int32:
		return fromDense(d, d.Int32s(), tconv.Wrap)
	case tensor.Int64:
		return fromDense(d, d.Int64s(), tconv.Wrap)
	case tensor.Int:
		return fromDense(d, widened(d.Ints()), tconv.Wrap)
	case tensor.Uint8:
		return fromDense(d, d.Uint8s(), tconv.Wrap)
	case tensor.Uint16:
		return fromDense(d, d.Uint16s(), tconv.Wrap)
	case tensor.Uint32:
		return fromDense(d, d.Uint32s(), tconv.Wrap)
	case tensor.Uint64:
		return fromDense(d, d.Uint64s(), tconv.Wrap)
	case tensor.Bool:
		return fromDense(d, d.Bools(), tconv.Wrap)
	case tensor.Complex64:
		return fromDense(d, d.Complex64s(), tconv.Wrap)
	case tensor.Complex128:
		return fromDense(d, d.Complex128s(), tconv.Wrap)
	case tensor.String:
		return fromDense(d, d.Strings(), tconv.WrapStrings)
	}
	return nil, fmt.Errorf("%w: elements of type %v", tconv.ErrUnsupported, d.Dtype())
}

// widened copies Go's int, which ONNX does not have.
func widened(src []int) []int64 {
	out := make([]int64, len(src))
	for i, v := range src {
		out[i] = int64(v)
	}
	return out
}

// fromDense wraps the memory of d, or a row-major copy of it.
func fromDense[T any](d *tensor.Dense, data []T, wrap func([]T, ...int) (*tconv.Tensor, error)) (*tconv.Tensor, error) {
	shape, strides := d.Shape(), d.Strides()
	if len(shape) > 0 && len(shape) != len(strides) {
		return nil, fmt.Errorf("%w: the tensor has shape %v and strides %v", tconv.ErrUnsupported, shape, strides)
	}
	count, last, dense := 1, 0, true
	for i, n := range slices.Backward(shape) {
		if n < 0 || strides[i] < 0 {
			return nil, fmt.Errorf("%w: the tensor has shape %v and strides %v", tconv.ErrInput, shape, strides)
		}
		dense = dense && (n == 1 || strides[i] == count)
		count *= n
		last += (n - 1) * strides[i]
	}
	if count > 0 && last >= len(data) {
		return nil, fmt.Errorf("%w: the tensor has shape %v, strides %v and %d elements", tconv.ErrInput, shape, strides, len(data))
	}
	switch {
	case count == 0:
		data = nil
	case dense:
		data = data[:count]
	default:
		data = gathered(make([]T, 0, count), data, shape, strides)
	}
	return wrap(data, shape...)
}

// gathered appends the elements of a strided tensor in row-major order.
func gathered[T any](out, src []T, shape, strides []int) []T {
	if len(shape) == 0 {
		return append(out, src[0])
	}
	for i := range shape[0] {
		out = gathered(out, src[i*strides[0]:], shape[1:], strides[1:])
	}
	return out
}

// toGorgonia gives a tensor of tconv as one of gorgonia, over the same memory.
func toGorgonia(t *tconv.Tensor) (out tensor.Tensor, err error) {
	defer recovered(&err)
	switch t.DType() {
	case tconv.Float32:
		return toDense[float32](t)
	case tconv.Float64:
		return toDense[float64](t)
	case tconv.Int8:
		return toDense[int8](t)
	case tconv.Int16:
		return toDense[int16](t)
	case tconv.Int32:
		return toDense[int32](t)
	case tconv.Int64:
		return toDense[int64](t)
	case tconv.Uint8:
		return toDense[uint8](t)
	case tconv.Uint16:
		return toDense[uint16](t)
	case tconv.Uint32:
		return toDense[uint32](t)
	case tconv.Uint64:
		return toDense[uint64](t)
	case tconv.Bool:
		return toDense[bool](t)
	case tconv.String:
		return dense(t, t.Strings())
	case ops.Complex64:
		return toDense[complex64](t)
	case ops.Complex128:
		return toDense[complex128](t)
	}
	return nil, fmt.Errorf("%w: the value is %v, which gorgonia has no tensor for", tconv.ErrUnsupported, t)
}

// toDense wraps the memory of a tensor whose elements Go stores as T.
func toDense[T tconv.Element](t *tconv.Tensor) (tensor.Tensor, error) {
	data, err := tconv.Data[T](t)
	if err != nil {
		return nil, fmt.Errorf("%w: the value is %v, which gorgonia has no tensor for", tconv.ErrUnsupported, t)
	}
	return dense(t, data)
}

// dense wraps data, the elements of t.
func dense[T any](t *tconv.Tensor, data []T) (tensor.Tensor, error) {
	shape := t.Shape()
	switch {
	case len(shape) == 0 && len(data) == 1:
		return tensor.New(tensor.FromScalar(data[0])), nil
	case len(data) == 0:
		return nil, fmt.Errorf("%w: the value is %v, and gorgonia has no tensors without elements", tconv.ErrUnsupported, t)
	}
	out := tensor.New(tensor.WithShape(shape...), tensor.WithBacking(data))
	runtime.KeepAlive(data) // gorgonia holds the address as a number for a moment
	return out, nil
}
