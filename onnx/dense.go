package onnx

import (
	"encoding/binary"
	"fmt"
)

// Dense expands the sparse tensor: elements without an index are zero, or empty strings. The result has the name of
// Values. Its elements may take at most limit bytes (24 per string); external may be nil unless Values or Indices have
// external data.
//
// Indices are INT64, either [NNZ] with positions in row-major order or [NNZ, rank] with one coordinate per dimension, and
// strictly ascending; an index out of range, out of order or repeated is an error.
func (s *SparseTensor) Dense(external *ExternalData, limit int64) (*Tensor, error) {
	if s.Values == nil || s.Indices == nil {
		return nil, &TensorError{"", malformed("the sparse tensor has no values or no indices, want both")}
	}
	t, err := s.dense(external, limit)
	if err != nil {
		if _, ok := err.(*TensorError); ok {
			return nil, err
		}
		return nil, &TensorError{s.Values.Name, err}
	}
	return t, nil
}

func (s *SparseTensor) dense(external *ExternalData, limit int64) (*Tensor, error) {
	n, err := elementCount(s.Dims)
	if err != nil {
		return nil, err
	}
	if err := s.checkShapes(n); err != nil {
		return nil, err
	}
	if err := s.checkLimit(n, limit); err != nil {
		return nil, err
	}
	positions, err := s.positions(external, n)
	if err != nil {
		return nil, err
	}
	t := &Tensor{Name: s.Values.Name, Dims: s.Dims, DataType: s.Values.DataType, RawOffset: -1}
	if t.DataType == String {
		return t, s.scatterStrings(t, n, positions)
	}
	return t, s.scatter(t, external, positions)
}

// checkShapes compares the shapes of values and indices with that of the dense tensor, which has n elements.
func (s *SparseTensor) checkShapes(n int64) error {
	rank := int64(len(s.Dims))
	if rank == 0 {
		return malformed("dims of the sparse tensor are empty, want at least one dimension")
	}
	if len(s.Values.Dims) != 1 {
		return malformed("values have shape %s, want [NNZ]", shapeText(s.Values.Dims))
	}
	nnz, d := s.Values.Dims[0], s.Indices.Dims
	if nnz > n {
		return malformed("there are %d values, want at most the %d elements of %d", nnz, n, s.Dims)
	}
	linear := len(d) == 1 && d[0] == nnz
	coordinates := len(d) == 2 && d[0] == nnz && d[1] == rank
	if !linear && !coordinates {
		return malformed("indices have shape %s, want [%d] or [%d %d]", shapeText(d), nnz, nnz, rank)
	}
	if s.Indices.DataType != Int64 {
		return malformed("indices are %v, want INT64", s.Indices.DataType)
	}
	return nil
}

// shapeText is a shape for an error message, whatever its rank.
func shapeText(dims []int64) string {
	if len(dims) > MaxRank {
		return fmt.Sprintf("of rank %d", len(dims))
	}
	return fmt.Sprint(dims)
}

// checkLimit refuses a dense tensor of more than limit bytes.
func (s *SparseTensor) checkLimit(n, limit int64) error {
	const stringHeader = 24
	if s.Values.DataType == String {
		if n > limit/stringHeader {
			return overLimit("the dense tensor has %d strings, want at most %d", n, limit/stringHeader)
		}
		return nil
	}
	size, err := denseSize(s.Values.DataType, s.Dims)
	if err != nil {
		return err
	}
	if size > limit {
		return overLimit("the dense tensor takes %d bytes, want at most %d", size, limit)
	}
	return nil
}

// positions gives the row-major position of each value, checked to be in range and ascending.
func (s *SparseTensor) positions(external *ExternalData, n int64) ([]int64, error) {
	b, err := external.Bytes(s.Indices)
	if err != nil {
		return nil, err
	}
	positions := make([]int64, s.Values.Dims[0])
	last := int64(-1)
	for i := range positions {
		var p int64
		if len(s.Indices.Dims) == 1 {
			p, err = position(b[8*i:], []int64{n})
		} else {
			p, err = position(b[8*i*len(s.Dims):], s.Dims)
		}
		if err != nil {
			return nil, malformed("index of value %d: %v", i, err)
		}
		if p <= last {
			return nil, malformed("value %d is at position %d after one at %d, want ascending positions", i, p, last)
		}
		positions[i], last = p, p
	}
	return positions, nil
}

// position is the row-major position of the coordinates at the start of b, one int64 per dimension.
func position(b []byte, dims []int64) (int64, error) {
	p := int64(0)
	for i, d := range dims {
		c := int64(binary.LittleEndian.Uint64(b[8*i:]))
		if c < 0 || c >= d {
			return 0, malformed("found %d, want 0 to %d", c, d-1)
		}
		p = p*d + c
	}
	return p, nil
}

// scatter stores the values as the raw data of the dense tensor t.
func (s *SparseTensor) scatter(t *Tensor, external *ExternalData, positions []int64) error {
	values, err := external.Bytes(s.Values)
	if err != nil {
		return err
	}
	size, err := denseSize(t.DataType, t.Dims)
	if err != nil {
		return err
	}
	t.RawData = make([]byte, size)
	bits := t.DataType.Bits()
	if bits < 8 {
		scatterBits(t.RawData, values, positions, bits)
		return nil
	}
	width := bits / 8
	for i, p := range positions {
		copy(t.RawData[p*int64(width):], values[i*width:(i+1)*width])
	}
	return nil
}

// scatterBits stores values of a packed type in dst, which is zero.
func scatterBits(dst, values []byte, positions []int64, bits int) {
	for i, p := range positions {
		v := values[i*bits/8] >> (i * bits % 8) & (1<<bits - 1)
		at := p * int64(bits)
		dst[at/8] |= v << (at % 8)
	}
}

// scatterStrings stores the values as the string data of the dense tensor t of n elements.
func (s *SparseTensor) scatterStrings(t *Tensor, n int64, positions []int64) error {
	values, err := s.Values.Strings()
	if err != nil {
		return err
	}
	t.StringData = make([][]byte, n)
	for i, p := range positions {
		t.StringData[p] = values[i]
	}
	return nil
}
