package conformance

import (
	"bytes"
	"fmt"
	"math"
	"slices"

	"github.com/tconv/tconv"
)

// The tolerance of the suite: |got - want| <= AbsoluteTolerance + RelativeTolerance·|want|.
const (
	RelativeTolerance = 1e-3
	AbsoluteTolerance = 1e-7
)

// Compare holds a result against what a test wants; the error says what differs
// first.
//
// Sequences agree member by member; an optional that holds nothing equals any other.
func Compare(got, want *tconv.Tensor) error { return compareWithin(got, want, RelativeTolerance) }

// compareWithin is Compare with another relative tolerance.
func compareWithin(got, want *tconv.Tensor, rtol float64) error {
	if got.Kind() != tconv.KindTensor || want.Kind() != tconv.KindTensor {
		return compareMembers(got, want, rtol)
	}
	if got.String() != want.String() {
		return fmt.Errorf("it is %v, want %v", got, want)
	}
	switch want.DType() {
	case tconv.String:
		if !slices.Equal(got.Strings(), want.Strings()) {
			return fmt.Errorf("it is %q, want %q", got.Strings(), want.Strings())
		}
		return nil
	case tconv.Float32, tconv.Float64, tconv.Float16, tconv.BFloat16:
		return compareFloats(got, want, rtol)
	}
	if !bytes.Equal(got.Bytes(), want.Bytes()) {
		return fmt.Errorf("elements differ: %s", firstDifference(got, want))
	}
	return nil
}

// compareMembers compares sequences and optionals.
func compareMembers(got, want *tconv.Tensor, rtol float64) error {
	a, b := got.Elems(), want.Elems()
	if got.Kind() != want.Kind() || len(a) != len(b) {
		return fmt.Errorf("it is %v of %d members, want %v of %d", got, len(a), want, len(b))
	}
	for i := range b {
		if err := compareWithin(a[i], b[i], rtol); err != nil {
			return fmt.Errorf("member %d: %w", i, err)
		}
	}
	return nil
}

// compareFloats compares within the tolerance.
func compareFloats(got, want *tconv.Tensor, rtol float64) error {
	a, err := got.Float64s()
	if err != nil {
		return err
	}
	b, err := want.Float64s()
	if err != nil {
		return err
	}
	for i, w := range b {
		same := a[i] == w || math.IsNaN(a[i]) && math.IsNaN(w)
		if !same && (math.IsInf(w, 0) || !(math.Abs(a[i]-w) <= AbsoluteTolerance+rtol*math.Abs(w))) {
			return fmt.Errorf("element %d is %v, want %v", i, a[i], w)
		}
	}
	return nil
}

// firstDifference describes where two tensors of one type and shape differ first.
func firstDifference(got, want *tconv.Tensor) string {
	a, errA := got.Float64s()
	b, errB := want.Float64s()
	if errA != nil || errB != nil {
		return "their bytes are not equal"
	}
	for i := range b {
		if a[i] != b[i] {
			return fmt.Sprintf("element %d is %v, want %v", i, a[i], b[i])
		}
	}
	return "their bytes are not equal"
}
