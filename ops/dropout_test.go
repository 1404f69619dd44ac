package ops

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestDropoutInference(t *testing.T) {
	x := Of([]float32{1, 2, 3}, 3)
	yes, no, zero := Of([]bool{true}), Of([]bool{false}), Of([]float32{0})
	for _, c := range []struct {
		opset  int
		inputs []*Tensor
		mask   *Tensor
	}{
		{7, []*Tensor{x}, Of([]float32{0, 0, 0}, 3)}, // as onnxruntime 1.30
		{10, []*Tensor{x}, Of([]bool{false, false, false}, 3)},
		{12, []*Tensor{x}, Of([]bool{true, true, true}, 3)},
		{13, []*Tensor{x, nil, no}, Of([]bool{true, true, true}, 3)},
		{22, []*Tensor{x, zero, yes}, Of([]bool{true, true, true}, 3)},
	} {
		got := opCase{op: "Dropout", opset: c.opset, inputs: c.inputs, outputs: 2}.mustRun(t)
		require.Equal(t, x.Bytes(), got[0].Bytes())
		require.Equal(t, c.mask.String(), got[1].String())
		require.Equal(t, c.mask.Bytes(), got[1].Bytes())
		require.Len(t, opCase{op: "Dropout", opset: c.opset, inputs: c.inputs}.mustRun(t), 1)
	}
	opCase{op: "Dropout", opset: 7, attrs: []Attr{FloatAttr("ratio", 0.3)}, inputs: []*Tensor{x}}.mustRun(t)
}

func TestDropoutTraining(t *testing.T) {
	const n = 100_000
	x := NewTensor(Float32, Shape{n})
	fill(Data[float32](x), 3)
	oc := opCase{op: "Dropout", attrs: []Attr{IntAttr("seed", 1)}, inputs: []*Tensor{x, Of([]float32{0.25}), Of([]bool{true})}, outputs: 2}
	got := oc.mustRun(t)
	kept := 0
	for i, keep := range Data[bool](got[1]) {
		want := float32(0)
		if keep {
			kept++
			want = 4
		}
		require.Equal(t, want, Data[float32](got[0])[i])
	}
	require.InDelta(t, 0.75*n, kept, 5*137) // five standard deviations
	require.Equal(t, got[0].Bytes(), oc.mustRun(t)[0].Bytes(), "the seed decides")
	oc.attrs = nil
	require.NotEqual(t, got[0].Bytes(), oc.mustRun(t)[0].Bytes())
}

func TestDropoutView(t *testing.T) {
	x, mode := tensorSpec(Float32, Shape{2}), Of([]bool{false}).Spec()
	op := &dropout{outputs: 1}
	require.NotEmpty(t, op.Share([]Spec{x}).Views)
	require.NotEmpty(t, op.Share([]Spec{x, {}, mode}).Views)
	mode.Const = nil
	require.Empty(t, op.Share([]Spec{x, {}, mode}).Views)
	require.Empty(t, (&dropout{outputs: 2}).Share([]Spec{x}).Views)
}

func TestDropoutErrors(t *testing.T) {
	x, yes := Of([]float32{1}, 1), Of([]bool{true})
	opCase{op: "Dropout", inputs: []*Tensor{x, Of([]float32{1}), yes}}.mustFail(t, "ratio is 1, want one in [0, 1)")
	opCase{op: "Dropout", inputs: []*Tensor{x, Of([]int32{1}), yes}}.mustFail(t, "ratio is tensor(int32)")
	opCase{op: "Dropout", inputs: []*Tensor{x, nil, x}}.mustFail(t, "training_mode is tensor(float)")
	opCase{op: "Dropout", inputs: []*Tensor{x, nil, Of([]bool{true, true}, 2)}}.mustFail(t, "training_mode has shape [2], want a scalar")
	opCase{op: "Dropout", inputs: []*Tensor{Of([]int8{1}), nil, yes}}.mustFail(t, "data in training mode is tensor(int8)")
}
