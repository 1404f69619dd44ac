package ops

import "fmt"

// MicrosoftDomain is the domain of the operators that onnxruntime adds to ONNX.
const MicrosoftDomain = "com.microsoft"

// granularity says which scale, and zero point, belongs to which element of a
// tensor, seen as [outer, axis, inner]:
//
//	per tensor  scale[0]
//	per axis    scale[a]
//	blocked     scale[o, a/block, i]
type granularity struct {
	kind        granularityKind
	axis, inner int // extents
	block       int // elements along the axis that share a scale
	blocks      int // of the axis
}

type granularityKind uint8

const (
	perTensor granularityKind = iota
	perAxis
	perBlock
)

// newGranularity checks the shape of a scale against that of the tensor x. A
// block of 0 means that scales are not blocked.
func newGranularity(x, scale Shape, axis, block int) (granularity, error) {
	if block == 0 && (len(scale) == 0 || len(scale) == 1 && scale[0] == 1) {
		return granularity{kind: perTensor}, nil
	}
	axis, err := normAxis(axis, len(x))
	if err != nil {
		return granularity{}, err
	}
	g := granularity{kind: perAxis, axis: x[axis], inner: product(x[axis+1:]), block: block}
	if block == 0 {
		if len(scale) != 1 || scale[0] != g.axis {
			return g, fmt.Errorf("scale has shape %v, want one value or %d: axis %d of %v", scale, g.axis, axis, x)
		}
		return g, nil
	}
	g.kind, g.blocks = perBlock, (g.axis+block-1)/block
	want := x.Clone()
	want[axis] = g.blocks
	if !scale.Equal(want) {
		return g, fmt.Errorf("scale has shape %v, want %v: blocks of %d along axis %d of %v", scale, want, block, axis, x)
	}
	return g, nil
}

// run gives the index of the scale of element i, and the first element behind i
// that may have another; n is the number of elements.
func (g *granularity) run(i, n int) (scale, end int) {
	if g.kind == perTensor {
		return 0, n
	}
	row := i / g.inner
	outer, a := row/g.axis, row%g.axis
	switch {
	case g.kind == perAxis:
		return a, (row + 1) * g.inner
	case g.inner == 1:
		return outer*g.blocks + a/g.block, outer*g.axis + min((a/g.block+1)*g.block, g.axis)
	}
	return (outer*g.blocks+a/g.block)*g.inner + i%g.inner, i + 1
}

// scaleReals reads scales, or zero points, as float32. A missing tensor gives n
// zeros.
func scaleReals(t *Tensor, n int) []float32 {
	out := make([]float32, n)
	if t == nil {
		return out
	}
	if t.dtype == Float32 {
		copy(out, Data[float32](t))
		return out
	}
	var v castValues
	for at := 0; at < n; at += castRun {
		v.n = min(castRun, n-at)
		castTypes[t.dtype].load(t, at, &v)
		for i := range v.n {
			out[at+i] = v.single(i)
		}
	}
	return out
}
