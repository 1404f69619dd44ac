package ops

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestCompare(t *testing.T) {
	checkCompare[float32](t)
	checkCompare[float64](t)
	checkCompare[int8](t)
	checkCompare[int32](t)
	checkCompare[int64](t)
	checkCompare[uint8](t)
	checkCompare[uint16](t)
	checkCompare[uint64](t)
	nan := Of([]float32{nan32}, 1)
	for _, op := range []string{"Equal", "Less", "LessOrEqual", "Greater", "GreaterOrEqual"} {
		require.Equal(t, []bool{false}, Data[bool](opCase{op: op, inputs: []*Tensor{nan, nan}}.mustRun(t)[0]), "%s of NaN", op)
	}
	words := opCase{op: "Equal", inputs: []*Tensor{OfStrings([]string{"a", "b"}, 2), OfStrings([]string{"b"}, 1)}}.mustRun(t)
	require.Equal(t, []bool{false, true}, Data[bool](words[0]))
	opCase{op: "Less", inputs: []*Tensor{Of([]bool{true}, 1), Of([]bool{true}, 1)}}.mustFail(t, "A is tensor(bool), want one of")
}

func checkCompare[T Number](t *testing.T) {
	t.Helper()
	checkPairs(t, "Equal", same[T], func(a, b T) bool { return a == b })
	checkPairs(t, "Less", same[T], func(a, b T) bool { return a < b })
	checkPairs(t, "LessOrEqual", same[T], func(a, b T) bool { return a <= b })
	checkPairs(t, "Greater", same[T], func(a, b T) bool { return a > b })
	checkPairs(t, "GreaterOrEqual", same[T], func(a, b T) bool { return a >= b })
}

func TestLogic(t *testing.T) {
	a, b := Of([]bool{false, false, true, true}, 2, 2), Of([]bool{false, true}, 2)
	for op, want := range map[string][]bool{
		"And": {false, false, false, true}, "Or": {false, true, true, true},
		"Xor": {false, true, true, false}, "Equal": {true, false, false, true},
	} {
		require.Equal(t, want, Data[bool](opCase{op: op, inputs: []*Tensor{a, b}}.mustRun(t)[0]), op)
	}
	require.Equal(t, []bool{true, false}, Data[bool](opCase{op: "Not", inputs: []*Tensor{b}}.mustRun(t)[0]))
	opCase{op: "And", inputs: []*Tensor{Of([]int8{1}, 1), Of([]int8{1}, 1)}}.mustFail(t, "A is tensor(int8), want one of [bool]")
}
