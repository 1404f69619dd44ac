package ops

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// The numbers of the first case are onnxruntime 1.30's.
func TestQLinearWhere(t *testing.T) {
	f := func(v float32) *Tensor { return Of([]float32{v}) }
	u := func(v uint8) *Tensor { return Of([]uint8{v}) }
	x := Of([]uint8{207, 21, 45, 60, 46, 205, 222, 149, 10, 24}, 2, 5)
	y := Of([]uint8{85, 110, 159, 122, 67}, 5)
	condition := Of([]bool{true, false}, 2, 1)
	in := func() []*Tensor {
		return []*Tensor{condition, x, f(0.05), u(10), y, f(0.03), u(128), f(0.04), u(100)}
	}
	got := microsoft("QLinearWhere", in()).mustRun(t)[0]
	require.Equal(t, Shape{2, 5}, got.shape)
	require.Equal(t, []uint8{255, 114, 144, 162, 145, 68, 87, 123, 96, 54}, Data[uint8](got))

	same := in() // nothing to bring to another scale
	same[2], same[3], same[5], same[6] = same[7], same[8], same[7], same[8]
	got = microsoft("QLinearWhere", same).mustRun(t)[0]
	require.Equal(t, []uint8{207, 21, 45, 60, 46, 85, 110, 159, 122, 67}, Data[uint8](got))

	empty := in()
	empty[1] = NewTensor(Uint8, Shape{0, 1, 5})
	require.Equal(t, Shape{0, 2, 5}, microsoft("QLinearWhere", empty).mustRun(t)[0].shape)

	fails := func(text string, at int, wrong *Tensor) {
		bad := in()
		bad[at] = wrong
		microsoft("QLinearWhere", bad).mustFail(t, text)
	}
	fails("condition is tensor(uint8)", 0, u(1))
	fails("X is tensor(float)", 1, f(1))
	fails("x_zero_point is tensor(int8)", 3, Of([]int8{1}))
	fails("Y is tensor(int8)", 4, Of([]int8{1}))
	fails("y_scale", 5, Of([]float32{1, 2}, 2))
	fails("z_scale", 7, Of([]float64{1}))
	fails("z_zero_point is missing", 8, nil)
	fails("[2]", 4, Of([]uint8{1, 2}, 2))
}
