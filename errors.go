package tconv

import (
	"errors"
	"fmt"
	"io/fs"

	"github.com/tconv/tconv/graph"
	"github.com/tconv/tconv/onnx"
)

// What went wrong, for errors.Is. Every error of this package wraps one of them.
var (
	// ErrInvalidModel: the bytes are no ONNX model, or the model breaks the rules of ONNX.
	ErrInvalidModel = graph.ErrInvalidModel
	// ErrUnsupported: ONNX allows it, tconv cannot run it; see [UnsupportedError].
	ErrUnsupported = graph.ErrUnsupported
	// ErrInput: an input is missing, unknown, or has another type, shape or value than the model takes.
	ErrInput = graph.ErrInput
	// ErrLimit: it would exceed a limit on memory, size or count.
	ErrLimit = graph.ErrLimit
	// ErrCanceled: the context ended; its cause is wrapped too.
	ErrCanceled = graph.ErrCanceled
	// ErrInternal: a bug of tconv. Please report it with the model.
	ErrInternal = graph.ErrInternal
	// ErrIO: a file could not be read.
	ErrIO = errors.New("cannot read")
	// ErrClosed: the model was closed.
	ErrClosed = graph.ErrClosed
)

// UnsupportedError lists every operator of a model that tconv cannot run.
type UnsupportedError = graph.UnsupportedError

// UnsupportedOp is one of them.
type UnsupportedOp = graph.UnsupportedOp

// ShapeError says that an input has another type or shape than the model takes.
type ShapeError = graph.ShapeError

// NodeError says at which node a shape rule or a run failed.
type NodeError = graph.NodeError

// ModelError names the model that could not be loaded.
type ModelError struct {
	Path string
	Err  error
}

// Error names the file, then the cause.
func (e *ModelError) Error() string { return e.Path + ": " + e.Err.Error() }

// Unwrap gives the cause.
func (e *ModelError) Unwrap() error { return e.Err }

// InputError says which input or output the caller got wrong, and what the model
// takes.
type InputError struct {
	Text string // what was found
	Want []Info // the inputs of the model
}

// Error says what was found, then lists the inputs of the model.
func (e *InputError) Error() string {
	text := e.Text + "; the model takes"
	if len(e.Want) == 0 {
		return text + " no inputs"
	}
	for i, in := range e.Want {
		if i > 0 {
			text += ","
		}
		text += fmt.Sprintf(" %q: %v", in.Name, in)
	}
	return text
}

// Unwrap lets errors.Is find ErrInput.
func (e *InputError) Unwrap() error { return ErrInput }

// inputError makes an InputError of this model.
func (m *Model) inputError(text string) error { return &InputError{Text: text, Want: m.inputs} }

// kindError adds one of this package's categories to an error of another.
type kindError struct{ kind, err error }

func (e *kindError) Error() string   { return e.err.Error() }
func (e *kindError) Unwrap() []error { return []error{e.kind, e.err} }

// ioError marks an error of the file system. It drops the path from it, which
// the caller names.
func ioError(path string, err error) error {
	var p *fs.PathError
	if errors.As(err, &p) {
		err = p.Err
	}
	return &ModelError{Path: path, Err: &kindError{ErrIO, err}}
}

// classify gives errors of the parser a category of this package.
func classify(err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, onnx.ErrLimit):
		return &kindError{ErrLimit, err}
	case errors.Is(err, onnx.ErrMalformed), errors.Is(err, onnx.ErrExternal):
		return &kindError{ErrInvalidModel, err}
	}
	return err
}
