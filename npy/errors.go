package npy

import (
	"errors"
	"fmt"
	"io"
	"strconv"
)

// What callers branch on with errors.Is. The text around them says what was found and what is wanted.
var (
	// ErrFormat: the bytes are not a valid .npy or .npz file, or an Array contradicts itself.
	ErrFormat = errors.New("npy: invalid")
	// ErrLimit: the file is larger than the reader was allowed to read.
	ErrLimit = errors.New("npy: limit exceeded")
	// ErrUnsupported: the file is valid and holds something this package does not read.
	ErrUnsupported = errors.New("npy: unsupported")
)

// formatf is an ErrFormat with its reason.
func formatf(format string, args ...any) error {
	return fmt.Errorf("%w: %w", ErrFormat, fmt.Errorf(format, args...))
}

// limitf is an ErrLimit with its reason.
func limitf(format string, args ...any) error {
	return fmt.Errorf("%w: %w", ErrLimit, fmt.Errorf(format, args...))
}

// unsupportedf is an ErrUnsupported with its reason.
func unsupportedf(format string, args ...any) error {
	return fmt.Errorf("%w: %w", ErrUnsupported, fmt.Errorf(format, args...))
}

// readError turns the end of the data into an ErrFormat and leaves the reader's own errors as they are.
func readError(part string, err error) error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return formatf("the file ends in the %s", part)
	}
	return fmt.Errorf("npy: reading the %s: %w", part, err)
}

// maxQuoted is how many bytes of a name from a file an error message repeats.
const maxQuoted = 256

// quote is %q of what a file says, cut so that a message stays readable.
func quote(s string) string {
	if len(s) > maxQuoted {
		s = s[:maxQuoted] + "..."
	}
	return strconv.Quote(s)
}
