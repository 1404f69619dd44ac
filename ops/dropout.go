package ops

import (
	"fmt"
	"math/rand/v2"
)

// Dropout: output = data, unless training_mode is true and ratio is not 0: then
// every element is 0 with probability ratio, the others are data / (1 - ratio).
//
//	data: T, any shape. ratio: a float scalar in [0, 1), default 0.5.
//	training_mode: a bool scalar, default false. output: T, data's shape.
//	mask: bool, data's shape: true where an element was kept.
//	T: every type; in training float and double.
//
// The random numbers follow from seed alone, so that every run gives the same;
// without it from the system. They are not those of onnxruntime.
//
// Before version 12 there is no training: ratio is an attribute without effect. The
// mask is then all 0, as onnxruntime has it, and before version 10 of data's type.
//
// https://onnx.ai/onnx/operators/onnx__Dropout.html (versions 7, 10, 12, 13, 22).
func init() {
	outs := []string{"output", "mask?"}
	for _, since := range []int{7, 10} {
		Register(Def{
			Name: "Dropout", Since: since, Inputs: []string{"data"}, Outputs: outs, Exact: true,
			New: func(n *Node) (Op, error) {
				n.Float("ratio", 0.5)
				return &dropout{old: true, maskLikeData: since < 10, outputs: max(1, len(n.Outputs))}, n.Err()
			},
		})
	}
	Register(Def{
		Name: "Dropout", Since: 12, Inputs: []string{"data", "ratio?", "training_mode?"}, Outputs: outs, Exact: true, Random: true,
		New: func(n *Node) (Op, error) {
			return &dropout{seed: readIntSeed(n), outputs: max(1, len(n.Outputs))}, n.Err()
		},
	})
}

// dropout keeps the seed of the masks; nil without one.
type dropout struct {
	old          bool
	maskLikeData bool
	outputs      int
	seed         *uint64
}

// readIntSeed reads the attribute seed of kind int; nil when absent.
func readIntSeed(n *Node) *uint64 {
	if !n.Has("seed") {
		return nil
	}
	seed := uint64(n.Int("seed", 0))
	return &seed
}

// newRandom starts a generator from a seed, or from the system's randomness.
func newRandom(seed *uint64) *rand.Rand {
	if seed == nil {
		return rand.New(rand.NewPCG(rand.Uint64(), rand.Uint64()))
	}
	return rand.New(rand.NewPCG(*seed, 0))
}

// Infer gives both outputs the shape of data.
func (o *dropout) Infer(in []Spec) ([]Spec, error) {
	data := in[0]
	if err := wantAsIs("data", data); err != nil {
		return nil, err
	}
	ratio, mode := input(in, 1), input(in, 2)
	if !ratio.Omitted() {
		if err := wantType("ratio", ratio, Float32, Float64, Float16, BFloat16); err != nil {
			return nil, err
		}
	}
	if !mode.Omitted() {
		if err := wantType("training_mode", mode, Bool); err != nil {
			return nil, err
		}
	}
	for name, s := range map[string]Spec{"ratio": ratio, "training_mode": mode} {
		if !s.Omitted() && product(s.Shape) != 1 {
			return nil, fmt.Errorf("%s has shape %v, want a scalar", name, s.Shape)
		}
	}
	mask := Bool
	if o.maskLikeData {
		mask = data.DType
	}
	out := []Spec{tensorSpec(data.DType, data.Shape), tensorSpec(mask, data.Shape)}
	return out[:min(o.outputs, 2)], nil
}

// Share makes the result a view of data where the mode is known to be inference
// and nobody asks for the mask.
func (o *dropout) Share(in []Spec) Needs {
	mode := input(in, 2)
	if o.outputs == 1 && (mode.Omitted() || mode.Const != nil && !Data[bool](mode.Const)[0]) {
		return viewShare()
	}
	return Needs{}
}

// Run copies the elements, or drops some.
func (o *dropout) Run(c *Call, in, out []*Tensor) error {
	var mask *Tensor
	if len(out) > 1 {
		mask = out[1]
	}
	ratio, err := o.ratio(in)
	if err == nil {
		out, err = withOutput(c, o, in, out)
	}
	if err != nil {
		return err
	}
	if ratio == 0 {
		copyElements(c, out[0], in[0])
		if mask != nil {
			kept := byte(1)
			if o.old {
				kept = 0
			}
			clear(mask.strings)
			fill(mask.Bytes(), kept)
		}
		return nil
	}
	switch x, y := in[0], out[0]; x.dtype {
	case Float32:
		dropElements(Data[float32](y), Data[float32](x), mask, ratio, newRandom(o.seed))
	case Float64:
		dropElements(Data[float64](y), Data[float64](x), mask, ratio, newRandom(o.seed))
	default:
		return wantType("data in training mode", x.Spec(), Float32, Float64)
	}
	return c.Err()
}

// ratio is the probability that an element is dropped: 0 unless in training.
func (o *dropout) ratio(in []*Tensor) (float64, error) {
	if len(in) < 3 || in[2] == nil || !Data[bool](in[2])[0] {
		return 0, nil
	}
	ratio := 0.5
	if in[1] != nil {
		var v castValues
		v.n = 1
		castTypes[in[1].dtype].load(in[1], 0, &v)
		ratio = v.reals[0]
	}
	if !(ratio >= 0 && ratio < 1) {
		return 0, fmt.Errorf("ratio is %v, want one in [0, 1)", ratio)
	}
	return ratio, nil
}

// dropElements is the training mode; mask may be nil.
func dropElements[T Float](ys, xs []T, mask *Tensor, ratio float64, random *rand.Rand) {
	var kept []bool
	if mask != nil {
		kept = Data[bool](mask)
	}
	scale := T(1 / (1 - ratio))
	for i, v := range xs {
		keep := random.Float64() >= ratio
		ys[i] = 0
		if keep {
			ys[i] = v * scale
		}
		if kept != nil {
			kept[i] = keep
		}
	}
}
