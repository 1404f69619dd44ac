package conformance

import (
	"context"
	"fmt"
	"slices"

	"github.com/tconv/tconv"
	"github.com/tconv/tconv/onnx"
)

// lightKind is the folder of the light models: classifiers whose weights are
// constants, with outputs as files beside the model (MODEL_output_N.pb) and inputs
// that the runner makes.
const lightKind = "light"

// lightTolerances are the relative tolerances that the suite gives single light
// models (onnx/backend/test/case/model/__init__.py of ONNX 1.22).
var lightTolerances = map[string]float64{"light/light_densenet121": 2e-3}

// runLight runs a light model on the inputs that the suite makes.
func (s *Suite) runLight(ctx context.Context, t Test, m *tconv.Model, g *onnx.Graph) error {
	feed := tconv.Tensors{}
	for _, in := range g.Inputs {
		initialized := func(w *onnx.Tensor) bool { return w.Name == in.Name }
		if slices.ContainsFunc(g.Initializers, initialized) {
			continue
		}
		x, err := ramp(in)
		if err != nil {
			return err
		}
		feed[in.Name] = x
	}
	got, err := m.Run(ctx, feed)
	if err != nil {
		return err
	}
	rtol, ok := lightTolerances[t.Name]
	if !ok {
		rtol = RelativeTolerance
	}
	for i, out := range g.Outputs {
		if err := s.checkOutput(fmt.Sprintf("%s_output_%d.pb", t.path, i), out, got, rtol); err != nil {
			return err
		}
	}
	return nil
}

// rampLimit bounds the elements of a made input: a declared shape is only a claim.
const rampLimit = 1 << 24

// ramp makes the input that the suite's own runner makes: element i of n is i/n, an
// open dimension is 1.
func ramp(info *onnx.ValueInfo) (*tconv.Tensor, error) {
	if info.Type == nil || info.Type.Kind != onnx.TypeTensor || info.Type.ElemType != onnx.Float || info.Type.Shape == nil {
		return nil, fmt.Errorf("%w: input %q: want a float tensor of known rank to make its values", tconv.ErrUnsupported, info.Name)
	}
	n := 1
	var shape []int
	for _, d := range info.Type.Shape.Dims {
		size := 1
		if d.Kind == onnx.DimValue {
			size = int(d.Value)
		}
		if size < 1 || size > rampLimit/n {
			return nil, fmt.Errorf("%w: input %q has more than %d elements, or none", tconv.ErrUnsupported, info.Name, rampLimit)
		}
		n *= size
		shape = append(shape, size)
	}
	data := make([]float32, n)
	for i := range data {
		data[i] = float32(float64(i) / float64(n))
	}
	return tconv.Wrap(data, shape...)
}
