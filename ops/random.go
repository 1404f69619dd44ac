package ops

import (
	"fmt"
	"math"
	"math/rand/v2"
)

// RandomNormal: output = numbers of the normal distribution with mean and scale (the
// standard deviation). RandomUniform: numbers evenly from [low, high). The forms with
// Like take the shape, and without dtype the type, of an input.
//
//	shape: ints. mean (0), scale (1), low (0), high (1): floats. dtype: float
//	(default), double, float16, bfloat16. output: dtype.
//
// Bernoulli: output = 1 with probability input, else 0, element by element.
//
//	input: float, double, float16, bfloat16, in [0, 1]. output: dtype, by default
//	input's type: a number or bool.
//
// Multinomial: output = sample_size draws of a class for each row of input, which holds
// the logarithms of the probabilities, up to a constant.
//
//	input: float, double, float16, bfloat16, [batch, classes]. output: int32 (default)
//	or int64, [batch, sample_size].
//
// seed (float): the numbers follow from it alone, so that every run gives the same;
// without it from the system. They are not those of onnxruntime.
//
// https://onnx.ai/onnx/operators/onnx__RandomNormal.html, onnx__RandomUniform.html,
// onnx__RandomNormalLike.html, onnx__RandomUniformLike.html (versions 1, 22),
// onnx__Bernoulli.html (versions 15, 22), onnx__Multinomial.html (versions 7, 22).
func init() {
	out := []string{"output"}
	for _, normal := range []bool{true, false} {
		name := "RandomUniform"
		if normal {
			name = "RandomNormal"
		}
		Register(
			Def{
				Name: name, Since: 1, Outputs: out, Random: true,
				New: func(n *Node) (Op, error) {
					o := newRandomFill(n, normal, Float32)
					if o.shape = n.Ints("shape"); o.shape == nil {
						n.Fail("attribute shape is missing")
					}
					return o, n.Err()
				},
			},
			Def{
				Name: name + "Like", Since: 1, Inputs: []string{"input"}, Outputs: out, Random: true,
				New: func(n *Node) (Op, error) { return newRandomFill(n, normal, Undefined), n.Err() },
			},
		)
	}
	Register(
		Def{
			Name: "Bernoulli", Since: 15, Inputs: []string{"input"}, Outputs: out, Random: true,
			New: func(n *Node) (Op, error) {
				return &bernoulli{dtype: n.DType("dtype", Undefined), seed: readFloatSeed(n)}, n.Err()
			},
		},
		Def{
			Name: "Multinomial", Since: 7, Inputs: []string{"input"}, Outputs: out, Random: true,
			New: func(n *Node) (Op, error) {
				o := &multinomial{dtype: n.DType("dtype", Int32), size: n.Int("sample_size", 1), seed: readFloatSeed(n)}
				if o.dtype != Int32 && o.dtype != Int64 {
					n.Fail("dtype is %v, want int32 or int64", o.dtype)
				}
				if o.size < 1 {
					n.Fail("sample_size is %d, want 1 or more", o.size)
				}
				return o, n.Err()
			},
		},
	)
}

// readFloatSeed reads the attribute seed of kind float; nil when absent.
func readFloatSeed(n *Node) *uint64 {
	if !n.Has("seed") {
		return nil
	}
	seed := uint64(math.Float32bits(n.Float("seed", 0)))
	return &seed
}

// randomFill is RandomNormal and RandomUniform: scale·r + offset.
type randomFill struct {
	shape         Shape // nil: the input's
	dtype         DType // Undefined: the input's
	normal        bool
	scale, offset float64
	seed          *uint64
}

func newRandomFill(n *Node, normal bool, dtype DType) *randomFill {
	o := &randomFill{normal: normal, dtype: n.DType("dtype", dtype), seed: readFloatSeed(n)}
	if normal {
		o.scale, o.offset = float64(n.Float("scale", 1)), float64(n.Float("mean", 0))
	} else {
		o.offset = float64(n.Float("low", 0))
		o.scale = float64(n.Float("high", 1)) - o.offset
	}
	return o
}

// Infer gives the wanted shape and type.
func (o *randomFill) Infer(in []Spec) ([]Spec, error) {
	s := Spec{DType: o.dtype, Shape: o.shape}
	if s.Shape == nil {
		s.Shape = in[0].Shape
	}
	if s.DType == Undefined {
		s.DType = in[0].DType
	}
	if !s.DType.IsFloat() {
		return nil, unsupportedf("output is tensor(%v), want a float", s.DType)
	}
	return one(s.DType, s.Shape)
}

// Run draws the numbers in order.
func (o *randomFill) Run(c *Call, _, out []*Tensor) error {
	random := newRandom(o.seed)
	draw := random.Float64
	if o.normal {
		draw = random.NormFloat64
	}
	return storeDraws(c, out[0], func(int) float64 { return draw()*o.scale + o.offset })
}

// storeDraws writes draw(i) for every element, in order.
func storeDraws(c *Call, y *Tensor, draw func(i int) float64) error {
	v := castValues{form: castReal}
	for at := 0; at < y.Len(); at += castRun {
		if c.stop.Load() {
			return c.Err()
		}
		v.n = min(castRun, y.Len()-at)
		for i := range v.n {
			v.reals[i] = draw(at + i)
		}
		castTypes[y.dtype].store(y, at, &v, castRules{})
	}
	return nil
}

// realsOf gives the elements of a tensor of floats as float64.
func realsOf(t *Tensor) []float64 {
	out := make([]float64, t.Len())
	var v castValues
	for at := 0; at < len(out); at += castRun {
		v.n = min(castRun, len(out)-at)
		castTypes[t.dtype].load(t, at, &v)
		copy(out[at:], v.reals[:v.n])
	}
	return out
}

type bernoulli struct {
	dtype DType // Undefined: the input's
	seed  *uint64
}

// Infer gives the input's shape.
func (o *bernoulli) Infer(in []Spec) ([]Spec, error) {
	to := o.dtype
	if to == Undefined {
		to = in[0].DType
	}
	if !in[0].DType.IsFloat() {
		return nil, unsupportedf("input is tensor(%v), want a float", in[0].DType)
	}
	if !to.IsFloat() && !to.IsInteger() && to != Bool {
		return nil, unsupportedf("output is tensor(%v), want a number or bool", to)
	}
	return one(to, in[0].Shape)
}

// Run draws once for every element.
func (o *bernoulli) Run(c *Call, in, out []*Tensor) error {
	random := newRandom(o.seed)
	p := realsOf(in[0])
	for i, v := range p {
		if !(v >= 0 && v <= 1) {
			return fmt.Errorf("input element %d is %v, want a probability in [0, 1]", i, v)
		}
	}
	return storeDraws(c, out[0], func(i int) float64 {
		if random.Float64() < p[i] {
			return 1
		}
		return 0
	})
}

type multinomial struct {
	dtype DType
	size  int
	seed  *uint64
}

// Infer gives [batch, sample_size].
func (o *multinomial) Infer(in []Spec) ([]Spec, error) {
	if !in[0].DType.IsFloat() {
		return nil, unsupportedf("input is tensor(%v), want a float", in[0].DType)
	}
	s := in[0].Shape
	if len(s) != 2 || s[1] == 0 {
		return nil, fmt.Errorf("input has shape %v, want [batch, classes] with 1 or more classes", s)
	}
	return one(o.dtype, Shape{s[0], o.size})
}

// Run draws from the running sums of the probabilities.
func (o *multinomial) Run(c *Call, in, out []*Tensor) error {
	random := newRandom(o.seed)
	classes := in[0].shape[1]
	sums := realsOf(in[0])
	for row := sums; len(row) > 0; row = row[classes:] {
		accumulateProbabilities(row[:classes])
	}
	return storeDraws(c, out[0], func(i int) float64 {
		row := sums[i/o.size*classes:][:classes]
		return float64(drawClass(random, row))
	})
}

// accumulateProbabilities turns logarithms into running sums of e^(x-max).
func accumulateProbabilities(row []float64) {
	top := math.Inf(-1)
	for _, x := range row {
		top = math.Max(top, x)
	}
	sum := 0.0
	for i, x := range row {
		sum += math.Exp(x - top)
		row[i] = sum
	}
}

// drawClass gives the first class whose running sum is above an even draw.
func drawClass(random *rand.Rand, sums []float64) int {
	r := random.Float64() * sums[len(sums)-1]
	for i, s := range sums {
		if r < s {
			return i
		}
	}
	return len(sums) - 1
}
