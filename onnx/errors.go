package onnx

import (
	"errors"
	"fmt"
)

// The kinds of error of this package, for [errors.Is].
var (
	// ErrMalformed is the kind of errors about bytes or structs that are no valid ONNX.
	ErrMalformed = errors.New("malformed ONNX")
	// ErrLimit is the kind of errors about valid input that is larger or deeper than allowed.
	ErrLimit = errors.New("limit exceeded")
	// ErrExternal is the kind of errors about external data that is refused: no folder was given, or the file or the
	// range in it is not one that a model may name.
	ErrExternal = errors.New("external data refused")
)

// ParseError says where in the bytes of a message something is wrong.
type ParseError struct {
	Offset int    // absolute offset in the bytes given
	Path   string // fields from the root, such as graph.node[3].attribute[1].t.raw_data; empty for the root
	Err    error  // what was found and what is wanted; wraps ErrMalformed or ErrLimit
}

// Error gives the place, then what was found and what is wanted.
func (e *ParseError) Error() string {
	if e.Path == "" {
		return fmt.Sprintf("onnx: byte %d: %v", e.Offset, e.Err)
	}
	return fmt.Sprintf("onnx: %s (byte %d): %v", e.Path, e.Offset, e.Err)
}

// Unwrap returns Err.
func (e *ParseError) Unwrap() error { return e.Err }

// under puts a parent field in front of the path of a ParseError; other errors pass unchanged.
func under(parent string, err error) error {
	e, ok := err.(*ParseError)
	if !ok {
		return err
	}
	if e.Path == "" {
		e.Path = parent
	} else {
		e.Path = parent + "." + e.Path
	}
	return e
}

// TensorError says which tensor has contents that cannot be used.
type TensorError struct {
	Name string // name of the tensor, may be empty
	Err  error  // what was found and what is wanted; wraps one of this package's kinds, or an error of the file system
}

// Error gives the quoted name, cut at 256 bytes, then what was found and what is wanted.
func (e *TensorError) Error() string {
	return fmt.Sprintf("onnx: tensor %s: %v", quote(e.Name), e.Err)
}

// Unwrap returns Err.
func (e *TensorError) Unwrap() error { return e.Err }

// fault is an error of one of the kinds above whose text does not repeat the kind.
type fault struct {
	kind error
	text string
}

func (e *fault) Error() string { return e.text }
func (e *fault) Unwrap() error { return e.kind }

func malformed(format string, args ...any) error {
	return &fault{ErrMalformed, fmt.Sprintf(format, args...)}
}

func overLimit(format string, args ...any) error {
	return &fault{ErrLimit, fmt.Sprintf(format, args...)}
}

func refused(format string, args ...any) error {
	return &fault{ErrExternal, fmt.Sprintf(format, args...)}
}

// maxQuoted is how many bytes of a name from a file are shown in an error.
const maxQuoted = 256

// quote quotes text from a file for an error message, cut at maxQuoted bytes.
func quote(s string) string {
	if len(s) <= maxQuoted {
		return fmt.Sprintf("%q", s)
	}
	return fmt.Sprintf("%q... (%d bytes)", s[:maxQuoted], len(s))
}
