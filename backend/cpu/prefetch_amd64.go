//go:build !purego

package cpu

import "unsafe"

// prefetch asks for lines cache lines of each of rows rows, pitch bytes apart, the first at p, to be brought into L2
// while the caller goes on. rows and lines are 1 or more. Addresses beyond the operand do no harm.
//
//go:noescape
func prefetch(p unsafe.Pointer, pitch, rows, lines int)
