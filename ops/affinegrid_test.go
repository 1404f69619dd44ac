package ops

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestAffineGrid(t *testing.T) {
	// x' is doubled, y' moved by 1.
	theta := Of([]float32{2, 0, 0, 0, 1, 1}, 1, 2, 3)
	c := opCase{op: "AffineGrid", inputs: []*Tensor{theta, OfInts([]int{1, 3, 2, 2})}}
	require.Equal(t, []float32{-1, 0.5, 1, 0.5, -1, 1.5, 1, 1.5}, Data[float32](c.mustRun(t)[0]))
	c.attrs = []Attr{IntAttr("align_corners", 1)}
	require.Equal(t, []float32{-2, 0, 2, 0, -2, 2, 2, 2}, Data[float32](c.mustRun(t)[0]))

	solid := Of([]float64{1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 5}, 1, 3, 4)
	out := opCase{op: "AffineGrid", inputs: []*Tensor{solid, OfInts([]int{1, 1, 1, 2, 2})}}.mustRun(t)
	require.Equal(t, Shape{1, 1, 2, 2, 3}, out[0].Shape())
	require.Equal(t, []float64{-0.5, -0.5, 5, 0.5, -0.5, 5, -0.5, 0.5, 5, 0.5, 0.5, 5}, Data[float64](out[0]), "x, y, z; z' is 0")
	empty := opCase{op: "AffineGrid", inputs: []*Tensor{theta, OfInts([]int{1, 3, 0, 2})}}.mustRun(t)
	require.Equal(t, Shape{1, 0, 2, 2}, empty[0].Shape())
}

func TestAffineGridErrors(t *testing.T) {
	theta := NewTensor(Float32, Shape{1, 2, 3})
	opCase{op: "AffineGrid", inputs: []*Tensor{theta, OfInts([]int{1, 1, 2})}}.mustFail(t, "want [N, C, H, W] or [N, C, D, H, W]")
	opCase{op: "AffineGrid", inputs: []*Tensor{theta, OfInts([]int{2, 1, 2, 2})}}.mustFail(t, "theta has shape [1, 2, 3], want [2, 2, 3]")
	opCase{op: "AffineGrid", inputs: []*Tensor{theta, OfInts([]int{1, 1, -2, 2})}}.mustFail(t, "want values of 0 to")
	opCase{op: "AffineGrid", inputs: []*Tensor{NewTensor(Int8, Shape{1, 2, 3}), OfInts([]int{1, 1, 2, 2})}}.mustFail(t, "theta is tensor(int8)")
}
