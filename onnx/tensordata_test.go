package onnx

import (
	"math"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestBytes gives three elements (one of a complex type) of every data type, in every encoding that ONNX allows for it.
func TestBytes(t *testing.T) {
	inf := float32(math.Inf(1))
	tests := []struct {
		dt    DataType
		dims  []int64
		typed Tensor
		want  []byte
	}{
		{Float, []int64{3}, Tensor{FloatData: []float32{1, -2, inf}}, []byte{0, 0, 0x80, 0x3f, 0, 0, 0, 0xc0, 0, 0, 0x80, 0x7f}},
		{Double, []int64{1}, Tensor{DoubleData: []float64{1}}, []byte{0, 0, 0, 0, 0, 0, 0xf0, 0x3f}},
		{Complex64, []int64{1}, Tensor{FloatData: []float32{1, 2}}, []byte{0, 0, 0x80, 0x3f, 0, 0, 0, 0x40}},
		{Complex128, []int64{1}, Tensor{DoubleData: []float64{1, 2}}, []byte{0, 0, 0, 0, 0, 0, 0xf0, 0x3f, 0, 0, 0, 0, 0, 0, 0, 0x40}},
		{Int64, []int64{1}, Tensor{Int64Data: []int64{-2}}, []byte{0xfe, 255, 255, 255, 255, 255, 255, 255}},
		{Uint64, []int64{1}, Tensor{Uint64Data: []uint64{1 << 63}}, []byte{0, 0, 0, 0, 0, 0, 0, 0x80}},
		{Uint32, []int64{3}, Tensor{Uint64Data: []uint64{1, 2, 0xffffffff}}, []byte{1, 0, 0, 0, 2, 0, 0, 0, 255, 255, 255, 255}},
		{Int32, []int64{3}, Tensor{Int32Data: []int32{1, -1, 256}}, []byte{1, 0, 0, 0, 255, 255, 255, 255, 0, 1, 0, 0}},
		{Int16, []int64{3}, Tensor{Int32Data: []int32{1, -2, 32767}}, []byte{1, 0, 0xfe, 0xff, 0xff, 0x7f}},
		{Uint16, []int64{3}, Tensor{Int32Data: []int32{1, 2, 65535}}, []byte{1, 0, 2, 0, 0xff, 0xff}},
		{Int8, []int64{3}, Tensor{Int32Data: []int32{1, -128, 127}}, []byte{1, 0x80, 0x7f}},
		{Uint8, []int64{3}, Tensor{Int32Data: []int32{1, 2, 255}}, []byte{1, 2, 255}},
		{Bool, []int64{3}, Tensor{Int32Data: []int32{1, 0, 1}}, []byte{1, 0, 1}},
		{Float16, []int64{3}, Tensor{Int32Data: []int32{0x3c00, 0xfc00, 0}}, []byte{0, 0x3c, 0, 0xfc, 0, 0}},
		{BFloat16, []int64{3}, Tensor{Int32Data: []int32{0x3f80, 0xff80, 0}}, []byte{0x80, 0x3f, 0x80, 0xff, 0, 0}},
		{Float8E4M3FN, []int64{3}, Tensor{Int32Data: []int32{0, 0x7f, 255}}, []byte{0, 0x7f, 255}},
		{Float8E4M3FNUZ, []int64{3}, Tensor{Int32Data: []int32{0, 0x80, 255}}, []byte{0, 0x80, 255}},
		{Float8E5M2, []int64{3}, Tensor{Int32Data: []int32{0, 0x7c, 255}}, []byte{0, 0x7c, 255}},
		{Float8E5M2FNUZ, []int64{3}, Tensor{Int32Data: []int32{0, 0x80, 255}}, []byte{0, 0x80, 255}},
		{Float8E8M0, []int64{3}, Tensor{Int32Data: []int32{0, 127, 255}}, []byte{0, 127, 255}},
		{Uint4, []int64{3}, Tensor{Int32Data: []int32{0x21, 0x03}}, []byte{0x21, 0x03}},
		{Int4, []int64{4}, Tensor{Int32Data: []int32{0x2f, 0x83}}, []byte{0x2f, 0x83}},
		{Float4E2M1, []int64{1, 1}, Tensor{Int32Data: []int32{0x0f}}, []byte{0x0f}},
		{Uint2, []int64{3}, Tensor{Int32Data: []int32{0x39}}, []byte{0x39}},
		{Int2, []int64{5}, Tensor{Int32Data: []int32{0xe4, 0x01}}, []byte{0xe4, 0x01}},
	}
	seen := map[DataType]bool{String: true}
	for _, test := range tests {
		t.Run(test.dt.String(), func(t *testing.T) {
			seen[test.dt] = true
			typed := test.typed
			typed.DataType, typed.Dims = test.dt, test.dims
			got, err := typed.Bytes()
			require.NoError(t, err)
			require.Equal(t, test.want, got)

			raw := &Tensor{DataType: test.dt, Dims: test.dims, RawData: test.want}
			got, err = raw.Bytes()
			require.NoError(t, err)
			require.Same(t, &test.want[0], &got[0], "raw_data must not be copied")
			size, err := raw.ByteSize()
			require.NoError(t, err)
			require.Len(t, got, int(size))

			empty := &Tensor{DataType: test.dt, Dims: []int64{0, 5}}
			got, err = empty.Bytes()
			require.NoError(t, err)
			require.Empty(t, got)
		})
	}
	for dt := Undefined + 1; dt.Valid(); dt++ {
		require.True(t, seen[dt], "%v is not tested", dt)
	}
}

func TestStrings(t *testing.T) {
	x := &Tensor{DataType: String, Dims: []int64{1, 2}, StringData: [][]byte{[]byte("a"), {}}}
	got, err := x.Strings()
	require.NoError(t, err)
	require.Equal(t, x.StringData, got)
}

func TestNumElements(t *testing.T) {
	for _, test := range []struct {
		dims []int64
		want int64
	}{{nil, 1}, {[]int64{0}, 0}, {[]int64{2, 3, 4}, 24}, {[]int64{1 << 40, 0}, 0}, {make([]int64, MaxRank), 0}} {
		got, err := (&Tensor{Dims: test.dims}).NumElements()
		require.NoError(t, err)
		require.Equal(t, test.want, got, "%d", test.dims)
	}
	for _, test := range []struct {
		dims []int64
		kind error
		text string
	}{
		{[]int64{2, -1}, ErrMalformed, "dimension 1 is -1, want at least 0"},
		{[]int64{1 << 32, 1 << 31}, ErrLimit, "overflows 64 bits"},
		{[]int64{0, 1 << 32, 1 << 31}, ErrLimit, "overflows 64 bits"},
		{make([]int64, MaxRank+1), ErrLimit, "rank is 17, want at most 16"},
	} {
		_, err := (&Tensor{Name: "W", Dims: test.dims}).NumElements()
		require.ErrorIs(t, err, test.kind)
		require.ErrorContains(t, err, `tensor "W": `)
		require.ErrorContains(t, err, test.text)
	}
}

func TestContentErrors(t *testing.T) {
	tests := []struct {
		name string
		x    Tensor
		kind error
		text string
	}{
		{"no type", Tensor{}, ErrMalformed, "data_type is UNDEFINED (0), want a type of fixed size"},
		{"unknown type", Tensor{DataType: 27}, ErrMalformed, "data_type is DataType(27)"},
		{"negative type", Tensor{DataType: -1}, ErrMalformed, "data_type is DataType(-1)"},
		{"strings as bytes", Tensor{DataType: String}, ErrMalformed, "data_type is STRING"},
		{"raw too short", Tensor{DataType: Float, Dims: []int64{2}, RawData: make([]byte, 7)}, ErrMalformed,
			"raw_data has 7 bytes, want 8 for FLOAT [2]"},
		{"raw too long", Tensor{DataType: Float, RawData: make([]byte, 5)}, ErrMalformed, "raw_data has 5 bytes, want 4"},
		{"raw of packed type too long", Tensor{DataType: Int4, Dims: []int64{3}, RawData: make([]byte, 3)}, ErrMalformed,
			"raw_data has 3 bytes, want 2 for INT4 [3]"},
		{"raw but empty", Tensor{DataType: Float, RawData: []byte{}}, ErrMalformed, "raw_data has 0 bytes, want 4"},
		{"nothing", Tensor{DataType: Float, Dims: []int64{2}}, ErrMalformed, "float_data has 0 values and there is no raw_data, want 2"},
		{"too few", Tensor{DataType: Int64, Dims: []int64{2}, Int64Data: []int64{1}}, ErrMalformed, "int64_data has 1 values"},
		{"half a complex number", Tensor{DataType: Complex64, FloatData: []float32{1}}, ErrMalformed, "want 2 values for COMPLEX64"},
		{"element per nibble", Tensor{DataType: Uint4, Dims: []int64{2}, Int32Data: []int32{1, 2}}, ErrMalformed, "want 1 values for UINT4 [2]"},
		{"values without elements", Tensor{DataType: Float, Dims: []int64{0}, FloatData: []float32{1}}, ErrMalformed, "float_data has 1 values"},
		{"two fields", Tensor{DataType: Float, RawData: make([]byte, 4), FloatData: []float32{1}}, ErrMalformed,
			"elements are given in raw_data and in float_data, want only one"},
		{"wrong field", Tensor{DataType: Float, DoubleData: []float64{1}}, ErrMalformed,
			"elements are given in double_data, want float_data for FLOAT"},
		{"right and wrong field", Tensor{DataType: Float, FloatData: []float32{1}, Int32Data: []int32{1}}, ErrMalformed,
			"elements are given in int32_data, want float_data for FLOAT"},
		{"bool of 2", Tensor{DataType: Bool, Dims: []int64{2}, RawData: []byte{1, 2}}, ErrMalformed, "BOOL element 1 is 2, want 0 or 1"},
		{"typed bool of 2", Tensor{DataType: Bool, Int32Data: []int32{2}}, ErrMalformed, "int32_data[0] is 2, want 0 to 1 for BOOL"},
		{"int8 of 128", Tensor{DataType: Int8, Int32Data: []int32{128}}, ErrMalformed, "want -128 to 127 for INT8"},
		{"uint8 of -1", Tensor{DataType: Uint8, Int32Data: []int32{-1}}, ErrMalformed, "want 0 to 255 for UINT8"},
		{"float16 of 65536", Tensor{DataType: Float16, Int32Data: []int32{65536}}, ErrMalformed, "want 0 to 65535 for FLOAT16"},
		{"uint32 of 2^32", Tensor{DataType: Uint32, Uint64Data: []uint64{1 << 32}}, ErrMalformed, "want at most 4294967295 for UINT32"},
		{"segment", Tensor{DataType: Float, Segment: &Segment{}}, ErrMalformed, "segment of a larger one"},
		{"location 2", Tensor{DataType: Float, DataLocation: 2}, ErrMalformed, "data_location is 2"},
		{"external", Tensor{DataType: Float, DataLocation: LocationExternal}, ErrExternal, "the data is in another file"},
		{"too large", Tensor{DataType: Complex128, Dims: []int64{1 << 60}}, ErrLimit, "more than can be addressed"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			test.x.Name = "W"
			_, err := test.x.Bytes()
			require.ErrorIs(t, err, test.kind)
			require.ErrorContains(t, err, `onnx: tensor "W": `)
			require.ErrorContains(t, err, test.text)
		})
	}
}

func TestStringErrors(t *testing.T) {
	tests := map[string]Tensor{
		"data_type is FLOAT, want STRING":          {DataType: Float},
		"STRING data is in another file":           {DataType: String, DataLocation: LocationExternal},
		"STRING data is in raw_data":               {DataType: String, RawData: []byte("a")},
		"string_data has 0 elements, want 2":       {DataType: String, Dims: []int64{2}},
		"elements are given in int64_data":         {DataType: String, Int64Data: []int64{1}, StringData: [][]byte{nil}},
		"dimension 0 is -1":                        {DataType: String, Dims: []int64{-1}},
		strings.Repeat("n", 256) + `"... (300 byt`: {Name: strings.Repeat("n", 300), DataType: Float},
	}
	for want, x := range tests {
		_, err := x.Strings()
		require.ErrorIs(t, err, ErrMalformed)
		require.ErrorContains(t, err, want)
	}
}
