package ops

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestTile(t *testing.T) {
	x := Of([]int8{1, 2, 3, 4}, 2, 2)
	got := opCase{op: "Tile", inputs: []*Tensor{x, OfInts([]int{1, 2})}}.mustRun(t)[0]
	require.Equal(t, Shape{2, 4}, got.Shape())
	require.Equal(t, []int8{1, 2, 1, 2, 3, 4, 3, 4}, Data[int8](got))
	require.Equal(t, Shape{0, 2}, opCase{op: "Tile", inputs: []*Tensor{x, OfInts([]int{0, 1})}}.mustRun(t)[0].Shape())
	require.Equal(t, []int8{7}, Data[int8](opCase{op: "Tile", inputs: []*Tensor{Of([]int8{7}), OfInts(nil)}}.mustRun(t)[0]))
}

func TestTileRandom(t *testing.T) {
	r := rand.New(rand.NewPCG(14, 14))
	for _, d := range movable() {
		for range 5 {
			x := counted(d, randomShape(r, r.IntN(5))...)
			repeats := make([]int, len(x.shape))
			for i := range repeats {
				repeats[i] = r.IntN(4)
			}
			got := opCase{op: "Tile", inputs: []*Tensor{x, OfInts(repeats)}}.mustRun(t)[0]
			requireMoved(t, got, x, func(index []int) []int {
				from := make([]int, len(index))
				for i, k := range index {
					from[i] = k % x.shape[i]
				}
				return from
			})
		}
	}
}

func TestTileErrors(t *testing.T) {
	x := counted(Int8, 2, 2)
	opCase{op: "Tile", inputs: []*Tensor{x, OfInts([]int{2})}}.mustFail(t, "repeats is [2], want a number for each axis of input of shape [2, 2]")
	opCase{op: "Tile", inputs: []*Tensor{x, OfInts([]int{2, -1})}}.mustFail(t, "repeats is [2 -1], want 0 or more")
	opCase{op: "Tile", inputs: []*Tensor{x, OfInts([]int{math.MaxInt, 1})}}.mustFail(t, "limit exceeded")
	opCase{op: "Tile", inputs: []*Tensor{x, OfInts([]int{math.MaxInt / 4, 4})}}.mustFail(t, "limit exceeded")
}
