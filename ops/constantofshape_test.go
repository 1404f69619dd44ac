package ops

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestConstantOfShape(t *testing.T) {
	zeros := opCase{op: "ConstantOfShape", inputs: []*Tensor{OfInts([]int{2, 3})}}.mustRun(t)[0]
	require.Equal(t, Shape{2, 3}, zeros.Shape())
	require.Equal(t, make([]float32, 6), Data[float32](zeros))

	scalar := opCase{op: "ConstantOfShape", inputs: []*Tensor{OfInts(nil)}}.mustRun(t)[0]
	require.Equal(t, Scalar(), scalar.Shape())

	for d := Float32; d <= Int2; d++ {
		value := counted(d, 1)
		for _, dims := range [][]int{{3, 5}, {0, 2}, {9}} {
			got := opCase{op: "ConstantOfShape", attrs: []Attr{TensorAttr("value", value)}, inputs: []*Tensor{OfInts(dims)}}.mustRun(t)[0]
			requireMoved(t, got, value, func([]int) []int { return []int{0} })
		}
	}
}

func TestConstantOfShapeErrors(t *testing.T) {
	two := TensorAttr("value", Of([]float32{1, 2}, 2))
	opCase{op: "ConstantOfShape", attrs: []Attr{two}, inputs: []*Tensor{OfInts(nil)}}.mustFail(t, "value has shape [2], want one element")
	opCase{op: "ConstantOfShape", inputs: []*Tensor{OfInts([]int{-1})}}.mustFail(t, "has the dimension -1")
	opCase{op: "ConstantOfShape", inputs: []*Tensor{OfInts([]int{1 << 30, 1 << 30, 1 << 30})}}.mustFail(t, "limit exceeded")
	opCase{op: "ConstantOfShape", inputs: []*Tensor{Of([]int64{1})}}.mustFail(t, "input has shape [], want rank 1")
	opCase{op: "ConstantOfShape", inputs: []*Tensor{Of([]float32{1}, 1)}}.mustFail(t, "input is tensor(float)")
}
