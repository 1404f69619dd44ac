package ops

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestIsNaN(t *testing.T) {
	x := Of([]float32{nan32, inf32, -inf32, 0, 3e38}, 5)
	d := Of([]float64{nan64(), 1, 1e308}, 3)
	is := func(op string, x *Tensor, attrs ...Attr) []bool {
		return Data[bool](opCase{op: op, attrs: attrs, inputs: []*Tensor{x}}.mustRun(t)[0])
	}
	require.Equal(t, []bool{true, false, false, false, false}, is("IsNaN", x))
	require.Equal(t, []bool{true, false, false}, is("IsNaN", d))
	require.Equal(t, []bool{false, true, true, false, false}, is("IsInf", x))
	require.Equal(t, []bool{false, true, false, false, false}, is("IsInf", x, IntAttr("detect_negative", 0)))
	require.Equal(t, []bool{false, false, true, false, false}, is("IsInf", x, IntAttr("detect_positive", 0)))
	require.Equal(t, []bool{false, false, false}, is("IsInf", d))
	require.Empty(t, is("IsNaN", NewTensor(Float32, Shape{0})))
	opCase{op: "IsNaN", inputs: []*Tensor{Of([]int32{1}, 1)}}.mustFail(t, "X is tensor(int32), want one of")
}
