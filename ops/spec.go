package ops

import "fmt"

// Spec is what is known about a value before the model runs.
type Spec struct {
	Kind  Kind    // tensor (the zero value), sequence or optional
	Holds Kind    // of an optional: what it may hold, a tensor or a sequence
	DType DType   // Undefined: an optional input that was omitted
	Shape Shape   // nil where the rank is unknown; Unknown dimensions are decided by the data
	Const *Tensor // the value itself where it is known, else nil
	// Layout is how the elements lie in memory; planar until layouts are assigned.
	Layout Layout
}

// Omitted reports whether s stands for an optional input that is not there.
func (s Spec) Omitted() bool { return s.DType == Undefined }

// Static reports whether type and shape are known in full.
func (s Spec) Static() bool {
	return s.Kind == KindTensor && s.DType != Undefined && s.Shape.Known()
}

// Bytes is the memory that the value takes, halo included; s must be static.
func (s Spec) Bytes() int { return layoutBytes(s.DType, s.Shape, s.Layout) }

// String writes the type and the shape, tensor(float)[1, 3, 8, 8], and a layout
// that is not planar.
func (s Spec) String() string {
	switch {
	case s.Omitted():
		return "omitted"
	case s.Kind == KindTensor && s.Layout.Planar():
		return fmt.Sprintf("tensor(%v)%v", s.DType, s.Shape)
	case s.Kind == KindTensor:
		return fmt.Sprintf("tensor(%v)%v %v", s.DType, s.Shape, s.Layout)
	}
	if s.Holds == KindSequence {
		return fmt.Sprintf("%v(sequence(tensor(%v)))", s.Kind, s.DType)
	}
	return fmt.Sprintf("%v(tensor(%v))", s.Kind, s.DType)
}

// tensorSpec describes a tensor whose value is not known.
func tensorSpec(d DType, shape Shape) Spec { return Spec{DType: d, Shape: shape} }

// one is the result of an Infer with a single output; it refuses shapes that are
// too large.
func one(d DType, shape Shape) ([]Spec, error) {
	if err := shape.Check(); err != nil {
		return nil, err
	}
	return []Spec{tensorSpec(d, shape)}, nil
}

// unknownShape is the result of an Infer whose output's shape the data decides.
func unknownShape(d DType) ([]Spec, error) { return []Spec{{DType: d}}, nil }
