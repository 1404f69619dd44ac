package onnx

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func indices(dims []int64, v ...int64) *Tensor {
	return &Tensor{Name: "I", DataType: Int64, Dims: dims, Int64Data: v}
}

func TestDense(t *testing.T) {
	values := &Tensor{Name: "S", DataType: Int16, Dims: []int64{2}, Int32Data: []int32{7, -1}}
	dims := []int64{2, 3}
	want := []byte{0, 0, 7, 0, 0, 0, 0, 0, 0xff, 0xff, 0, 0}
	for name, s := range map[string]*SparseTensor{
		"linear":      {Values: values, Indices: indices([]int64{2}, 1, 4), Dims: dims},
		"coordinates": {Values: values, Indices: indices([]int64{2, 2}, 0, 1, 1, 1), Dims: dims},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := s.Dense(nil, 12)
			require.NoError(t, err)
			require.Equal(t, &Tensor{Name: "S", DataType: Int16, Dims: dims, RawData: want, RawOffset: -1}, got)
			_, err = s.Dense(nil, 11)
			require.ErrorIs(t, err, ErrLimit)
		})
	}
}

func TestDensePacked(t *testing.T) {
	s := &SparseTensor{
		Values:  &Tensor{DataType: Uint4, Dims: []int64{3}, RawData: []byte{0x21, 0x03}},
		Indices: indices([]int64{3, 1}, 0, 3, 4), Dims: []int64{5},
	}
	got, err := s.Dense(nil, 100)
	require.NoError(t, err)
	require.Equal(t, []byte{0x01, 0x20, 0x03}, got.RawData)

	s.Values = &Tensor{DataType: Int2, Dims: []int64{3}, RawData: []byte{0b10_01_11}}
	got, err = s.Dense(nil, 100)
	require.NoError(t, err)
	require.Equal(t, []byte{0b01_00_00_11, 0b10}, got.RawData)
}

func TestDenseStrings(t *testing.T) {
	s := &SparseTensor{
		Values:  &Tensor{DataType: String, Dims: []int64{1}, StringData: [][]byte{[]byte("a")}},
		Indices: indices([]int64{1}, 1), Dims: []int64{2},
	}
	got, err := s.Dense(nil, 48)
	require.NoError(t, err)
	require.Equal(t, [][]byte{nil, []byte("a")}, got.StringData)
	_, err = s.Dense(nil, 47)
	require.ErrorIs(t, err, ErrLimit)
}

func TestDenseNothing(t *testing.T) {
	s := &SparseTensor{
		Values: &Tensor{DataType: Float, Dims: []int64{0}}, Indices: indices([]int64{0, 2}), Dims: []int64{0, 3},
	}
	got, err := s.Dense(nil, 0)
	require.NoError(t, err)
	require.Empty(t, got.RawData)
}

func TestDenseErrors(t *testing.T) {
	two := &Tensor{Name: "S", DataType: Float, Dims: []int64{2}, FloatData: []float32{1, 2}}
	of := func(dims ...int64) []int64 { return dims }
	tests := []struct {
		name string
		s    SparseTensor
		kind error
		text string
	}{
		{"no values", SparseTensor{Indices: indices(of(2), 0, 1)}, ErrMalformed, "no values or no indices"},
		{"no indices", SparseTensor{Values: two}, ErrMalformed, "no values or no indices"},
		{"scalar", SparseTensor{two, indices(of(2), 0, 1), nil}, ErrMalformed, "want at least one dimension"},
		{"values of rank 2", SparseTensor{&Tensor{DataType: Float, Dims: of(1, 1), FloatData: []float32{1}}, indices(of(1), 0), of(4)},
			ErrMalformed, "values have shape [1 1], want [NNZ]"},
		{"values of rank 20", SparseTensor{&Tensor{DataType: Float, Dims: make([]int64, 20)}, indices(of(1), 0), of(4)},
			ErrMalformed, "values have shape of rank 20, want [NNZ]"},
		{"more values than elements", SparseTensor{two, indices(of(2), 0, 1), of(1)}, ErrMalformed, "want at most the 1 elements"},
		{"negative count", SparseTensor{&Tensor{DataType: Float, Dims: of(-1)}, indices(of(-1)), of(4)}, ErrMalformed, "dimension 0 is -1"},
		{"fewer indices", SparseTensor{two, indices(of(1), 0), of(4)}, ErrMalformed, "indices have shape [1], want [2] or [2 1]"},
		{"coordinates of another rank", SparseTensor{two, indices(of(2, 2), 0, 1, 2, 3), of(4)}, ErrMalformed, "want [2] or [2 1]"},
		{"indices of int32", SparseTensor{two, &Tensor{DataType: Int32, Dims: of(2), Int32Data: []int32{0, 1}}, of(4)},
			ErrMalformed, "indices are INT32, want INT64"},
		{"index too large", SparseTensor{two, indices(of(2), 0, 4), of(4)}, ErrMalformed, "index of value 1: found 4, want 0 to 3"},
		{"index negative", SparseTensor{two, indices(of(2), -1, 0), of(4)}, ErrMalformed, "index of value 0: found -1"},
		{"coordinate too large", SparseTensor{two, indices(of(2, 2), 0, 0, 0, 2), of(2, 2)}, ErrMalformed, "found 2, want 0 to 1"},
		{"repeated", SparseTensor{two, indices(of(2), 1, 1), of(4)}, ErrMalformed, "value 1 is at position 1 after one at 1"},
		{"descending", SparseTensor{two, indices(of(2), 2, 1), of(4)}, ErrMalformed, "want ascending positions"},
		{"missing data", SparseTensor{two, indices(of(2), 1), of(4)}, ErrMalformed, `tensor "I": int64_data has 1 values`},
		{"huge", SparseTensor{two, indices(of(2), 0, 1), of(1 << 20)}, ErrLimit, "takes 4194304 bytes, want at most 1000"},
		{"overflow", SparseTensor{two, indices(of(2), 0, 1), of(1<<40, 1<<40)}, ErrLimit, "overflows"},
		{"unknown type", SparseTensor{&Tensor{DataType: 99, Dims: of(1)}, indices(of(1), 0), of(4)}, ErrMalformed, "data_type is DataType(99)"},
		{"external without a folder", SparseTensor{two, &Tensor{DataType: Int64, Dims: of(2), DataLocation: LocationExternal,
			External: []StringEntry{{"location", "f"}}}, of(4)}, ErrExternal, "may not be read"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			_, err := test.s.Dense(nil, 1000)
			require.ErrorIs(t, err, test.kind)
			require.ErrorContains(t, err, test.text)
		})
	}
}
