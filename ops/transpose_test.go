package ops

import (
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestTranspose(t *testing.T) {
	x := Of([]int32{1, 2, 3, 4, 5, 6}, 2, 3)
	got := opCase{op: "Transpose", inputs: []*Tensor{x}}.mustRun(t)[0]
	require.Equal(t, Shape{3, 2}, got.Shape())
	require.Equal(t, []int32{1, 4, 2, 5, 3, 6}, Data[int32](got))

	scalar := opCase{op: "Transpose", inputs: []*Tensor{Of([]bool{true})}}.mustRun(t)[0]
	require.Equal(t, Scalar(), scalar.Shape())
}

func TestTransposeRandom(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 1))
	for round := range 200 {
		d := DType(1 + round%int(Int2))
		shape := randomShape(r, r.IntN(6))
		if round%5 == 0 && len(shape) > 1 {
			shape[r.IntN(len(shape))] = 40 // several tiles
		}
		perm := shuffled(r, len(shape))
		x := counted(d, shape...)
		got := opCase{op: "Transpose", attrs: []Attr{IntsAttr("perm", perm...)}, inputs: []*Tensor{x}}.mustRun(t)[0]
		requireMoved(t, got, x, func(index []int) []int {
			from := make([]int, len(index))
			for i, p := range perm {
				from[p] = index[i]
			}
			return from
		})
		op := &transpose{perm}
		if needs := op.Share([]Spec{x.Spec()}); len(needs.Views) > 0 {
			require.Equal(t, x.Bytes(), got.Bytes(), "perm %v of %v is called a view", perm, shape)
		}
	}
}

func TestTransposeErrors(t *testing.T) {
	x := []*Tensor{Of([]int32{1, 2}, 1, 2)}
	opCase{op: "Transpose", attrs: []Attr{IntsAttr("perm", 0, 0)}, inputs: x}.mustFail(t, "perm is [0 0], want each of 0 to 1 once")
	opCase{op: "Transpose", attrs: []Attr{IntsAttr("perm", 0, 2)}, inputs: x}.mustFail(t, "perm is [0 2]")
	opCase{op: "Transpose", attrs: []Attr{IntsAttr("perm", -1, 0)}, inputs: x}.mustFail(t, "perm is [-1 0]")
	opCase{op: "Transpose", attrs: []Attr{IntsAttr("perm", 0, 1, 2)}, inputs: x}.mustFail(t, "perm [0 1 2] has 3 axes, data has shape [1, 2]")
}
