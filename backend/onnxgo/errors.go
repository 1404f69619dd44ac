package onnxgo

import (
	"errors"
	"fmt"

	"github.com/owulveryck/onnx-go"

	"github.com/tconv/tconv"
)

// notImplemented is an error of tconv in the form that onnx-go has for it.
type notImplemented struct {
	err  error
	form *onnx.ErrNotImplemented
}

func (e *notImplemented) Error() string { return e.err.Error() }

// Unwrap lets errors.Is find tconv.ErrUnsupported, and errors.As onnx-go's
// *ErrNotImplemented and tconv's *UnsupportedError.
func (e *notImplemented) Unwrap() []error { return []error{e.err, e.form} }

// classified adds onnx-go's form to an error that says that tconv lacks something.
func classified(err error) error {
	if err == nil || !errors.Is(err, tconv.ErrUnsupported) {
		return err
	}
	form := &onnx.ErrNotImplemented{Message: err.Error()}
	if list := (*tconv.UnsupportedError)(nil); errors.As(err, &list) && len(list.Ops) > 0 {
		form.Operator = list.Ops[0].Op
	}
	return &notImplemented{err, form}
}

// recovered turns a panic, of gorgonia's tensors or of onnx-go, into an error.
func recovered(err *error) {
	if v := recover(); v != nil {
		*err = fmt.Errorf("%w: panic: %v", tconv.ErrInternal, v)
	}
}
