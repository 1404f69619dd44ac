package tconv_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tconv/tconv"
	"github.com/tconv/tconv/onnx"
)

// sequenceModel gives members[at] of a sequence, and whether an optional sequence
// holds something.
func sequenceModel() []byte {
	scalar := func(name string, dtype onnx.DataType) *onnx.ValueInfo {
		return &onnx.ValueInfo{Name: name, Type: &onnx.Type{Kind: onnx.TypeTensor, ElemType: dtype}}
	}
	tensor := &onnx.Type{Kind: onnx.TypeTensor, ElemType: onnx.Float}
	sequence := &onnx.Type{Kind: onnx.TypeSequence, Elem: tensor}
	return onnx.Marshal(&onnx.Model{
		IRVersion: 8, OpsetImports: []onnx.OperatorSetID{{Version: 18}},
		Graph: &onnx.Graph{
			Name: "sequences",
			Inputs: []*onnx.ValueInfo{
				{Name: "members", Type: sequence}, scalar("at", onnx.Int64),
				{Name: "maybe", Type: &onnx.Type{Kind: onnx.TypeOptional, Elem: sequence}},
			},
			Outputs: []*onnx.ValueInfo{{Name: "member"}, {Name: "copy", Type: sequence}, {Name: "has"}},
			Nodes: []*onnx.Node{
				{OpType: "SequenceAt", Inputs: []string{"members", "at"}, Outputs: []string{"member"}},
				{OpType: "SequenceErase", Inputs: []string{"members", "at"}, Outputs: []string{"copy"}},
				{OpType: "OptionalHasElement", Inputs: []string{"maybe"}, Outputs: []string{"has"}},
			},
		},
	})
}

func TestSequencesAndOptionals(t *testing.T) {
	m, err := tconv.Load(sequenceModel())
	require.NoError(t, err)
	defer m.Close()
	require.Equal(t, "sequence(float)", m.Inputs()[0].String())
	require.Equal(t, "optional(sequence(float))", m.Inputs()[2].String())
	wrap := func(v ...float32) *tconv.Tensor {
		x, err := tconv.Wrap(v, len(v))
		require.NoError(t, err)
		return x
	}
	seq, err := tconv.NewSequence(tconv.Float32, wrap(1), wrap(2, 3))
	require.NoError(t, err)
	at, err := tconv.Wrap([]int64{1})
	require.NoError(t, err)
	none, err := tconv.NewOptional(nil)
	require.NoError(t, err)
	held, err := tconv.NewOptional(seq)
	require.NoError(t, err)
	for _, test := range []struct {
		maybe *tconv.Tensor
		has   bool
	}{{none, false}, {held, true}, {seq, true}} {
		out, err := m.Run(context.Background(), tconv.Tensors{"members": seq, "at": at, "maybe": test.maybe})
		require.NoError(t, err)
		member, err := tconv.Data[float32](out["member"])
		require.NoError(t, err)
		require.Equal(t, []float32{2, 3}, member)
		require.Len(t, out["copy"].Elems(), 1)
		member[0] = 9
		first, err := tconv.Data[float32](out["copy"].Elems()[0])
		require.NoError(t, err)
		first[0] = 9
		has, err := tconv.Data[bool](out["has"])
		require.NoError(t, err)
		require.Equal(t, test.has, has[0])
	}
	unchanged, err := tconv.Data[float32](seq.Elems()[0])
	require.NoError(t, err)
	require.Equal(t, []float32{1}, unchanged, "outputs share no memory with inputs")

	_, err = m.Run(context.Background(), tconv.Tensors{"members": wrap(1), "at": at, "maybe": none})
	require.ErrorIs(t, err, tconv.ErrInput)
	_, err = m.Run(context.Background(), tconv.Tensors{"members": seq, "at": at})
	require.ErrorContains(t, err, `input "maybe" is missing`)
	_, err = tconv.NewSequence(tconv.Float32, at)
	require.ErrorIs(t, err, tconv.ErrInput)
	_, err = tconv.NewOptional(held)
	require.ErrorIs(t, err, tconv.ErrInput)
}

func TestSequenceFiles(t *testing.T) {
	x, err := tconv.Wrap([]float32{1, 2}, 2)
	require.NoError(t, err)
	seq, err := tconv.NewSequence(tconv.Float32, x, x)
	require.NoError(t, err)
	data, err := tconv.MarshalSequence(seq, "s")
	require.NoError(t, err)
	back, name, err := tconv.UnmarshalSequence(data)
	require.NoError(t, err)
	require.Equal(t, "s", name)
	require.Len(t, back.Elems(), 2)
	for _, member := range []*tconv.Tensor{nil, x, seq} {
		opt, err := tconv.NewOptional(member)
		require.NoError(t, err)
		data, err := tconv.MarshalOptional(opt, "o")
		require.NoError(t, err)
		back, _, err := tconv.UnmarshalOptional(data)
		require.NoError(t, err)
		require.Equal(t, tconv.KindOptional, back.Kind())
		require.Len(t, back.Elems(), len(opt.Elems()))
	}
	_, err = tconv.MarshalSequence(x, "x")
	require.ErrorIs(t, err, tconv.ErrInput)
	_, err = tconv.MarshalOptional(x, "x")
	require.ErrorIs(t, err, tconv.ErrInput)
}
