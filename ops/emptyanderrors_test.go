package ops

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestUnaryEmpty runs operators of one value on tensors without elements.
func TestUnaryEmpty(t *testing.T) {
	for _, name := range strings.Fields(`Abs Acos Acosh Asin Asinh Atan Atanh Ceil Celu Cos Cosh Elu Erf Exp Floor Gelu HardSigmoid HardSwish
		LeakyRelu Log Mish Neg Reciprocal Relu Round Selu Shrink Sigmoid Sign Sin Sinh Softplus Softsign Sqrt Swish Tan Tanh ThresholdedRelu`) {
		for _, shape := range []Shape{{0}, {2, 0, 3}} {
			got := opCase{op: name, inputs: []*Tensor{NewTensor(Float32, shape)}}.mustRun(t)[0]
			require.Equal(t, shape, got.shape, name)
			require.Equal(t, Float32, got.dtype, name)
		}
		opCase{op: name, inputs: []*Tensor{NewTensor(String, Shape{1})}}.mustFail(t, "tensor(string)")
		opCase{op: name, inputs: []*Tensor{NewTensor(Bool, Shape{1})}}.mustFail(t, "tensor(bool)")
		opCase{op: name, inputs: []*Tensor{nil}}.mustFail(t, "is missing")
	}
}

// TestBinaryEmpty runs operators of two values where broadcasting leaves no elements,
// and on what does not fit.
func TestBinaryEmpty(t *testing.T) {
	for names, types := range map[string][2]DType{
		"Add Sub Mul Div Pow Mod Min Max Sum Mean":      {Float32, Float32},
		"Equal Greater GreaterOrEqual Less LessOrEqual": {Float32, Bool},
		"And Or Xor":                      {Bool, Bool},
		"BitwiseAnd BitwiseOr BitwiseXor": {Int32, Int32},
		"PRelu":                           {Float32, Float32},
		"BitShift":                        {Uint8, Uint8},
	} {
		for _, name := range strings.Fields(names) {
			var attrs []Attr
			switch name {
			case "Mod":
				attrs = []Attr{IntAttr("fmod", 1)}
			case "BitShift":
				attrs = []Attr{{Name: "direction", Kind: AttrString, S: "LEFT"}}
			}
			in, out := types[0], types[1]
			run := func(a, b Shape) opCase {
				return opCase{op: name, attrs: attrs, inputs: []*Tensor{NewTensor(in, a), NewTensor(in, b)}}
			}
			for _, b := range []Shape{{3}, {1, 3}, {}} {
				got := run(Shape{2, 0, 3}, b).mustRun(t)[0]
				require.Equal(t, Shape{2, 0, 3}, got.shape, name)
				require.Equal(t, out, got.dtype, name)
			}
			run(Shape{2, 3}, Shape{2}).mustFail(t, "[2, 3]")
			run(Shape{0, 3}, Shape{2, 3}).mustFail(t, "[0, 3]")
			opCase{op: name, attrs: attrs, inputs: []*Tensor{NewTensor(in, Shape{1}), NewTensor(Float16, Shape{1})}}.mustFail(t, "tensor(float16)")
		}
	}
}

// TestBatchOfNone runs operators that keep the batch on an empty one.
func TestBatchOfNone(t *testing.T) {
	f := func(dims ...int) *Tensor { return NewTensor(Float32, dims) }
	b := func(dims ...int) *Tensor { return NewTensor(Uint8, dims) }
	one, zero := Of([]float32{1}), Of([]uint8{0})
	for name, c := range map[string]struct {
		c    opCase
		want Shape
	}{
		"Resize":         {opCase{op: "Resize", inputs: []*Tensor{f(0, 2, 3, 4), nil, Of([]float32{1, 1, 2, 2}, 4)}}, Shape{0, 2, 6, 8}},
		"Resize linear":  {opCase{op: "Resize", attrs: []Attr{StringAttr("mode", "linear")}, inputs: []*Tensor{f(0, 2, 3, 4), nil, nil, OfInts([]int{0, 2, 5, 5})}}, Shape{0, 2, 5, 5}},
		"Upsample":       {opCase{op: "Upsample", opset: 9, inputs: []*Tensor{f(0, 2, 3, 4), Of([]float32{1, 1, 2, 2}, 4)}}, Shape{0, 2, 6, 8}},
		"DepthToSpace":   {opCase{op: "DepthToSpace", attrs: []Attr{IntAttr("blocksize", 2)}, inputs: []*Tensor{f(0, 8, 3, 4)}}, Shape{0, 2, 6, 8}},
		"SpaceToDepth":   {opCase{op: "SpaceToDepth", attrs: []Attr{IntAttr("blocksize", 2)}, inputs: []*Tensor{f(0, 2, 6, 8)}}, Shape{0, 8, 3, 4}},
		"GridSample":     {opCase{op: "GridSample", inputs: []*Tensor{f(0, 2, 3, 4), f(0, 5, 6, 2)}}, Shape{0, 2, 5, 6}},
		"Col2Im":         {opCase{op: "Col2Im", inputs: []*Tensor{f(0, 4, 9), OfInts([]int{4, 4}), OfInts([]int{2, 2})}}, Shape{0, 1, 4, 4}},
		"MaxUnpool":      {opCase{op: "MaxUnpool", attrs: []Attr{IntsAttr("kernel_shape", 2, 2), IntsAttr("strides", 2, 2)}, inputs: []*Tensor{f(0, 2, 3, 3), NewTensor(Int64, Shape{0, 2, 3, 3})}}, Shape{0, 2, 6, 6}},
		"LpPool":         {opCase{op: "LpPool", attrs: []Attr{IntsAttr("kernel_shape", 2, 2)}, inputs: []*Tensor{f(0, 2, 3, 3)}}, Shape{0, 2, 2, 2}},
		"Einsum":         {opCase{op: "Einsum", attrs: []Attr{StringAttr("equation", "bij,bjk->bik")}, inputs: []*Tensor{f(0, 2, 3), f(0, 3, 4)}}, Shape{0, 2, 4}},
		"Not":            {opCase{op: "Not", inputs: []*Tensor{NewTensor(Bool, Shape{0, 2})}}, Shape{0, 2}},
		"Scatter":        {opCase{op: "ScatterElements", inputs: []*Tensor{f(0, 2), NewTensor(Int64, Shape{0, 2}), f(0, 2)}}, Shape{0, 2}},
		"causal":         {opCase{op: "CausalConvWithState", inputs: []*Tensor{f(0, 2, 3), f(2, 1, 4)}}, Shape{0, 2, 3}},
		"PRelu":          {opCase{op: "PRelu", inputs: []*Tensor{f(0, 2, 3), f(2, 1)}}, Shape{0, 2, 3}},
		"LRN":            {opCase{op: "LRN", attrs: []Attr{IntAttr("size", 3)}, inputs: []*Tensor{f(0, 2, 3, 3)}}, Shape{0, 2, 3, 3}},
		"Softmax":        {opCase{op: "Softmax", inputs: []*Tensor{f(0, 2, 3)}}, Shape{0, 2, 3}},
		"Pad":            {opCase{op: "Pad", inputs: []*Tensor{f(0, 2), OfInts([]int{0, 1, 0, 1})}}, Shape{0, 4}},
		"Tile":           {opCase{op: "Tile", inputs: []*Tensor{f(0, 2), OfInts([]int{3, 2})}}, Shape{0, 4}},
		"FusedMatMul":    {microsoft("FusedMatMul", []*Tensor{f(0, 2, 3), f(3, 4)}), Shape{0, 2, 4}},
		"NhwcConv":       {microsoft("NhwcConv", []*Tensor{f(0, 4, 4, 2), f(3, 3, 3, 2)}), Shape{0, 2, 2, 3}},
		"FusedConv":      {microsoft("FusedConv", []*Tensor{f(0, 2, 4, 4), f(3, 2, 3, 3)}), Shape{0, 3, 2, 2}},
		"BiasGelu":       {microsoft("BiasGelu", []*Tensor{f(0, 3), f(3)}), Shape{0, 3}},
		"QuickGelu":      {microsoft("QuickGelu", []*Tensor{f(0, 3)}), Shape{0, 3}},
		"QLinearSigmoid": {microsoft("QLinearSigmoid", []*Tensor{b(0, 3), one, zero, one, zero}), Shape{0, 3}},
		"QLinearRelu":    {microsoft("QLinearLeakyRelu", []*Tensor{b(0, 3), one, zero, one, zero}), Shape{0, 3}},
		"QLinearAdd":     {microsoft("QLinearAdd", []*Tensor{b(0, 3), one, zero, b(3), one, zero, one, zero}), Shape{0, 3}},
		"QLinearMul":     {microsoft("QLinearMul", []*Tensor{b(0, 3), one, zero, b(3), one, zero, one, zero}), Shape{0, 3}},
		"QLinearPool":    {microsoft("QLinearGlobalAveragePool", []*Tensor{b(0, 2, 3, 3), one, zero, one, zero}), Shape{0, 2, 1, 1}},
		"QLinearConv":    {opCase{op: "QLinearConv", inputs: []*Tensor{b(0, 2, 4, 4), one, zero, b(3, 2, 3, 3), one, zero, one, zero}}, Shape{0, 3, 2, 2}},
		"QLinearMatMul":  {opCase{op: "QLinearMatMul", inputs: []*Tensor{b(0, 2, 3), one, zero, b(3, 4), one, zero, one, zero}}, Shape{0, 2, 4}},
		"Dynamic":        {opCase{op: "DynamicQuantizeLinear", inputs: []*Tensor{f(0, 3)}, outputs: 3}, Shape{0, 3}},
	} {
		got, err := c.c.run(t)
		require.NoError(t, err, name)
		require.Equal(t, c.want, got[0].shape, name)
	}
}
