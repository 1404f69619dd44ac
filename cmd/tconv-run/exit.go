package main

import (
	"errors"
	"fmt"
	"runtime/debug"

	"github.com/tconv/tconv"
	"github.com/tconv/tconv/npy"
	"github.com/tconv/tconv/vision"
)

// What only the command can get wrong, for errors.Is.
var (
	errUsage       = errors.New("wrong usage")
	errVerify      = errors.New("verification failed")
	errRegress     = errors.New("slower than before")
	errTimeout     = errors.New("timed out")
	errInterrupted = errors.New("interrupted")
)

// exitCodes maps kinds of errors to exit codes, the first that fits. Anything else is 1: internal.
var exitCodes = []struct {
	kind error
	code int
}{
	{errInterrupted, 130},
	{errTimeout, 124},
	{errUsage, 2},
	{errVerify, 6},
	{errRegress, 7},
	{tconv.ErrInternal, 1},
	{tconv.ErrLimit, 8},
	{npy.ErrLimit, 8},
	{vision.ErrLimit, 8},
	{tconv.ErrInput, 5},
	{tconv.ErrUnsupported, 4},
	{tconv.ErrInvalidModel, 3},
	{tconv.ErrIO, 3},
}

// exitCode gives the exit code for the error that ended the program; 0 for none.
func exitCode(err error) int {
	if err == nil {
		return 0
	}
	for _, e := range exitCodes {
		if errors.Is(err, e.kind) {
			return e.code
		}
	}
	return 1
}

// kindError is a text of one of the kinds above, and what caused it.
type kindError struct {
	kind  error
	text  string
	cause error
}

func (e *kindError) Error() string { return e.text }

// Unwrap lets errors.Is find the kind and the cause.
func (e *kindError) Unwrap() []error {
	if e.cause == nil {
		return []error{e.kind}
	}
	return []error{e.kind, e.cause}
}

// kindf makes an error of a kind without showing the kind's own words.
func kindf(kind error, format string, args ...any) error {
	err := fmt.Errorf(format, args...)
	return &kindError{kind, err.Error(), errors.Unwrap(err)}
}

// usagef makes an error about the command line.
func usagef(format string, args ...any) error { return kindf(errUsage, format, args...) }

// inputf makes an error about what was given to the model.
func inputf(format string, args ...any) error { return kindf(tconv.ErrInput, format, args...) }

// bugError makes an error of a panic.
func bugError(v any) error {
	return fmt.Errorf("%w: %v\n%s", tconv.ErrInternal, v, debug.Stack())
}

// hintError adds what the user can do to an error.
type hintError struct {
	err  error
	hint string
}

func (e *hintError) Error() string { return e.err.Error() }
func (e *hintError) Unwrap() error { return e.err }

// withHint adds what the user can do; nil stays nil.
func withHint(err error, format string, args ...any) error {
	if err == nil {
		return nil
	}
	return &hintError{err, fmt.Sprintf(format, args...)}
}
