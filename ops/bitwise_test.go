package ops

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestBitwise(t *testing.T) {
	checkPairs(t, "BitwiseAnd", same[int8], func(a, b int8) int8 { return a & b })
	checkPairs(t, "BitwiseOr", same[uint16], func(a, b uint16) uint16 { return a | b })
	checkPairs(t, "BitwiseXor", same[int64], func(a, b int64) int64 { return a ^ b })
	not := opCase{op: "BitwiseNot", inputs: []*Tensor{Of([]uint8{0, 0x0F, 255}, 3)}}.mustRun(t)
	require.Equal(t, []uint8{255, 0xF0, 0}, Data[uint8](not[0]))
	opCase{op: "BitwiseAnd", inputs: []*Tensor{Of([]float32{1}, 1), Of([]float32{1}, 1)}}.mustFail(t, "A is tensor(float), want one of")
}

func TestBitShift(t *testing.T) {
	x, y := Of([]uint8{16, 4, 1, 255}, 4), Of([]uint8{1, 2, 3, 200}, 4)
	shift := func(d string) opCase {
		return opCase{op: "BitShift", attrs: []Attr{StringAttr("direction", d)}, inputs: []*Tensor{x, y}}
	}
	require.Equal(t, []uint8{32, 16, 8, 0}, Data[uint8](shift("LEFT").mustRun(t)[0]))
	require.Equal(t, []uint8{8, 1, 0, 0}, Data[uint8](shift("RIGHT").mustRun(t)[0]))
	shift("UP").mustFail(t, `attribute direction is "UP"`)
	opCase{op: "BitShift", inputs: []*Tensor{x, y}}.mustFail(t, "attribute direction is missing")
}
