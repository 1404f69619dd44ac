package ops

import (
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestRepeatedOperand adds and divides by an operand that repeats along the last
// axes, on either side; opCase holds the kernels against the plain definition.
func TestRepeatedOperand(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	for _, c := range []struct{ full, short []int }{
		{[]int{100, 33}, []int{33}}, {[]int{2, 3, 5}, []int{1, 5}}, {[]int{1, 2}, []int{2}}, {[]int{3, 1024}, []int{1024}},
		{[]int{3, 1025}, []int{1025}}, {[]int{700, 4, 3}, []int{1, 4, 3}}, {[]int{2, 6, 4, 3}, []int{4, 3}}, {[]int{3, 3}, []int{3, 1}},
		{[]int{2, 1, 3}, []int{2, 1, 3}}, {[]int{4, 1, 1}, []int{1, 1, 1}}, {[]int{0, 3}, []int{3}},
	} {
		x, y := randomFloats(r, Float32, c.full...), randomFloats(r, Float32, c.short...)
		for _, op := range []string{"Add", "Sub", "Div"} {
			opCase{op: op, inputs: []*Tensor{x, y}}.mustRun(t)
			opCase{op: op, inputs: []*Tensor{y, x}}.mustRun(t)
		}
	}
	_, short, ok := repeats([]*Tensor{ramp(3), ramp(2, 3)}, Shape{2, 3})
	require.True(t, ok)
	require.Equal(t, 0, short)
	for _, other := range [][]int{{1, 1}, {2, 1}, {2, 3}} {
		_, _, ok := repeats([]*Tensor{ramp(2, 3), ramp(other...)}, Shape{2, 3})
		require.False(t, ok, "%v", other)
	}
}
