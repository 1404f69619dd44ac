package ops

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestInside(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 2000 {
		start, step, size, count := r.IntN(41)-20, 1+r.IntN(5), r.IntN(12), r.IntN(12)
		want := []int{}
		for i := range count {
			if p := start + i*step; p >= 0 && p < size {
				want = append(want, i)
			}
		}
		lo, hi := inside(start, step, size, count)
		require.Equal(t, len(want), hi-lo, "inside(%d, %d, %d, %d)", start, step, size, count)
		if len(want) > 0 {
			require.Equal(t, want[0], lo, "inside(%d, %d, %d, %d)", start, step, size, count)
		}
	}
}

func TestSlide(t *testing.T) {
	cases := []struct {
		name      string
		axis      spatialAxis
		attrs     windowAttrs
		out, b, e int
	}{
		{"plain", spatialAxis{in: 7, kernel: 3, stride: 2, dilation: 1}, windowAttrs{}, 3, 0, 0},
		{"pads", spatialAxis{in: 7, kernel: 3, stride: 2, dilation: 1, padBegin: 1, padEnd: 2}, windowAttrs{}, 4, 1, 2},
		{"floor", spatialAxis{in: 6, kernel: 3, stride: 2, dilation: 1}, windowAttrs{}, 2, 0, 0},
		{"ceil", spatialAxis{in: 6, kernel: 3, stride: 2, dilation: 1}, windowAttrs{ceilMode: true}, 3, 0, 0},
		{"ceil, last window in the padding", spatialAxis{in: 5, kernel: 3, stride: 3, dilation: 1, padBegin: 1, padEnd: 1}, windowAttrs{ceilMode: true}, 2, 1, 1},
		{"ceil, window larger than the input", spatialAxis{in: 4, kernel: 5, stride: 3, dilation: 1}, windowAttrs{ceilMode: true}, 1, 0, 0},
		{"dilation", spatialAxis{in: 7, kernel: 3, stride: 1, dilation: 3}, windowAttrs{}, 1, 0, 0},
		{"same, odd", spatialAxis{in: 4, kernel: 3, stride: 2, dilation: 1}, windowAttrs{autoPad: padSameUpper}, 2, 0, 1},
		{"same lower, odd", spatialAxis{in: 4, kernel: 3, stride: 2, dilation: 1}, windowAttrs{autoPad: padSameLower}, 2, 1, 0},
		{"same, dilation", spatialAxis{in: 6, kernel: 3, stride: 1, dilation: 2}, windowAttrs{autoPad: padSameUpper}, 6, 2, 2},
		{"same, stride over kernel", spatialAxis{in: 4, kernel: 1, stride: 2, dilation: 1}, windowAttrs{autoPad: padSameUpper}, 2, 0, -1},
		{"same, stride far over kernel", spatialAxis{in: 9, kernel: 1, stride: 3, dilation: 1}, windowAttrs{autoPad: padSameUpper}, 3, -1, -1},
		{"same lower, stride far over kernel", spatialAxis{in: 8, kernel: 1, stride: 4, dilation: 1}, windowAttrs{autoPad: padSameLower}, 2, -1, -2},
		{"same, large numbers", spatialAxis{in: maxExtent, kernel: maxExtent, stride: maxExtent, dilation: 1}, windowAttrs{autoPad: padSameUpper}, 1, 0, 0},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			a := c.axis
			require.NoError(t, a.slide(&c.attrs))
			require.Equal(t, []int{c.out, c.b, c.e}, []int{a.out, a.padBegin, a.padEnd})
		})
	}
}

func TestMultiplied(t *testing.T) {
	require.Equal(t, int64(24), multiplied(2, 3, 4))
	require.Equal(t, int64(0), multiplied(1<<30, 1<<30, 1<<30, 0))
	require.Equal(t, "9223372036854775807", fmt.Sprint(multiplied(1<<30, 1<<30, 1<<30, 1)))
}
