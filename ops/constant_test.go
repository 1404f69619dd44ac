package ops

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestConstant(t *testing.T) {
	half := counted(Float16, 2, 2)
	for _, c := range []struct {
		attr Attr
		want *Tensor
	}{
		{TensorAttr("value", half), half},
		{IntAttr("value_int", -7), Of([]int64{-7})},
		{IntsAttr("value_ints", 1, 2), Of([]int64{1, 2}, 2)},
		{IntsAttr("value_ints"), Of([]int64{}, 0)},
		{FloatAttr("value_float", 0.5), Of([]float32{0.5})},
		{FloatsAttr("value_floats", 1, 2), Of([]float32{1, 2}, 2)},
		{StringAttr("value_string", "a"), OfStrings([]string{"a"})},
		{StringsAttr("value_strings", "a", "b"), OfStrings([]string{"a", "b"}, 2)},
	} {
		got := opCase{op: "Constant", attrs: []Attr{c.attr}}.mustRun(t)[0]
		require.Equal(t, c.want.String(), got.String(), c.attr.Name)
		require.Equal(t, c.want.Bytes(), got.Bytes(), c.attr.Name)
		require.Equal(t, c.want.Strings(), got.Strings(), c.attr.Name)
	}
}

func TestConstantErrors(t *testing.T) {
	opCase{op: "Constant"}.mustFail(t, "0 values are given, want exactly 1")
	opCase{op: "Constant", attrs: []Attr{IntAttr("value_int", 1), FloatAttr("value_float", 1)}}.mustFail(t, "2 values are given")
	opCase{op: "Constant", attrs: []Attr{{Name: "sparse_value", Kind: AttrSparse}}}.mustFail(t, "attribute sparse_value is given, want a dense value")
	opCase{op: "Constant", attrs: []Attr{IntAttr("value", 1)}}.mustFail(t, "attribute value is of type int, want tensor")
	opCase{op: "Constant", attrs: []Attr{TensorAttr("value", nil)}}.mustFail(t, "want exactly 1")
}
