package ops

import (
	"context"
	"math"
	"testing"

	"github.com/stretchr/testify/require"
)

// inferCase is a node that Infer refuses, told types, shapes and constants alone: of
// sizes that no tensor of a test could have.
type inferCase struct {
	name   string
	op     string
	opset  int
	attrs  []Attr
	inputs []Spec
	want   string
	limit  bool // the error is ErrLimit
}

func (c inferCase) check(t *testing.T) {
	opset := c.opset
	if opset == 0 {
		opset = NewestOpset
	}
	def, err := Lookup("", c.op, opset)
	require.NoError(t, err)
	n := NewNode(c.op, "", opset, len(c.inputs), 1, c.attrs...)
	for i := range n.Inputs {
		n.Inputs[i] = !c.inputs[i].Omitted()
	}
	op, err := def.Build(n)
	require.NoError(t, err)
	_, err = op.Infer(c.inputs)
	require.ErrorContains(t, err, c.want)
	if c.limit {
		require.ErrorIs(t, err, ErrLimit)
	}
}

// TestSizesBeyondLimits has sizes whose sums or products nobody could count or address.
func TestSizesBeyondLimits(t *testing.T) {
	f := func(dims ...int) Spec { return tensorSpec(Float32, Shape(dims)) }
	constant := func(x *Tensor) Spec {
		s := x.Spec()
		s.Const = x
		return s
	}
	const huge = math.MaxInt - 1
	far := maxExtent + 1
	cases := []inferCase{
		{"Concat", "Concat", 0, []Attr{IntAttr("axis", 0)}, []Spec{f(huge), f(huge)}, "axis 0 of the result overflows", true},
		{"groups", "ConvTranspose", 0, []Attr{IntAttr("group", 2)}, []Spec{f(1, 2, 3), f(2, MaxElements, 1)}, "output channels", true},
		{"Conv of a long axis", "Conv", 0, nil, []Spec{f(1, 1, far), f(1, 1, 1)}, "spatial axis 0 is 1073741825", true},
		{"wide dilation", "Conv", 0, []Attr{IntsAttr("dilations", 1<<30)}, []Spec{f(1, 1, 5), f(1, 1, 3)}, "the dilated kernel covers", true},
		{"wide pads", "Conv", 0, []Attr{IntsAttr("pads", 1<<30, 5)}, []Spec{f(1, 1, 5), f(1, 1, 3)}, "the padded size is", true},
		{"GridSample", "GridSample", 0, nil, []Spec{f(1, 1, math.MaxInt32/4+1), f(1, 1, 1)}, "X has an axis of", true},
		{"MaxUnpool", "MaxUnpool", 0, []Attr{IntsAttr("kernel_shape", 2), IntsAttr("strides", 1<<20)},
			[]Spec{f(1, 1, 1<<20), tensorSpec(Int64, Shape{1, 1, 1 << 20})}, "spatial axis 0 would have", true},
		{"sizes of Resize", "Resize", 0, nil, []Spec{f(1), {}, {}, constant(Of([]int64{1 << 40}, 1))}, "sizes[0] is 1099511627776", true},
		{"aspect of Resize", "Resize", 0, []Attr{StringAttr("keep_aspect_ratio_policy", "not_smaller")},
			[]Spec{f(1, 1<<20), {}, {}, constant(Of([]int64{1 << 20, 1}, 2))}, "sizes make 1048576 elements to", true},
		{"old broadcast", "Add", 6, []Attr{IntAttr("broadcast", 1), IntAttr("axis", 1)}, []Spec{f(2, 3), f(3, 4)}, "want it to end within A's rank 2", false},
		{"Scatter into a sequence", "ScatterElements", 0, nil,
			[]Spec{{Kind: KindSequence, DType: Float32, Shape: Shape{2}}, tensorSpec(Int64, Shape{2}), f(2)}, "data is a", false},
		{"position", "SequenceAt", 0, nil, []Spec{{Kind: KindSequence, DType: Float32}, {Kind: KindSequence, DType: Int64}}, "position is a", false},
	}
	for _, c := range cases {
		t.Run(c.name, c.check)
	}
}

func TestTrilWantsOneNumber(t *testing.T) {
	op, in, err := opCase{op: "Trilu", inputs: []*Tensor{ramp(2, 2), Of([]int64{1, 2}, 2)}}.build()
	require.NoError(t, err)
	if _, err = op.Infer([]Spec{in[0].Spec(), tensorSpec(Int64, nil)}); err == nil { // its shape turns up in the run
		err = op.Run(NewCall(context.Background(), nil), in, []*Tensor{NewTensor(Float32, Shape{2, 2})})
	}
	require.ErrorContains(t, err, "want one number")
}

func TestFromBytesRefuses(t *testing.T) {
	_, err := FromBytes(String, Shape{1}, nil)
	require.ErrorContains(t, err, "cannot be given as bytes")
	_, err = FromBytes(Float32, Shape{2}, make([]byte, 7))
	require.ErrorContains(t, err, "7 bytes for tensor(float) of shape [2], want 8")
	ctx, cancel := context.WithCancelCause(context.Background())
	cancel(context.DeadlineExceeded)
	err = NewCall(ctx, nil).Err()
	require.ErrorIs(t, err, ErrCanceled)
	require.ErrorIs(t, err, context.DeadlineExceeded)
}
