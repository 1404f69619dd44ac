package vision

import (
	"fmt"

	"github.com/tconv/tconv"
)

// What callers branch on with errors.Is. The text around them says what was found and what is wanted. Each also is
// tconv.ErrInput, or tconv.ErrLimit for ErrLimit.
var (
	// ErrFormat: the bytes are not a picture, or a damaged one.
	ErrFormat error = &kind{"vision: invalid picture", tconv.ErrInput}
	// ErrUnsupported: a picture format, or a feature of one, that this package does not read or write.
	ErrUnsupported error = &kind{"vision: unsupported picture format", tconv.ErrInput}
	// ErrLimit: the picture or the result has more pixels than allowed.
	ErrLimit error = &kind{"vision: picture too large", tconv.ErrLimit}
	// ErrPreset: a preset has a value that is not allowed, or does not fit the model or the picture.
	ErrPreset error = &kind{"vision: preset", tconv.ErrInput}
	// ErrResult: a tensor cannot be shown in the way that was asked for.
	ErrResult error = &kind{"vision: result", tconv.ErrInput}
)

// kind is one of the errors above. It belongs to one of tconv's categories without naming it.
type kind struct {
	text     string
	category error
}

// Error gives the kind's own words.
func (k *kind) Error() string { return k.text }

// Unwrap gives the category.
func (k *kind) Unwrap() error { return k.category }

// errorf is one of the errors above with its reason.
func errorf(kind error, format string, args ...any) error {
	return fmt.Errorf("%w: %w", kind, fmt.Errorf(format, args...))
}
