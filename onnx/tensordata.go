package onnx

import (
	"encoding/binary"
	"math"
)

// NumElements is the product of the dimensions: 1 for a scalar. Ranks over MaxRank, negative dimensions and products
// that overflow are errors; a zero among the dimensions does not hide an overflow of the others.
func (t *Tensor) NumElements() (int64, error) {
	n, err := elementCount(t.Dims)
	if err != nil {
		return 0, &TensorError{t.Name, err}
	}
	return n, nil
}

// elementCount is the checked product of dims.
func elementCount(dims []int64) (int64, error) {
	if len(dims) > MaxRank {
		return 0, overLimit("rank is %d, want at most %d", len(dims), MaxRank)
	}
	product, empty := int64(1), false
	for i, d := range dims {
		switch {
		case d < 0:
			return 0, malformed("dimension %d is %d, want at least 0", i, d)
		case d == 0:
			empty = true
		case product > math.MaxInt64/d:
			return 0, overLimit("the product of dimensions %d overflows 64 bits", dims)
		default:
			product *= d
		}
	}
	if empty {
		return 0, nil
	}
	return product, nil
}

// ByteSize is what the elements take in dense storage, in bytes; elements of less than a byte are packed. It is an error
// for strings, for unknown types, and if the size does not fit in an int.
func (t *Tensor) ByteSize() (int64, error) {
	n, err := denseSize(t.DataType, t.Dims)
	if err != nil {
		return 0, &TensorError{t.Name, err}
	}
	return n, nil
}

// denseSize is the bytes that a tensor of this type and shape takes in dense storage.
func denseSize(dt DataType, dims []int64) (int64, error) {
	bits := int64(dt.Bits())
	if bits == 0 {
		return 0, malformed("data_type is %v (%d), want a type of fixed size, 1 to %d", dt, int32(dt), len(dataTypes)-1)
	}
	n, err := elementCount(dims)
	if err != nil {
		return 0, err
	}
	if n > math.MaxInt/16 {
		return 0, overLimit("%d elements of %v are more than can be addressed", n, dt)
	}
	return (n*bits + 7) / 8, nil
}

// Bytes gives the elements in row-major order and little-endian, as raw_data would: n-byte elements one after the other;
// 4-bit types two per byte, 2-bit types four per byte, the first in the lowest bits; complex numbers as real, imaginary;
// booleans as 0 or 1. The bits after the last element of a packed type are those of the file.
//
// RawData is returned as it is, without a copy; a typed field is converted. The length equals [Tensor.ByteSize]. It is an
// error if the elements given are not exactly as many as Dims says, if more than one field has elements, if a value does
// not fit DataType, and if the data is external: that is read by [ExternalData.Bytes].
func (t *Tensor) Bytes() ([]byte, error) {
	b, err := t.embeddedBytes()
	if err != nil {
		return nil, &TensorError{t.Name, err}
	}
	return b, nil
}

func (t *Tensor) embeddedBytes() ([]byte, error) {
	if t.DataLocation == LocationExternal {
		return nil, refused("the data is in another file, want it read through ExternalData")
	}
	size, err := denseSize(t.DataType, t.Dims)
	if err != nil {
		return nil, err
	}
	if err := t.checkSource(); err != nil {
		return nil, err
	}
	if t.RawData == nil {
		return t.convert(size)
	}
	if int64(len(t.RawData)) != size {
		return nil, malformed("raw_data has %d bytes, want %d for %v %d", len(t.RawData), size, t.DataType, t.Dims)
	}
	return t.RawData, checkElements(t.DataType, t.RawData)
}

// checkElements refuses dense bytes that are no elements of the type: a bool other than 0 and 1.
func checkElements(dt DataType, b []byte) error {
	if dt != Bool {
		return nil
	}
	for i, v := range b {
		if v > 1 {
			return malformed("BOOL element %d is %d, want 0 or 1", i, v)
		}
	}
	return nil
}

// Strings gives the elements of a String tensor, which are not copied. It is an error if they are not exactly as many as
// Dims says, and for other types.
func (t *Tensor) Strings() ([][]byte, error) {
	if err := t.checkStrings(); err != nil {
		return nil, &TensorError{t.Name, err}
	}
	return t.StringData, nil
}

func (t *Tensor) checkStrings() error {
	if t.DataType != String {
		return malformed("data_type is %v, want STRING", t.DataType)
	}
	if t.DataLocation == LocationExternal {
		return malformed("STRING data is in another file, want it in string_data")
	}
	if t.RawData != nil {
		return malformed("STRING data is in raw_data, want it in string_data")
	}
	if err := t.checkSource(); err != nil {
		return err
	}
	n, err := elementCount(t.Dims)
	if err != nil {
		return err
	}
	if int64(len(t.StringData)) != n {
		return malformed("string_data has %d elements, want %d for %d", len(t.StringData), n, t.Dims)
	}
	return nil
}

// checkSource refuses a tensor that is one part of a larger one, and elements in more than one field or in one that is
// not for DataType.
func (t *Tensor) checkSource() error {
	if t.Segment != nil {
		return malformed("the tensor is a segment of a larger one, want a whole tensor")
	}
	if t.DataLocation != LocationDefault && t.DataLocation != LocationExternal {
		return malformed("data_location is %d, want 0 (DEFAULT) or 1 (EXTERNAL)", int32(t.DataLocation))
	}
	for field := noData + 1; int(field) < len(typedFieldNames); field++ {
		if t.typedLen(field) == 0 {
			continue
		}
		if t.RawData != nil {
			return malformed("elements are given in raw_data and in %s, want only one", field)
		}
		if want := dataTypes[t.DataType].data; field != want {
			return malformed("elements are given in %s, want %s for %v", field, want, t.DataType)
		}
	}
	return nil
}

var typedFieldNames = [...]string{
	noData:     "no field",
	floatData:  "float_data",
	int32Data:  "int32_data",
	int64Data:  "int64_data",
	stringData: "string_data",
	doubleData: "double_data",
	uint64Data: "uint64_data",
}

// String is the name in onnx.proto.
func (f typedField) String() string { return typedFieldNames[f] }

// typedLen is how many values a typed field has.
func (t *Tensor) typedLen(f typedField) int {
	switch f {
	case floatData:
		return len(t.FloatData)
	case int32Data:
		return len(t.Int32Data)
	case int64Data:
		return len(t.Int64Data)
	case stringData:
		return len(t.StringData)
	case doubleData:
		return len(t.DoubleData)
	case uint64Data:
		return len(t.Uint64Data)
	default:
		return 0
	}
}

// typedBits is how many bits of dense storage one value of the typed field stands for: one element, one part of a complex
// number, or one byte of a packed type.
func typedBits(dt DataType) int64 {
	switch dt {
	case Complex64:
		return 32
	case Complex128:
		return 64
	default:
		return int64(max(dt.Bits(), 8))
	}
}

// convert gives the elements in a typed field as size dense bytes.
func (t *Tensor) convert(size int64) ([]byte, error) {
	field := dataTypes[t.DataType].data
	have, want := int64(t.typedLen(field)), size*8/typedBits(t.DataType)
	if have != want {
		return nil, malformed("%s has %d values and there is no raw_data, want %d values for %v %d",
			field, have, want, t.DataType, t.Dims)
	}
	b := make([]byte, 0, size)
	switch field {
	case floatData:
		for _, v := range t.FloatData {
			b = binary.LittleEndian.AppendUint32(b, math.Float32bits(v))
		}
	case doubleData:
		for _, v := range t.DoubleData {
			b = binary.LittleEndian.AppendUint64(b, math.Float64bits(v))
		}
	case int64Data:
		for _, v := range t.Int64Data {
			b = binary.LittleEndian.AppendUint64(b, uint64(v))
		}
	case uint64Data:
		return t.convertUint64(b)
	case int32Data:
		return t.convertInt32(b)
	}
	return b, nil
}

// convertUint64 appends uint64_data as Uint64 or Uint32.
func (t *Tensor) convertUint64(b []byte) ([]byte, error) {
	for i, v := range t.Uint64Data {
		if t.DataType == Uint64 {
			b = binary.LittleEndian.AppendUint64(b, v)
			continue
		}
		if v > math.MaxUint32 {
			return nil, malformed("uint64_data[%d] is %d, want at most %d for UINT32", i, v, uint32(math.MaxUint32))
		}
		b = binary.LittleEndian.AppendUint32(b, uint32(v))
	}
	return b, nil
}

// convertInt32 appends int32_data as any type of at most 32 bits that is not Float or Uint32.
func (t *Tensor) convertInt32(b []byte) ([]byte, error) {
	lo, hi := int32Range(t.DataType)
	for i, v := range t.Int32Data {
		if v < lo || v > hi {
			return nil, malformed("int32_data[%d] is %d, want %d to %d for %v", i, v, lo, hi, t.DataType)
		}
		switch t.DataType.Bits() {
		case 32:
			b = binary.LittleEndian.AppendUint32(b, uint32(v))
		case 16:
			b = binary.LittleEndian.AppendUint16(b, uint16(v))
		default:
			b = append(b, byte(v))
		}
	}
	return b, nil
}

// int32Range is what a value of int32_data may be. Floats are given as their bits, packed types as whole bytes.
func int32Range(dt DataType) (lo, hi int32) {
	switch dt {
	case Int32:
		return math.MinInt32, math.MaxInt32
	case Int16:
		return math.MinInt16, math.MaxInt16
	case Int8:
		return math.MinInt8, math.MaxInt8
	case Bool:
		return 0, 1
	case Uint16, Float16, BFloat16:
		return 0, math.MaxUint16
	default:
		return 0, math.MaxUint8
	}
}
