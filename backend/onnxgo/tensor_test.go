package onnxgo

import (
	"math"
	"testing"
	"unsafe"

	"github.com/stretchr/testify/require"
	"gorgonia.org/tensor"

	"github.com/tconv/tconv"
	"github.com/tconv/tconv/ops"
)

// TestTensorsOfAllTypes sends each element type there and back, without a copy.
func TestTensorsOfAllTypes(t *testing.T) {
	for _, backing := range []any{
		[]float32{1, -2, 3, 4, 5, 6}, []float64{1, -2, 3, 4, 5, 6}, []int8{1, -2, 3, 4, 5, 6}, []int16{1, -2, 3, 4, 5, 6},
		[]int32{1, -2, 3, 4, 5, 6}, []int64{1, -2, 3, 4, 5, 6}, []uint8{1, 2, 3, 4, 5, 6}, []uint16{1, 2, 3, 4, 5, 6},
		[]uint32{1, 2, 3, 4, 5, 6}, []uint64{1, 2, 3, 4, 5, 6}, []bool{true, false, true, true, false, false},
		[]complex64{1, 2i, 3, 4, 5, 6}, []complex128{1, 2i, 3, 4, 5, 6}, []string{"a", "b", "c", "d", "e", "f"},
	} {
		src := tensor.New(tensor.WithShape(2, 3), tensor.WithBacking(backing))
		x, err := fromGorgonia(src)
		require.NoError(t, err)
		require.Equal(t, []int{2, 3}, x.Shape())
		back, err := toGorgonia(x)
		require.NoError(t, err)
		require.Equal(t, backing, back.Data())
		require.Equal(t, src.Uintptr(), back.Uintptr(), "%T is copied", backing)
	}
}

func TestScalars(t *testing.T) {
	x, err := fromGorgonia(tensor.New(tensor.FromScalar(float32(3))))
	require.NoError(t, err)
	require.Empty(t, x.Shape())
	back, err := toGorgonia(x)
	require.NoError(t, err)
	require.True(t, back.IsScalar())
	require.Equal(t, float32(3), back.Data())
}

// TestLayouts: whatever lies in another order is copied into row-major order.
func TestLayouts(t *testing.T) {
	matrix := func(opts ...tensor.ConsOpt) *tensor.Dense {
		return tensor.New(append(opts, tensor.WithShape(2, 3), tensor.WithBacking([]float32{1, 2, 3, 4, 5, 6}))...)
	}
	transposed := matrix()
	require.NoError(t, transposed.T())
	view := func(s ...tensor.Slice) tensor.Tensor {
		v, err := matrix().Slice(s...)
		require.NoError(t, err)
		return v
	}
	for name, c := range map[string]struct {
		in    tensor.Tensor
		shape []int
		want  []float32
	}{
		"row-major":    {matrix(), []int{2, 3}, []float32{1, 2, 3, 4, 5, 6}},
		"transposed":   {transposed, []int{3, 2}, []float32{1, 4, 2, 5, 3, 6}},
		"row":          {view(tensor.S(1)), []int{3}, []float32{4, 5, 6}},
		"column":       {view(nil, tensor.S(1)), []int{2}, []float32{2, 5}},
		"block":        {view(nil, tensor.S(1, 3)), []int{2, 2}, []float32{2, 3, 5, 6}},
		"element":      {view(tensor.S(1), tensor.S(2)), nil, []float32{6}},
		"column-major": {tensor.New(tensor.WithShape(2, 3), tensor.AsFortran([]float32{1, 2, 3, 4, 5, 6})), []int{2, 3}, []float32{1, 2, 3, 4, 5, 6}},
		"sparse": {tensor.CSRFromCoord(tensor.Shape{2, 2}, []int{0, 1}, []int{1, 0}, []float32{7, 8}), []int{2, 2},
			[]float32{0, 7, 8, 0}},
	} {
		t.Run(name, func(t *testing.T) {
			x, err := fromGorgonia(c.in)
			require.NoError(t, err)
			require.ElementsMatch(t, c.shape, x.Shape())
			got, err := tconv.Data[float32](x)
			require.NoError(t, err)
			require.Equal(t, c.want, got)
		})
	}
	ints, err := fromGorgonia(tensor.New(tensor.WithBacking([]int{1, math.MaxInt32})))
	require.NoError(t, err)
	require.Equal(t, tconv.Int64, ints.DType())
}

func TestTensorErrors(t *testing.T) {
	masked := vector(1, 2)
	masked.SetMask([]bool{true, false})
	for name, in := range map[string]tensor.Tensor{
		"nil":           nil,
		"nil of a type": (*tensor.Dense)(nil),
		"nil sparse":    (*tensor.CS)(nil),
		"masked":        masked,
		"pointers":      tensor.New(tensor.WithBacking([]uintptr{1})),
		"unsafe":        tensor.New(tensor.WithBacking([]unsafe.Pointer{nil})),
	} {
		_, err := fromGorgonia(in)
		require.ErrorIs(t, err, tconv.ErrUnsupported, name)
	}
	for _, x := range []struct {
		dtype tconv.DType
		shape []int
		data  []byte
	}{
		{tconv.Float32, []int{0, 3}, nil},
		{tconv.Float16, []int{1}, []byte{0, 0}},
		{ops.BFloat16, []int{1}, []byte{0, 0}},
	} {
		v, err := tconv.FromBytes(x.dtype, x.data, x.shape...)
		require.NoError(t, err)
		_, err = toGorgonia(v)
		require.ErrorIs(t, err, tconv.ErrUnsupported, "%v", v)
	}
}
