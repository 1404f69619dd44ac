//go:build !linux

package graph

import (
	"math"
	"runtime/debug"
)

// assumedMemory stands for the machine's memory where the standard library
// cannot tell it: a caller who has less or more sets the limit.
const assumedMemory int64 = 4 << 30

// usableMemory is the memory that this process may use, in bytes: GOMEMLIMIT
// where it is set, else an assumption.
func usableMemory() int {
	if limit := debug.SetMemoryLimit(-1); limit < math.MaxInt64 {
		return int(min(limit, math.MaxInt))
	}
	return int(min(math.MaxInt, assumedMemory))
}
