package ops

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestBitCast(t *testing.T) {
	to := func(d DType) []Attr { return []Attr{IntAttr("to", int(d))} }
	got := opCase{op: "BitCast", attrs: to(Uint32), inputs: []*Tensor{Of([]float32{1, -2}, 2)}}.mustRun(t)[0]
	require.Equal(t, []uint32{0x3F800000, 0xC0000000}, Data[uint32](got))
	b := opCase{op: "BitCast", attrs: to(Bool), inputs: []*Tensor{Of([]uint8{0, 1, 7}, 3)}}.mustRun(t)[0]
	require.Equal(t, []byte{0, 1, 1}, b.Bytes())
	packed := counted(Uint4, 5)
	require.Equal(t, packed.Bytes(), opCase{op: "BitCast", attrs: to(Float4E2M1), inputs: []*Tensor{packed}}.mustRun(t)[0].Bytes())

	x := []*Tensor{Of([]float32{1}, 1)}
	opCase{op: "BitCast", inputs: x}.mustFail(t, "attribute to is missing")
	opCase{op: "BitCast", attrs: to(Int64), inputs: x}.mustFail(t, "input is tensor(float) and to is int64, want types of one width")
	opCase{op: "BitCast", attrs: to(String), inputs: []*Tensor{counted(String, 1)}}.mustFail(t, "want types of one width")
}
