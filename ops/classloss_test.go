package ops

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
)

// lossCase is a loss with labels of scores, weights or nil, and attributes.
func lossCase(op string, scores, labels, weights *Tensor, attrs ...Attr) opCase {
	c := opCase{op: op, attrs: attrs, inputs: []*Tensor{scores, labels}}
	if weights != nil {
		c.inputs = append(c.inputs, weights)
	}
	if op == "SoftmaxCrossEntropyLoss" {
		c.outputs = 2
	}
	return c
}

func TestNegativeLogLikelihoodLoss(t *testing.T) {
	// The examples of the specification.
	scores := Of([]float32{1, 2, 2, 2, 3, 2, 0, 1, 2, 2, 1, 2}, 2, 3, 2)
	labels := Of([]int32{2, 1, 0, 2}, 2, 2)
	weights := Of([]float32{0.2, 0.3, 0.1}, 3)
	run := func(weights *Tensor, attrs ...Attr) []float32 {
		return Data[float32](lossCase("NegativeLogLikelihoodLoss", scores, labels, weights, attrs...).mustRun(t)[0])
	}
	require.Equal(t, []float32{-3, -2, 0, -2}, run(nil, StringAttr("reduction", "none")))
	require.InDelta(t, -1.1, run(weights, StringAttr("reduction", "sum"))[0], 1e-6)
	require.InDelta(t, -1.1/0.7, run(weights)[0], 1e-6)
	require.InDelta(t, -7.0/4, run(nil)[0], 1e-6)
	require.InDelta(t, -2.0/2, run(nil, IntAttr("ignore_index", 2))[0], 1e-6, "two samples count")
	require.InDelta(t, -0.6/0.5, run(weights, IntAttr("ignore_index", 2))[0], 1e-6)

	labels = Of([]int64{-5, -5, -5, -5}, 2, 2)
	require.True(t, math.IsNaN(float64(run(nil, IntAttr("ignore_index", -5))[0])), "no sample counts")
	require.Equal(t, []float32{0}, run(nil, IntAttr("ignore_index", -5), StringAttr("reduction", "sum")))
}

func TestSoftmaxCrossEntropyLoss(t *testing.T) {
	scores := Of([]float64{0, math.Log(3), 0, 0}, 2, 2)
	out := lossCase("SoftmaxCrossEntropyLoss", scores, Of([]int64{1, 0}, 2), nil, StringAttr("reduction", "none")).mustRun(t)
	require.InDeltaSlice(t, []float64{-math.Log(0.75), math.Ln2}, Data[float64](out[0]), 1e-15)
	require.InDeltaSlice(t, []float64{math.Log(0.25), math.Log(0.75), -math.Ln2, -math.Ln2}, Data[float64](out[1]), 1e-15)
}

// The losses agree with the formula, whatever the number of samples.
func TestClassLossRandom(t *testing.T) {
	for seed := range uint64(60) {
		r := rand.New(rand.NewPCG(seed, 11))
		shape := Shape{1 + r.IntN(3), 1 + r.IntN(5)}
		for range r.IntN(3) {
			shape = append(shape, 1+r.IntN(6))
		}
		if seed%10 == 0 {
			shape = Shape{2, 3, 2*lossBlock + 5}
		}
		scores, weights := randomFloats(r, Float64, shape...), randomFloats(r, Float64, shape[1])
		labels := NewTensor(Int64, append(Shape{shape[0]}, shape[2:]...))
		for i := range Data[int64](labels) {
			Data[int64](labels)[i] = int64(r.IntN(shape[1]))
		}
		reduction := []string{"none", "sum", "mean"}[seed%3]
		ignored := r.IntN(2*shape[1]) - 1
		attrs := []Attr{StringAttr("reduction", reduction), IntAttr("ignore_index", ignored)}
		for i := range Data[int64](labels) {
			if r.IntN(4) == 0 {
				Data[int64](labels)[i] = int64(ignored)
			}
		}
		for _, op := range []string{"NegativeLogLikelihoodLoss", "SoftmaxCrossEntropyLoss"} {
			logs := floats(scores)
			if op[0] == 'S' {
				logs = naiveSoftmax(scores, 1, true)
			}
			want, total, weight := []float64{}, 0.0, 0.0
			forEachIndex(labels.shape, func(i int, index []int) {
				k := int(Data[int64](labels)[i])
				if k == ignored {
					want = append(want, 0)
					return
				}
				at := append([]int{index[0], k}, index[1:]...)
				w := Data[float64](weights)[k]
				want = append(want, -w*logs[offsetOf(shape, at)])
				total += want[i]
				weight += w
			})
			switch reduction {
			case "sum":
				want = []float64{total}
			case "mean":
				want = []float64{total / weight}
			}
			got := floats(lossCase(op, scores, labels, weights, attrs...).mustRun(t)[0])
			require.Len(t, got, len(want))
			for i := range want {
				if !math.IsNaN(want[i]) || !math.IsNaN(got[i]) {
					require.InEpsilon(t, 1+want[i], 1+got[i], 1e-9, "%s %s, seed %d, sample %d", op, reduction, seed, i)
				}
			}
		}
	}
}

func TestClassLossEmpty(t *testing.T) {
	for _, op := range []string{"NegativeLogLikelihoodLoss", "SoftmaxCrossEntropyLoss"} {
		out := lossCase(op, zeros(0, 3), Of([]int64{}, 0), nil, StringAttr("reduction", "sum")).mustRun(t)
		require.Equal(t, []float32{0}, Data[float32](out[0]))
		out = lossCase(op, zeros(2, 3, 0), NewTensor(Int64, Shape{2, 0}), nil, StringAttr("reduction", "none")).mustRun(t)
		require.Equal(t, Shape{2, 0}, out[0].Shape())
	}
}

func TestClassLossErrors(t *testing.T) {
	nll, sce := "NegativeLogLikelihoodLoss", "SoftmaxCrossEntropyLoss"
	label := Of([]int64{1}, 1)
	lossCase(nll, zeros(1, 3), label, nil, StringAttr("reduction", "max")).mustFail(t, "attribute reduction is \"max\"")
	lossCase(nll, zeros(1, 3), Of([]int64{3}, 1), nil).mustFail(t, "target element 0 is 3, want one of 3 classes")
	lossCase(sce, zeros(1, 3), Of([]int64{-1}, 1), nil).mustFail(t, "labels element 0 is -1, want one of 3 classes")
	lossCase(sce, zeros(3), label, nil).mustFail(t, "scores has shape [3], want [N, C, D1, ...]")
	lossCase(nll, zeros(1, 3, 2), label, nil).mustFail(t, "target has shape [1], want [1, 2]")
	lossCase(nll, zeros(1, 3), label, zeros(2)).mustFail(t, "weight has shape [2], want [3]")
	lossCase(sce, zeros(1, 3), label, NewTensor(Float64, Shape{3})).mustFail(t, "scores is tensor(float) and weights is tensor(double)")
	lossCase(nll, zeros(1, 3), Of([]float32{1}, 1), nil).mustFail(t, "target is tensor(float)")
	lossCase(sce, Of([]int32{1}, 1, 1), label, nil).mustFail(t, "scores is tensor(int32)")
}
