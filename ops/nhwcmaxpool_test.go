package ops

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// The numbers are onnxruntime 1.30's.
func TestNhwcMaxPool(t *testing.T) {
	x := []uint8{121, 131, 193, 243, 8, 36, 210, 242, 63, 79, 222, 108, 69, 211, 65, 104, 164, 140, 21, 7, 221, 192, 214, 137}
	square := IntsAttr("kernel_shape", 2, 2)
	for name, c := range map[string]struct {
		attrs []Attr
		shape Shape
		want  []uint8
	}{
		"plain": {[]Attr{square}, Shape{1, 2, 3, 2}, []uint8{222, 243, 222, 243, 210, 242, 222, 140, 222, 211, 221, 211}},
		"pads": {[]Attr{square, IntsAttr("strides", 2, 2), IntsAttr("pads", 1, 1, 0, 0)}, Shape{1, 2, 2, 2},
			[]uint8{121, 131, 193, 243, 164, 140, 222, 211}},
		"ceil_mode": {[]Attr{square, IntsAttr("strides", 2, 2), IntAttr("ceil_mode", 1)}, Shape{1, 2, 2, 2},
			[]uint8{222, 243, 210, 242, 164, 140, 221, 192}},
		"dilations": {[]Attr{square, IntsAttr("dilations", 2, 1)}, Shape{1, 1, 3, 2}, []uint8{193, 243, 221, 243, 221, 242}},
		"auto_pad": {[]Attr{IntsAttr("kernel_shape", 3, 3), StringAttr("auto_pad", "SAME_UPPER"), IntsAttr("strides", 2, 2)}, Shape{1, 2, 2, 2},
			[]uint8{222, 243, 210, 242, 222, 211, 221, 211}},
	} {
		got := microsoft("NhwcMaxPool", []*Tensor{Of(x, 1, 3, 4, 2)}, c.attrs...).mustRun(t)[0]
		require.Equal(t, c.shape, got.shape, name)
		require.Equal(t, c.want, Data[uint8](got), name)
	}
	signed := make([]int8, len(x))
	for i, v := range x {
		signed[i] = int8(v)
	}
	got := microsoft("NhwcMaxPool", []*Tensor{Of(signed, 1, 3, 4, 2)}, square).mustRun(t)[0]
	require.Equal(t, []int8{121, 108, 69, 108, 69, 104, 63, 108, 69, 108, 69, 104}, Data[int8](got))
	got = microsoft("NhwcMaxPool", []*Tensor{NewTensor(Uint8, Shape{0, 3, 4, 2})}, square).mustRun(t)[0]
	require.Equal(t, Shape{0, 2, 3, 2}, got.shape)

	microsoft("NhwcMaxPool", []*Tensor{NewTensor(Float32, Shape{1, 3, 4, 2})}, square).mustFail(t, "x is tensor(float)")
	microsoft("NhwcMaxPool", []*Tensor{NewTensor(Uint8, Shape{3, 4})}, square).mustFail(t, "want rank 3 or more")
	microsoft("NhwcMaxPool", []*Tensor{NewTensor(Uint8, Shape{1, 3, 4, 2})}).mustFail(t, "kernel_shape is missing")
	microsoft("NhwcMaxPool", []*Tensor{NewTensor(Uint8, Shape{1, 3, 2})}, square).mustFail(t, "kernel_shape")
}
