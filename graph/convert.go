package graph

import (
	"encoding/binary"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"strconv"
	"unsafe"

	"github.com/tconv/tconv/onnx"
	"github.com/tconv/tconv/ops"
)

// ConvertTensor makes an operator's tensor of a file's: the elements stay where
// they are (raw_data aliases the file's bytes) wherever the machine can read
// them there.
func ConvertTensor(t *onnx.Tensor, external *onnx.ExternalData) (*ops.Tensor, error) {
	dtype := ops.DType(t.DataType)
	if t.DataType <= 0 || int64(t.DataType) > 255 || !dtype.Valid() {
		return nil, fmt.Errorf("data_type is %d, want the number of an element type", t.DataType)
	}
	shape, err := convertDims(t.Dims)
	if err != nil {
		return nil, err
	}
	if dtype == ops.String {
		return convertStrings(t, shape)
	}
	data, err := external.Bytes(t)
	if err != nil {
		return nil, err
	}
	return ops.FromBytes(dtype, shape, native(data, dtype))
}

// convertStrings copies the elements of a tensor of strings.
func convertStrings(t *onnx.Tensor, shape ops.Shape) (*ops.Tensor, error) {
	src, err := t.Strings()
	if err != nil {
		return nil, err
	}
	out := ops.NewTensor(ops.String, shape)
	for i, s := range src {
		out.Strings()[i] = string(s)
	}
	return out, nil
}

// convertDims checks the dimensions of a file's tensor.
func convertDims(dims []int64) (ops.Shape, error) {
	shape := make(ops.Shape, len(dims))
	for i, d := range dims {
		if d < 0 || d > ops.MaxElements {
			return nil, fmt.Errorf("dims[%d] is %d, want 0 to %d", i, d, ops.MaxElements)
		}
		shape[i] = int(d)
	}
	return shape, shape.Check()
}

// unalignedReads are the architectures that read numbers at any address.
var unalignedReads = []string{"amd64", "arm64", "386", "ppc64le"}

// littleEndian tells how the machine orders bytes, which files order so.
var littleEndian = binary.NativeEndian.Uint16([]byte{1, 0}) == 1

// native gives little-endian elements in the machine's byte order, at an address
// where it can read them: mostly the very bytes it got.
func native(data []byte, dtype ops.DType) []byte {
	size := dtype.Size()
	if size <= 1 || len(data) == 0 {
		return data
	}
	aligned := uintptr(unsafe.Pointer(&data[0]))%uintptr(size) == 0
	if littleEndian && (aligned || slices.Contains(unalignedReads, runtime.GOARCH)) {
		return data
	}
	out := ops.NewTensor(ops.Uint8, ops.Shape{len(data)}).Bytes()
	copy(out, data)
	if !littleEndian {
		swapBytes(out, wordSize(dtype))
	}
	return out
}

// LittleEndian gives elements in the machine's byte order as a file has them:
// mostly the very bytes it got.
func LittleEndian(data []byte, dtype ops.DType) []byte {
	if dtype.Size() <= 1 || littleEndian {
		return data
	}
	out := slices.Clone(data)
	swapBytes(out, wordSize(dtype))
	return out
}

// wordSize is the size of the numbers that one element is made of: complex
// elements are two.
func wordSize(dtype ops.DType) int {
	if dtype == ops.Complex64 || dtype == ops.Complex128 {
		return dtype.Size() / 2
	}
	return dtype.Size()
}

// swapBytes reverses each run of size bytes.
func swapBytes(b []byte, size int) {
	for ; len(b) >= size; b = b[size:] {
		slices.Reverse(b[:size])
	}
}

// convertAttribute makes an operator's attribute of a file's.
func convertAttribute(a *onnx.Attribute, external *onnx.ExternalData) (ops.Attr, error) {
	out := ops.Attr{
		Name: a.Name, Kind: ops.AttrKind(a.Type),
		I: a.I, F: a.F, S: string(a.S), Ints: a.Ints, Floats: a.Floats,
	}
	var err error
	switch out.Kind {
	case ops.AttrFloat, ops.AttrInt, ops.AttrString, ops.AttrFloats, ops.AttrInts:
	case ops.AttrStrings:
		for _, s := range a.Strings {
			out.Strings = append(out.Strings, string(s))
		}
	case ops.AttrTensor:
		if a.T == nil {
			return out, errors.New("no tensor is given")
		}
		out.T, err = ConvertTensor(a.T, external)
	case ops.AttrTensors:
		for _, t := range a.Tensors {
			c, err := ConvertTensor(t, external)
			if err != nil {
				return out, err
			}
			out.Tensors = append(out.Tensors, c)
		}
	case ops.AttrGraph:
		out.Body = a.G
	case ops.AttrType:
		spec, _, err := convertType(a.TP)
		out.Type = &spec
		return out, err
	case ops.AttrGraphs, ops.AttrSparse, ops.AttrSparses, ops.AttrTypes:
		// Kept by kind alone: an operator that reads it says that it cannot.
	default:
		return out, fmt.Errorf("its type is %d, want a type of attributes", a.Type)
	}
	return out, err
}

// convertType gives what a file declares of a value, and its dimensions as text.
// The shape is nil where the rank is not declared.
func convertType(t *onnx.Type) (ops.Spec, []string, error) {
	if t == nil {
		return ops.Spec{}, nil, nil
	}
	switch t.Kind {
	case onnx.TypeUndefined:
		return ops.Spec{}, nil, nil
	case onnx.TypeTensor:
		return convertTensorType(t)
	case onnx.TypeSequence:
		elem, err := memberType(t.Elem, ops.KindTensor)
		return ops.Spec{Kind: ops.KindSequence, DType: elem.DType}, nil, err
	case onnx.TypeOptional:
		elem, err := memberType(t.Elem, ops.KindSequence)
		return ops.Spec{Kind: ops.KindOptional, Holds: elem.Kind, DType: elem.DType}, nil, err
	}
	return ops.Spec{}, nil, unsupportedf("its type is %v, want a tensor, a sequence or an optional", t.Kind)
}

// memberType gives what a file declares of the members of a sequence or an
// optional, which may be tensors, or values of the kind most.
func memberType(t *onnx.Type, most ops.Kind) (ops.Spec, error) {
	if t != nil && (t.Kind == onnx.TypeOptional || t.Kind == onnx.TypeSequence && most != ops.KindSequence) {
		return ops.Spec{}, unsupportedf("it holds members of type %v, want tensors", t.Kind)
	}
	elem, _, err := convertType(t)
	return elem, err
}

func convertTensorType(t *onnx.Type) (ops.Spec, []string, error) {
	spec := ops.Spec{DType: ops.DType(t.ElemType)}
	if t.ElemType < 0 || int64(t.ElemType) > 255 || t.ElemType != 0 && !spec.DType.Valid() {
		return spec, nil, fmt.Errorf("elem_type is %d, want the number of an element type", t.ElemType)
	}
	if t.Shape == nil {
		return spec, nil, nil
	}
	if rank := len(t.Shape.Dims); rank > ops.MaxRank {
		return spec, nil, fmt.Errorf("its rank is %d, want at most %d", rank, ops.MaxRank)
	}
	spec.Shape = ops.Shape{}
	dims := []string{}
	for _, d := range t.Shape.Dims {
		size, text := dimension(d)
		spec.Shape = append(spec.Shape, size)
		dims = append(dims, text)
	}
	return spec, dims, nil
}

// dimension gives the size that a file declares, or Unknown, and its text.
func dimension(d onnx.Dimension) (int, string) {
	switch {
	case d.Kind == onnx.DimParam && d.Param != "":
		return ops.Unknown, d.Param
	case d.Kind == onnx.DimValue && d.Value >= 0 && d.Value <= ops.MaxElements:
		return int(d.Value), strconv.FormatInt(d.Value, 10)
	}
	return ops.Unknown, "?"
}
