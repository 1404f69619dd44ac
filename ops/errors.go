package ops

import (
	"errors"
	"fmt"
	"strconv"
)

// What went wrong, for errors.Is. An error of New or Infer that wraps none of
// these means that the model is invalid; an error of Run that wraps none of
// these means that the values given to the operator are.
var (
	// ErrUnsupported marks what ONNX allows and tconv does not do.
	ErrUnsupported = errors.New("not supported")
	// ErrLimit marks what would exceed a limit on memory or size.
	ErrLimit = errors.New("limit exceeded")
	// ErrCanceled marks a run that its context ended.
	ErrCanceled = errors.New("canceled")
)

// unsupported is an error that wraps [ErrUnsupported] without repeating its words.
type unsupported struct{ text string }

func (e *unsupported) Error() string { return e.text }
func (e *unsupported) Unwrap() error { return ErrUnsupported }

// unsupportedf formats an error that wraps [ErrUnsupported].
func unsupportedf(format string, args ...any) error {
	return &unsupported{fmt.Sprintf(format, args...)}
}

// maxQuotedBytes is how much of a text from a file stands in an error.
const maxQuotedBytes = 256

// quoted writes a text from a file: quoted, and cut when it is long.
func quoted(s string) string {
	if len(s) > maxQuotedBytes {
		s = s[:maxQuotedBytes] + "..."
	}
	return strconv.Quote(s)
}

// wantType refuses a value whose element type is not in the list. The name is
// the input's name in the ONNX specification.
func wantType(name string, s Spec, allowed ...DType) error {
	for _, d := range allowed {
		if s.DType == d {
			return nil
		}
	}
	return unsupportedf("%s is tensor(%v), want one of %v", name, s.DType, allowed)
}

// wantSameType refuses two values whose element types differ.
func wantSameType(nameA string, a Spec, nameB string, b Spec) error {
	if a.DType != b.DType {
		return fmt.Errorf("%s is tensor(%v) and %s is tensor(%v), want one type", nameA, a.DType, nameB, b.DType)
	}
	return nil
}
