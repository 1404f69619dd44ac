// Package npy reads and writes arrays on disk: NumPy's .npy and .npz files.
//
// Files are untrusted. A reader gives a typed error and never panics, allocates no more than about
// twice the bytes that are really there, evaluates no Python, and extracts no archive. Every error is an
// [ErrFormat], [ErrLimit] or [ErrUnsupported], or the error of the underlying reader or writer.
//
// The format: https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html.
package npy
