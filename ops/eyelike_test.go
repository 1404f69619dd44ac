package ops

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestEyeLike(t *testing.T) {
	x := counted(Int32, 2, 3)
	for _, c := range []struct {
		k    int
		want []int32
	}{
		{0, []int32{1, 0, 0, 0, 1, 0}}, {1, []int32{0, 1, 0, 0, 0, 1}}, {2, []int32{0, 0, 1, 0, 0, 0}}, {-1, []int32{0, 0, 0, 1, 0, 0}},
		{3, make([]int32, 6)}, {-2, make([]int32, 6)}, {math.MaxInt, make([]int32, 6)}, {math.MinInt, make([]int32, 6)},
	} {
		got := opCase{op: "EyeLike", attrs: []Attr{IntAttr("k", c.k)}, inputs: []*Tensor{x}}.mustRun(t)[0]
		require.Equal(t, c.want, Data[int32](got), "k %d", c.k)
	}
	for _, d := range []DType{Float32, Float64, Float16, BFloat16, Uint8, Bool} {
		got := opCase{op: "EyeLike", attrs: []Attr{IntAttr("dtype", int(d))}, inputs: []*Tensor{x}}.mustRun(t)[0]
		require.Equal(t, []float64{1, 0, 0, 0, 1, 0}, Data[float64](castTo(t, got, Float64)))
	}
}

func TestEyeLikeErrors(t *testing.T) {
	opCase{op: "EyeLike", inputs: []*Tensor{counted(Int8, 3)}}.mustFail(t, "input has shape [3], want rank 2")
	opCase{op: "EyeLike", inputs: []*Tensor{counted(String, 3, 3)}}.mustFail(t, "output is tensor(string), want a number or bool")
}
