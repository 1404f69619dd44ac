package vision

import (
	"errors"
	"fmt"
)

// What callers branch on with errors.Is. The text around them says what was found and what is wanted.
var (
	// ErrFormat: the bytes are not a picture, or a damaged one.
	ErrFormat = errors.New("vision: invalid picture")
	// ErrUnsupported: a picture format, or a feature of one, that this package does not read or write.
	ErrUnsupported = errors.New("vision: unsupported picture format")
	// ErrLimit: the picture or the result has more pixels than allowed.
	ErrLimit = errors.New("vision: picture too large")
	// ErrPreset: a preset has a value that is not allowed, or does not fit the model or the picture.
	ErrPreset = errors.New("vision: preset")
	// ErrResult: a tensor cannot be shown in the way that was asked for.
	ErrResult = errors.New("vision: result")
)

// errorf is one of the errors above with its reason.
func errorf(kind error, format string, args ...any) error {
	return fmt.Errorf("%w: %w", kind, fmt.Errorf(format, args...))
}
