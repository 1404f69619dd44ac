package ops

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestSplit(t *testing.T) {
	x := Of([]int32{1, 2, 3, 4, 5, 6}, 2, 3)
	axis := IntAttr("axis", -1)
	for _, oc := range []opCase{
		{op: "Split", attrs: []Attr{axis}, inputs: []*Tensor{x, OfInts([]int{1, 2})}, outputs: 2},
		{op: "Split", opset: 13, attrs: []Attr{axis}, inputs: []*Tensor{x, OfInts([]int{1, 2})}, outputs: 2},
		{op: "Split", opset: 2, attrs: []Attr{axis, IntsAttr("split", 1, 2)}, inputs: []*Tensor{x}, outputs: 2},
	} {
		got := oc.mustRun(t)
		require.Equal(t, []int32{1, 4}, Data[int32](got[0]))
		require.Equal(t, []int32{2, 3, 5, 6}, Data[int32](got[1]))
	}
}

func TestSplitEqual(t *testing.T) {
	for _, c := range []struct {
		opset, size, parts int
		want               string
	}{
		{11, 6, 3, "[2] [2] [2]"}, {13, 6, 3, "[2] [2] [2]"}, {18, 6, 3, "[2] [2] [2]"}, {13, 0, 2, "[0] [0]"},
		{18, 7, 3, "[3] [3] [1]"}, {18, 3, 2, "[2] [1]"},
	} {
		oc := opCase{op: "Split", opset: c.opset, inputs: []*Tensor{counted(Int8, c.size)}, outputs: c.parts}
		if c.opset >= 18 {
			oc.attrs = []Attr{IntAttr("num_outputs", c.parts)}
		}
		var shapes []string
		for _, y := range oc.mustRun(t) {
			shapes = append(shapes, y.Shape().String())
		}
		require.Equal(t, "["+c.want+"]", fmt.Sprint(shapes), c)
	}
}

// TestSplitUndoesConcat splits what was put together.
func TestSplitUndoesConcat(t *testing.T) {
	r := rand.New(rand.NewPCG(11, 11))
	for _, d := range movable() {
		shape := randomShape(r, 1+r.IntN(4))
		axis := r.IntN(len(shape))
		var parts []*Tensor
		var sizes []int
		for range 1 + r.IntN(4) {
			s := slices.Clone(shape)
			s[axis] = r.IntN(4)
			parts, sizes = append(parts, counted(d, s...)), append(sizes, s[axis])
		}
		a := []Attr{IntAttr("axis", axis)}
		whole := opCase{op: "Concat", attrs: a, inputs: parts}.mustRun(t)[0]
		got := opCase{op: "Split", attrs: a, inputs: []*Tensor{whole, OfInts(sizes)}, outputs: len(parts)}.mustRun(t)
		for i := range parts {
			require.Equal(t, parts[i].String(), got[i].String())
			require.Equal(t, parts[i].Bytes(), got[i].Bytes())
			require.Equal(t, parts[i].Strings(), got[i].Strings())
		}
	}
}

func TestSplitOmittedOutput(t *testing.T) {
	x := counted(Int32, 4)
	op := &split{outputs: 2}
	second := NewTensor(Int32, Shape{2})
	require.NoError(t, op.Run(NewCall(t.Context(), nil), []*Tensor{x}, []*Tensor{nil, second}))
	require.Equal(t, []int32{2, 3}, Data[int32](second))
}

func TestSplitErrors(t *testing.T) {
	x := counted(Int32, 5)
	opCase{op: "Split", opset: 13, inputs: []*Tensor{x}, outputs: 2}.mustFail(t, "the axis has 5 elements, which do not make 2 equal parts")
	opCase{op: "Split", attrs: []Attr{IntAttr("num_outputs", 4)}, inputs: []*Tensor{x}, outputs: 4}.mustFail(t, "which do not make 4 equal parts")
	opCase{op: "Split", attrs: []Attr{IntAttr("num_outputs", 3)}, inputs: []*Tensor{x}, outputs: 2}.mustFail(t, "num_outputs is 3, there are 2 outputs")
	opCase{op: "Split", inputs: []*Tensor{x}, outputs: 2}.mustFail(t, "want exactly one of them")
	opCase{op: "Split", attrs: []Attr{IntAttr("num_outputs", 2)}, inputs: []*Tensor{x, OfInts([]int{2, 3})}, outputs: 2}.mustFail(t, "want exactly one of them")
	opCase{op: "Split", inputs: []*Tensor{x, OfInts([]int{2, 2})}, outputs: 2}.mustFail(t, "split [2 2] leaves 1 of axis 0 of input of shape [5], want 0")
	opCase{op: "Split", inputs: []*Tensor{x, OfInts([]int{6, -1})}, outputs: 2}.mustFail(t, "split is [6 -1], want parts of axis 0")
	opCase{op: "Split", inputs: []*Tensor{x, OfInts([]int{5})}, outputs: 2}.mustFail(t, "split [5] has 1 parts, there are 2 outputs")
	opCase{op: "Split", attrs: []Attr{IntAttr("axis", 1)}, inputs: []*Tensor{x, OfInts([]int{5})}}.mustFail(t, "axis is 1, want one in [-1, 1)")
}
