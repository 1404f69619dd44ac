package onnx

import "strconv"

// Shape is a TensorShapeProto. A *Shape that is nil says that not even the rank is known.
type Shape struct {
	Dims []Dimension
}

// Dimension is a TensorShapeProto.Dimension: a number, a symbol, or nothing known.
type Dimension struct {
	Kind       DimensionKind
	Value      int64  // of DimValue
	Param      string // of DimParam: dimensions with the same symbol are equal
	Denotation string
}

// DimensionKind tells what is known about a dimension.
type DimensionKind uint8

// The kinds of dimensions.
const (
	DimUnknown DimensionKind = iota
	DimValue                 // a number
	DimParam                 // a symbol
)

// String is the number, the symbol, or ? if nothing is known.
func (d Dimension) String() string {
	switch d.Kind {
	case DimValue:
		return strconv.FormatInt(d.Value, 10)
	case DimParam:
		return d.Param
	default:
		return "?"
	}
}

const shapeDim = 1

var shapeSchema = schema{
	shapeDim: {"dim", blobs},
}

func (*Shape) schema() *schema { return &shapeSchema }

func (s *Shape) set(f field) error {
	return appendValue(f, &s.Dims)
}

func (s *Shape) encode(e *encoder) {
	values(e, shapeDim, s.Dims)
}

const (
	dimensionValue      = 1
	dimensionParam      = 2
	dimensionDenotation = 3
)

var dimensionSchema = schema{
	dimensionValue:      {"dim_value", varint},
	dimensionParam:      {"dim_param", blob},
	dimensionDenotation: {"denotation", blob},
}

func (*Dimension) schema() *schema { return &dimensionSchema }

// set stores one field. dim_value and dim_param exclude each other: the last one wins.
func (d *Dimension) set(f field) error {
	switch f.number {
	case dimensionValue:
		d.Kind, d.Param = DimValue, ""
		return f.setInt64(&d.Value)
	case dimensionParam:
		d.Kind, d.Value = DimParam, 0
		return f.setString(&d.Param)
	case dimensionDenotation:
		return f.setString(&d.Denotation)
	}
	return nil
}

func (d *Dimension) encode(e *encoder) {
	switch d.Kind {
	case DimValue:
		e.int64(dimensionValue, d.Value)
	case DimParam:
		e.strings(dimensionParam, d.Param)
	}
	e.string(dimensionDenotation, d.Denotation)
}
