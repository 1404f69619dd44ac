package ops

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestStringNormalizer(t *testing.T) {
	x := OfStrings([]string{"Monday", "monday", "", "Éa", "tuesday"}, 5)
	run := func(x *Tensor, attrs ...Attr) *Tensor {
		return opCase{op: "StringNormalizer", attrs: attrs, inputs: []*Tensor{x}}.mustRun(t)[0]
	}
	stop := StringsAttr("stopwords", "Monday")
	require.Equal(t, []string{"", "Éa", "tuesday"}, run(x, stop, StringAttr("locale", "en_US")).strings)
	require.Equal(t, []string{"monday", "", "Éa", "tuesday"}, run(x, stop, IntAttr("is_case_sensitive", 1)).strings)
	require.Equal(t, []string{"", "ÉA", "TUESDAY"}, run(x, stop, StringAttr("case_change_action", "UPPER")).strings)
	require.Equal(t, []string{"monday", "monday", "", "éa", "tuesday"}, run(x, StringAttr("case_change_action", "LOWER")).strings)
	left := run(OfStrings([]string{"monday"}, 1, 1), stop)
	require.Equal(t, Shape{1, 1}, left.shape)
	require.Equal(t, []string{""}, left.strings, "nothing is left")
	require.Equal(t, []string{""}, run(OfStrings(nil, 0)).strings)

	opCase{op: "StringNormalizer", inputs: []*Tensor{OfStrings([]string{"a", "b"}, 2, 1)}}.mustFail(t, "X has shape [2, 1], want [C] or [1, C]")
	opCase{op: "StringNormalizer", inputs: []*Tensor{ramp(1)}}.mustFail(t, "X is tensor(float)")
	opCase{op: "StringNormalizer", attrs: []Attr{StringAttr("case_change_action", "x")}, inputs: []*Tensor{x}}.mustFail(t, "attribute case_change_action is \"x\"")
}

func TestStringConcat(t *testing.T) {
	x, y := OfStrings([]string{"a", "b"}, 2, 1), OfStrings([]string{"x", "", "z"}, 3)
	out := opCase{op: "StringConcat", inputs: []*Tensor{x, y}}.mustRun(t)[0]
	require.Equal(t, Shape{2, 3}, out.shape)
	require.Equal(t, []string{"ax", "a", "az", "bx", "b", "bz"}, out.strings)
	empty := opCase{op: "StringConcat", inputs: []*Tensor{x, OfStrings(nil, 0)}}.mustRun(t)[0]
	require.Equal(t, Shape{2, 0}, empty.shape)
	opCase{op: "StringConcat", inputs: []*Tensor{x, ramp(1)}}.mustFail(t, "Y is tensor(float)")
	opCase{op: "StringConcat", inputs: []*Tensor{y, OfStrings([]string{"a", "b"}, 2)}}.mustFail(t, "do not broadcast")
}

func TestStringSplit(t *testing.T) {
	run := func(x []string, attrs ...Attr) ([]string, []int64) {
		out := opCase{op: "StringSplit", attrs: attrs, inputs: []*Tensor{OfStrings(x, len(x))}, outputs: 2}.mustRun(t)
		require.Equal(t, 2, out[0].shape.Rank())
		return out[0].strings, Data[int64](out[1])
	}
	y, z := run([]string{"a,b,,c", "", "x"}, StringAttr("delimiter", ","))
	require.Equal(t, []string{"a", "b", "", "c", "", "", "", "", "x", "", "", ""}, y)
	require.Equal(t, []int64{4, 1, 1}, z)
	y, z = run([]string{"ab", "xabyab"}, StringAttr("delimiter", "ab"), IntAttr("maxsplit", 1))
	require.Equal(t, []string{"", "", "x", "yab"}, y)
	require.Equal(t, []int64{2, 2}, z)
	y, z = run([]string{"  a b\tc  ", " "})
	require.Equal(t, []string{"a", "b", "c", "", "", ""}, y)
	require.Equal(t, []int64{3, 0}, z)
	y, _ = run([]string{"  a b\tc  "}, IntAttr("maxsplit", 1))
	require.Equal(t, []string{"a", "b\tc"}, y)
	y, _ = run([]string{"a b"}, IntAttr("maxsplit", 0))
	require.Equal(t, []string{"a b"}, y)
	empty := opCase{op: "StringSplit", inputs: []*Tensor{OfStrings(nil, 0)}, outputs: 2}.mustRun(t)
	require.Equal(t, Shape{0, 0}, empty[0].shape)
	opCase{op: "StringSplit", inputs: []*Tensor{ramp(1)}}.mustFail(t, "X is tensor(float)")
}

func TestRegexFullMatch(t *testing.T) {
	x := OfStrings([]string{"abc", "xabc", "ab", "a\nbc"}, 2, 2)
	run := func(pattern string) []bool {
		return Data[bool](opCase{op: "RegexFullMatch", attrs: []Attr{StringAttr("pattern", pattern)}, inputs: []*Tensor{x}}.mustRun(t)[0])
	}
	require.Equal(t, []bool{true, false, true, false}, run("abc|ab"))
	require.Equal(t, []bool{true, false, true, false}, run("a.*"))
	require.Equal(t, []bool{true, false, true, true}, run("(?s)A.*|a.*"))
	require.Equal(t, Shape{0}, opCase{op: "RegexFullMatch", inputs: []*Tensor{OfStrings(nil, 0)}}.mustRun(t)[0].shape)
	opCase{op: "RegexFullMatch", attrs: []Attr{StringAttr("pattern", "a)(b")}, inputs: []*Tensor{x}}.mustFail(t, `pattern is "a)(b"`)
	opCase{op: "RegexFullMatch", inputs: []*Tensor{ramp(1)}}.mustFail(t, "X is tensor(float)")
}
