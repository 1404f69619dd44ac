package ops

import (
	"fmt"

	"github.com/tconv/tconv/backend/cpu"
)

// Min, Max, Sum, Mean: the least, the largest, the sum and the mean of all inputs,
// element by element. NaN propagates; -0 is less than 0.
//
//	data_0...: T, one or more, shapes that broadcast as numpy's do.
//	output: T, the broadcast shape.
//	T: float, double; Min, Max and Sum also integers.
//
// https://onnx.ai/onnx/operators/onnx__Min.html, onnx__Max.html (versions 6, 8, 12,
// 13), onnx__Sum.html and onnx__Mean.html (versions 6, 8, 13).
func init() {
	for _, v := range []struct {
		name    string
		kernels map[DType]binaryKernel
		vec     cpu.VecPair
		mean    bool
	}{
		{"Min", minKernels, cpu.PairMin, false}, {"Max", maxKernels, cpu.PairMax, false},
		{"Sum", addKernels, cpu.PairAdd, false}, {"Mean", meanKernels, cpu.PairAdd, true},
	} {
		op := &variadic{kernels: v.kernels, vec: v.vec, mean: v.mean}
		Register(Def{
			Name: v.name, Since: 6, Inputs: []string{"data_0..."}, Outputs: []string{"output"}, Exact: v.name[0] == 'M' && !v.mean,
			New: func(n *Node) (Op, error) {
				if len(n.Inputs) == 0 {
					n.Fail("no inputs, want one or more")
				}
				for i := range n.Inputs {
					if !n.HasInput(i) {
						n.Fail("input %d is missing", i)
					}
				}
				return op, nil
			},
		})
	}
}

var minKernels = map[DType]binaryKernel{
	Float32: pairsOf(minOf[float32]), Float64: pairsOf(minOf[float64]),
	Int8: pairsOf(minOf[int8]), Int16: pairsOf(minOf[int16]), Int32: pairsOf(minOf[int32]), Int64: pairsOf(minOf[int64]),
	Uint8: pairsOf(minOf[uint8]), Uint16: pairsOf(minOf[uint16]), Uint32: pairsOf(minOf[uint32]), Uint64: pairsOf(minOf[uint64]),
}

var maxKernels = map[DType]binaryKernel{
	Float32: pairsOf(maxOf[float32]), Float64: pairsOf(maxOf[float64]),
	Int8: pairsOf(maxOf[int8]), Int16: pairsOf(maxOf[int16]), Int32: pairsOf(maxOf[int32]), Int64: pairsOf(maxOf[int64]),
	Uint8: pairsOf(maxOf[uint8]), Uint16: pairsOf(maxOf[uint16]), Uint32: pairsOf(maxOf[uint32]), Uint64: pairsOf(maxOf[uint64]),
}

var meanKernels = map[DType]binaryKernel{Float32: mapPairs(1, addRow[float32]), Float64: mapPairs(1, addRow[float64])}

func minOf[T Number](a, b T) T { return min(a, b) }
func maxOf[T Number](a, b T) T { return max(a, b) }

// variadic folds its inputs from the left: f(f(x0, x1), x2) and so on.
type variadic struct {
	kernels map[DType]binaryKernel
	vec     cpu.VecPair // the same on floats
	mean    bool        // divided by the number of inputs
}

// Infer gives the output the shape to which all inputs broadcast.
func (o *variadic) Infer(in []Spec) ([]Spec, error) {
	shapes := make([]Shape, len(in))
	for i, s := range in {
		if err := wantType(fmt.Sprintf("data_%d", i), s, sortedTypes(o.kernels)...); err != nil {
			return nil, err
		}
		if err := wantSameType("data_0", in[0], fmt.Sprintf("data_%d", i), s); err != nil {
			return nil, err
		}
		shapes[i] = s.Shape
	}
	shape, err := broadcastShape(shapes...)
	if err != nil {
		return nil, err
	}
	return one(in[0].DType, shape)
}

// Share lets the output take the memory of one of two inputs. With more of them a
// later one might be the same value, which the first step would overwrite.
func (o *variadic) Share(in []Spec) Needs {
	if len(in) > 2 {
		return Needs{}
	}
	shapes := []Shape{in[0].Shape, in[len(in)-1].Shape}
	shape, err := broadcastShape(shapes...)
	if err != nil {
		return Needs{}
	}
	return shareSameShape(shape, in...)
}

// Blocked follows the layout of the inputs of the output's shape.
func (o *variadic) Blocked(in, out []Spec, _ *cpu.Kernels) (Choice, bool) {
	return foldChoice(in, out[0])
}

// Bind computes floats with the vector kernels.
func (o *variadic) Bind(b *Binding) (Step, error) {
	if len(b.In) == 1 || b.In[0].DType != Float32 {
		return bindPlain(o, b), nil
	}
	return bindFold(b, o.vec, o.mean, o.Share(b.In)), nil
}

// Run folds.
func (o *variadic) Run(c *Call, in, out []*Tensor) error {
	y := out[0]
	if len(in) == 1 {
		copyElements(c, y, in[0])
		return nil
	}
	f := o.kernels[y.DType()]
	if err := f(c, in[0], in[1], y); err != nil {
		return err
	}
	for _, x := range in[2:] {
		if err := f(c, y, x, y); err != nil {
			return err
		}
	}
	if !o.mean {
		return nil
	}
	count := elementOf(y.DType(), float64(len(in)))
	return divKernels[y.DType()](c, y, count, y)
}
