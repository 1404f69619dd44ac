package ops

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestArgMax(t *testing.T) {
	x := Of([]float32{1, 3, 3, 0, 2, 1, 1, 0}, 2, 4)
	for _, c := range []struct {
		op    string
		attrs []Attr
		want  []int64
		shape Shape
	}{
		{"ArgMax", []Attr{IntAttr("axis", 1)}, []int64{1, 0}, Shape{2, 1}},
		{"ArgMax", []Attr{IntAttr("axis", -1), IntAttr("select_last_index", 1), IntAttr("keepdims", 0)}, []int64{2, 0}, Shape{2}},
		{"ArgMax", nil, []int64{1, 0, 0, 0}, Shape{1, 4}},
		{"ArgMin", nil, []int64{0, 1, 1, 0}, Shape{1, 4}},
		{"ArgMin", []Attr{IntAttr("select_last_index", 1)}, []int64{0, 1, 1, 1}, Shape{1, 4}},
	} {
		got := opCase{op: c.op, attrs: c.attrs, inputs: []*Tensor{x}}.mustRun(t)[0]
		require.Equal(t, c.shape, got.Shape())
		require.Equal(t, c.want, Data[int64](got), "%v", c)
	}
}

func TestArgMaxNaN(t *testing.T) {
	nan := float32(math.NaN())
	for _, op := range []string{"ArgMax", "ArgMin"} {
		x := []*Tensor{Of([]float32{2, nan, 1, nan, 3}, 5)}
		require.Equal(t, int64(1), Data[int64](opCase{op: op, inputs: x}.mustRun(t)[0])[0])
		require.Equal(t, int64(3), Data[int64](opCase{op: op, attrs: []Attr{IntAttr("select_last_index", 1)}, inputs: x}.mustRun(t)[0])[0])
	}
}

func TestArgMaxRandom(t *testing.T) {
	r := rand.New(rand.NewPCG(13, 13))
	for range 200 {
		shape := randomShape(r, 1+r.IntN(4))
		axis := r.IntN(len(shape))
		if shape[axis] == 0 {
			continue
		}
		if r.IntN(5) == 0 {
			shape[r.IntN(len(shape))] = 70
		}
		x := NewTensor(Int16, shape)
		for i := range x.Len() {
			Data[int16](x)[i] = int16(r.IntN(5))
		}
		got := opCase{op: "ArgMax", attrs: []Attr{IntAttr("axis", axis)}, inputs: []*Tensor{x}}.mustRun(t)[0]
		forEachIndex(got.shape, func(i int, index []int) {
			best := 0
			for k := range shape[axis] {
				index[axis] = k
				v := Data[int16](x)[offsetOf(shape, index)]
				index[axis] = best
				if v > Data[int16](x)[offsetOf(shape, index)] {
					best = k
				}
			}
			index[axis] = 0
			require.Equal(t, int64(best), Data[int64](got)[i])
		})
	}
}

func TestArgMaxErrors(t *testing.T) {
	opCase{op: "ArgMax", inputs: []*Tensor{Of([]bool{true}, 1)}}.mustFail(t, "data is tensor(bool)")
	opCase{op: "ArgMax", inputs: []*Tensor{Of([]int8{1})}}.mustFail(t, "axis is 0")
	opCase{op: "ArgMax", inputs: []*Tensor{counted(Int8, 0, 2)}}.mustFail(t, "axis 0 of data of shape [0, 2] is empty, want at least 1 element")
	require.Equal(t, Shape{1, 0}, opCase{op: "ArgMin", inputs: []*Tensor{counted(Int8, 2, 0)}}.mustRun(t)[0].Shape())
	opCase{op: "ArgMax", opset: 11, attrs: []Attr{IntAttr("select_last_index", 1)}, inputs: []*Tensor{Of([]int8{1}, 1)}}.mustFail(t, "select_last_index=1 is not known")
}
