package graph

import (
	"fmt"
	"sync/atomic"
)

// budget counts the memory of one model's runs.
type budget struct {
	used  atomic.Int64
	limit int64
}

// take counts n bytes, or refuses them.
func (b *budget) take(n int) error {
	if b.used.Add(int64(n)) > b.limit {
		b.used.Add(-int64(n))
		return fmt.Errorf("%w: %s more would exceed the memory limit of %s; raise the memory limit or use smaller inputs",
			ErrLimit, formatBytes(n), formatBytes(int(b.limit)))
	}
	return nil
}

// give counts n bytes as free again.
func (b *budget) give(n int) { b.used.Add(-int64(n)) }
