package ops

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func lengths(t *Tensor) []int {
	var out []int
	for _, e := range t.Elems() {
		out = append(out, e.Len())
	}
	return out
}

func TestSequences(t *testing.T) {
	a, b, c := Of([]float32{1}, 1), Of([]float32{2, 3}, 2), Of([]float32{4, 5, 6}, 3)
	seq := opCase{op: "SequenceConstruct", inputs: []*Tensor{a, b}}.mustRun(t)[0]
	require.Equal(t, []int{1, 2}, lengths(seq))
	require.NotSame(t, &a.Bytes()[0], &seq.elems[0].Bytes()[0], "tensors are copied")
	insert := func(at ...int64) []int {
		in := []*Tensor{seq, c}
		if at != nil {
			in = append(in, Of(at, 1))
		}
		return lengths(opCase{op: "SequenceInsert", inputs: in}.mustRun(t)[0])
	}
	require.Equal(t, []int{1, 2, 3}, insert())
	require.Equal(t, []int{1, 2, 3}, insert(2))
	require.Equal(t, []int{1, 3, 2}, insert(1))
	require.Equal(t, []int{3, 1, 2}, insert(-2))
	erase := func(at ...int64) []int {
		in := []*Tensor{seq}
		if at != nil {
			in = append(in, Of(at))
		}
		return lengths(opCase{op: "SequenceErase", inputs: in}.mustRun(t)[0])
	}
	require.Equal(t, []int{1}, erase())
	require.Equal(t, []int{2}, erase(0))
	require.Equal(t, []int{2}, erase(-2))
	require.Equal(t, []float32{2, 3}, Data[float32](opCase{op: "SequenceAt", inputs: []*Tensor{seq, Of([]int32{-1})}}.mustRun(t)[0]))
	require.Equal(t, []int64{2}, Data[int64](opCase{op: "SequenceLength", inputs: []*Tensor{seq}}.mustRun(t)[0]))
	empty := opCase{op: "SequenceEmpty", attrs: []Attr{IntAttr("dtype", int(Int8))}}.mustRun(t)[0]
	require.Equal(t, "sequence(tensor(int8))", empty.String())

	opCase{op: "SequenceInsert", inputs: []*Tensor{seq, c, Of([]int64{3})}}.mustFail(t, "position is 3, want one in [-2, 2] for 2 members")
	opCase{op: "SequenceInsert", inputs: []*Tensor{empty, c}}.mustFail(t, "want one type")
	opCase{op: "SequenceErase", inputs: []*Tensor{empty}}.mustFail(t, "input_sequence has no members")
	opCase{op: "SequenceAt", inputs: []*Tensor{seq, Of([]int64{2})}}.mustFail(t, "position is 2, want one in [-2, 1]")
	opCase{op: "SequenceAt", inputs: []*Tensor{seq, Of([]int64{0, 1}, 2)}}.mustFail(t, "want one element")
	opCase{op: "SequenceAt", inputs: []*Tensor{a, Of([]int64{0})}}.mustFail(t, "input_sequence is a tensor, want a sequence")
	opCase{op: "SequenceConstruct", inputs: []*Tensor{a, Of([]int8{1})}}.mustFail(t, "want one type")
}

func TestSplitToSequence(t *testing.T) {
	x := Of([]float32{1, 2, 3, 4, 5, 6}, 3, 2)
	split := func(attrs []Attr, in ...*Tensor) *Tensor {
		return opCase{op: "SplitToSequence", inputs: append([]*Tensor{x}, in...), attrs: attrs}.mustRun(t)[0]
	}
	require.Equal(t, []int{2, 2, 2}, lengths(split(nil)))
	require.Equal(t, Shape{1, 2}, split(nil).elems[2].shape)
	flat := split([]Attr{IntAttr("keepdims", 0), IntAttr("axis", -1)})
	require.Equal(t, Shape{3}, flat.elems[1].shape)
	require.Equal(t, []float32{2, 4, 6}, Data[float32](flat.elems[1]))
	require.Equal(t, []int{4, 2}, lengths(split(nil, Of([]int64{2}))))
	require.Equal(t, []int{0, 6}, lengths(split([]Attr{IntAttr("keepdims", 0)}, Of([]int32{0, 3}, 2))))
	fail := func(want string, in ...*Tensor) {
		opCase{op: "SplitToSequence", inputs: append([]*Tensor{x}, in...)}.mustFail(t, want)
	}
	fail("split is 0, want 1 or more", Of([]int64{0}))
	fail("split [1 1] leaves 1 of 3 elements", Of([]int64{1, 1}, 2))
	fail("split is [4], want parts of an axis of 3 elements", Of([]int64{4}, 1))
	fail("split is [-1 4], want parts", Of([]int64{-1, 4}, 2))
}

func TestConcatFromSequence(t *testing.T) {
	seq := NewSequence(Float32, []*Tensor{Of([]float32{1, 2}, 1, 2), Of([]float32{3, 4}, 1, 2)})
	concat := func(axis, stack int) *Tensor {
		return opCase{op: "ConcatFromSequence", inputs: []*Tensor{seq}, attrs: []Attr{IntAttr("axis", axis), IntAttr("new_axis", stack)}}.mustRun(t)[0]
	}
	require.Equal(t, Shape{2, 2}, concat(0, 0).shape)
	require.Equal(t, []float32{1, 2, 3, 4}, Data[float32](concat(1, 0)))
	require.Equal(t, Shape{1, 2, 2}, concat(-1, 1).shape)
	require.Equal(t, []float32{1, 3, 2, 4}, Data[float32](concat(2, 1)))
	opCase{op: "ConcatFromSequence", inputs: []*Tensor{NewSequence(Float32, nil)}, attrs: []Attr{IntAttr("axis", 0)}}.mustFail(t, "no members")
	opCase{op: "ConcatFromSequence", inputs: []*Tensor{seq}, attrs: []Attr{IntAttr("axis", 4), IntAttr("new_axis", 1)}}.mustFail(t, "axis is 4")
	opCase{op: "ConcatFromSequence", inputs: []*Tensor{seq}}.mustFail(t, "attribute axis is missing")
	uneven := NewSequence(Float32, []*Tensor{Of([]float32{1, 2}, 1, 2), Of([]float32{3}, 1)})
	opCase{op: "ConcatFromSequence", inputs: []*Tensor{uneven}, attrs: []Attr{IntAttr("axis", 2), IntAttr("new_axis", 1)}}.mustFail(t, "member 1 has shape [1]")
}

func TestOptional(t *testing.T) {
	x := Of([]float32{1, 2}, 2)
	held := opCase{op: "Optional", inputs: []*Tensor{x}}.mustRun(t)[0]
	require.Equal(t, "optional(tensor(float))", held.String())
	seq := opCase{op: "Optional", inputs: []*Tensor{NewSequence(Int8, nil)}}.mustRun(t)[0]
	require.Equal(t, "optional(sequence(tensor(int8)))", seq.String())
	none := opCase{op: "Optional", attrs: []Attr{{Name: "type", Kind: AttrType, Type: &Spec{Kind: KindSequence, DType: Int8}}}}.mustRun(t)[0]
	require.Empty(t, none.Elems())
	require.Equal(t, seq.String(), none.String())

	has := func(in ...*Tensor) bool {
		return Data[bool](opCase{op: "OptionalHasElement", inputs: in}.mustRun(t)[0])[0]
	}
	require.True(t, has(held))
	require.True(t, has(seq))
	require.True(t, has(x))
	require.False(t, has(none))
	require.False(t, has())
	require.False(t, has(nil))

	get := func(in *Tensor) *Tensor { return opCase{op: "OptionalGetElement", inputs: []*Tensor{in}}.mustRun(t)[0] }
	require.Equal(t, []float32{1, 2}, Data[float32](get(held)))
	require.Equal(t, []float32{1, 2}, Data[float32](get(x)))
	require.Equal(t, KindSequence, get(seq).Kind())
	opCase{op: "OptionalGetElement", inputs: []*Tensor{none}}.mustFail(t, "input is an empty optional")
	opCase{op: "Optional"}.mustFail(t, "input and attribute type are missing")
	opCase{op: "Optional", inputs: []*Tensor{held}}.mustFail(t, "input is an optional")
}
