package ops

import (
	"fmt"

	"github.com/tconv/tconv/backend/cpu"
)

// PRelu: Y = X where X >= 0, else slope · X, element by element; NaN stays NaN.
//
//	X: T, any shape. slope: T, a shape that broadcasts to X's as numpy's do.
//	Y: T, the shape of X. T: float, double, int32, int64, uint32, uint64.
//
// https://onnx.ai/onnx/operators/onnx__PRelu.html (versions 7, 9, 16).
type preluOp struct{}

func init() {
	Register(Def{
		Name: "PRelu", Since: 7, Inputs: []string{"X", "slope"}, Outputs: []string{"Y"},
		New: func(*Node) (Op, error) { return preluOp{}, nil },
	})
}

var preluKernels = map[DType]binaryKernel{
	Float32: mapPairs(1, preluRow[float32]), Float64: mapPairs(1, preluRow[float64]),
	Int32: mapPairs(1, preluRow[int32]), Int64: mapPairs(1, preluRow[int64]),
	Uint32: mapPairs(1, preluRow[uint32]), Uint64: mapPairs(1, preluRow[uint64]),
}

// Infer gives Y the type and shape of X.
func (preluOp) Infer(in []Spec) ([]Spec, error) {
	x, slope := in[0], in[1]
	if preluKernels[x.DType] == nil {
		return nil, wantType("X", x, sortedTypes(preluKernels)...)
	}
	if err := wantSameType("X", x, "slope", slope); err != nil {
		return nil, err
	}
	if shape, err := broadcastShape(x.Shape, slope.Shape); err != nil || !shape.Equal(x.Shape) {
		return nil, fmt.Errorf("slope has shape %v, want one that broadcasts to X's %v", slope.Shape, x.Shape)
	}
	return one(x.DType, x.Shape)
}

// Run computes Y.
func (preluOp) Run(c *Call, in, out []*Tensor) error {
	return preluKernels[in[0].DType()](c, in[0], in[1], out[0])
}

// Share lets Y take X's memory.
func (preluOp) Share([]Spec) Needs { return elementwiseShare() }

// Blocked follows the layout of X; slope may be a scalar or have one element for
// each channel or pixel.
func (preluOp) Blocked(in, out []Spec, _ *cpu.Kernels) (Choice, bool) { return foldChoice(in, out[0]) }

// Bind computes floats with the vector kernels.
func (o preluOp) Bind(b *Binding) (Step, error) {
	if b.In[0].DType != Float32 {
		return bindPlain(o, b), nil
	}
	return bindFold(b, cpu.PairPRelu, false, o.Share(b.In)), nil
}

func preluRow[T Number](y, x, slope []T) {
	if len(slope) == len(y) {
		for i, v := range x {
			if !(v >= 0) {
				v *= slope[i]
			}
			y[i] = v
		}
		return
	}
	s := slope[0]
	for i, v := range x {
		if !(v >= 0) {
			v *= s
		}
		y[i] = v
	}
}
