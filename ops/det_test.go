package ops

import (
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
)

// expandMinors is the determinant by its definition.
func expandMinors(a []float64, m int) float64 {
	if m == 0 {
		return 1
	}
	d, sign := 0.0, 1.0
	for col := range m {
		var minor []float64
		for i := 1; i < m; i++ {
			for j := range m {
				if j != col {
					minor = append(minor, a[i*m+j])
				}
			}
		}
		d += sign * a[col] * expandMinors(minor, m-1)
		sign = -sign
	}
	return d
}

func TestDet(t *testing.T) {
	got := opCase{op: "Det", inputs: []*Tensor{Of([]float32{1, 2, 3, 4, 0, 2, 3, 0}, 2, 2, 2)}}.mustRun(t)[0]
	require.Equal(t, []float32{-2, -6}, Data[float32](got))
	require.Equal(t, Scalar(), opCase{op: "Det", inputs: []*Tensor{Of([]float64{3}, 1, 1)}}.mustRun(t)[0].Shape())
	require.Equal(t, []float32{1, 1}, Data[float32](opCase{op: "Det", inputs: []*Tensor{Of([]float32{}, 2, 0, 0)}}.mustRun(t)[0]))
	require.Equal(t, []float32{0}, Data[float32](opCase{op: "Det", inputs: []*Tensor{Of([]float32{1, 2, 2, 4}, 2, 2)}}.mustRun(t)[0]))
}

func TestDetRandom(t *testing.T) {
	r := rand.New(rand.NewPCG(21, 21))
	for m := 1; m < 7; m++ {
		x := randomFloats(r, Float64, 5, m, m)
		got := Data[float64](opCase{op: "Det", inputs: []*Tensor{x}}.mustRun(t)[0])
		for i := range got {
			require.InDelta(t, expandMinors(Data[float64](x)[i*m*m:(i+1)*m*m], m), got[i], 1e-10)
		}
	}
}

func TestDetErrors(t *testing.T) {
	opCase{op: "Det", inputs: []*Tensor{counted(Float32, 2, 3)}}.mustFail(t, "X has shape [2, 3], want square matrices")
	opCase{op: "Det", inputs: []*Tensor{counted(Float32, 2)}}.mustFail(t, "want square matrices")
	opCase{op: "Det", inputs: []*Tensor{counted(Int32, 2, 2)}}.mustFail(t, "X is tensor(int32)")
}
