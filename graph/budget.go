package graph

import (
	"fmt"
	"sync/atomic"
)

// budget counts the memory of one model: weights, arenas, and what runs allocate.
type budget struct {
	used    atomic.Int64
	limit   int64
	packed  func() int  // bytes of packed weights, which are counted elsewhere
	reclaim func() bool // gives idle memory back; false where there is none
}

// take counts n bytes, or refuses them. Idle memory makes room.
func (b *budget) take(n int) error {
	for {
		used := b.used.Add(int64(n)) + int64(b.packed())
		if used <= b.limit {
			return nil
		}
		b.used.Add(-int64(n))
		if !b.reclaim() {
			return fmt.Errorf("%w: %s more than the %s in use would exceed the memory limit of %s; raise the memory limit or use smaller inputs",
				ErrLimit, formatBytes(n), formatBytes(int(used)-n), formatBytes(int(b.limit)))
		}
	}
}

// give counts n bytes as free again.
func (b *budget) give(n int) { b.used.Add(-int64(n)) }
