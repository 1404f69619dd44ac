package ops

import "fmt"

// input gives what is known of input i; one that is not there is omitted.
func input(in []Spec, i int) Spec {
	if i >= len(in) {
		return Spec{}
	}
	return in[i]
}

// specsOf describes values as known, so that Run can ask what Infer asked.
func specsOf(in []*Tensor) []Spec {
	out := make([]Spec, len(in))
	for i, t := range in {
		out[i] = t.Spec()
	}
	return out
}

// intParameter reads input i, which holds integers that shape the result: a
// shape, axes, starts. The values are nil when the input is omitted, else not nil;
// known is false when only the run will tell them.
func intParameter(name string, in []Spec, i int) (values []int, known bool, err error) {
	s := input(in, i)
	if s.Omitted() {
		return nil, true, nil
	}
	if err := wantType(name, s, Int64, Int32); err != nil {
		return nil, false, err
	}
	if len(s.Shape) > 1 {
		return nil, false, fmt.Errorf("%s has shape %v, want rank 1", name, s.Shape)
	}
	if s.Const == nil {
		return nil, false, nil
	}
	return s.Const.Ints(), true, nil
}

// wantDense refuses sequences, optionals, and types that pack several elements
// into a byte: operators that move single elements do not take them.
func wantDense(name string, s Spec) error {
	if s.Kind != KindTensor {
		return fmt.Errorf("%s is a %v, want a tensor", name, s.Kind)
	}
	if s.DType != String && s.DType.Size() == 0 {
		return unsupportedf("%s is tensor(%v), want elements of at least 8 bits", name, s.DType)
	}
	return nil
}

// wantAsIs refuses what is not a tensor, for operators that move tensors of
// every type.
func wantAsIs(name string, s Spec) error {
	if s.Kind != KindTensor {
		return fmt.Errorf("%s is a %v, want a tensor", name, s.Kind)
	}
	return nil
}

// copyElements copies the elements of x to y, which has as many of the same type.
func copyElements(c *Call, y, x *Tensor) {
	copy(y.strings, x.strings)
	const bytesPerNs = 8
	c.Parallel((len(x.Bytes())+bytesPerNs-1)/bytesPerNs, 1, func(lo, hi int) {
		hi = min(hi*bytesPerNs, len(x.Bytes()))
		copy(y.Bytes()[lo*bytesPerNs:hi], x.Bytes()[lo*bytesPerNs:hi])
	})
}

// oneAxis reads the value of an input that holds one axis.
func oneAxis(values []int, rank int) (int, error) {
	if len(values) != 1 {
		return 0, fmt.Errorf("axis is %v, want one number", values)
	}
	return normAxis(values[0], rank)
}
