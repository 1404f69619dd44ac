//go:build !amd64 || purego

package cpu

import "unsafe"

// prefetch leaves the processor to itself.
func prefetch(p unsafe.Pointer, pitch, rows, lines int) {}
