package cpu

import (
	"runtime"
	"sync"
	"sync/atomic"
	"time"
)

// MeasureLinePass returns how long a cache line takes from the core that wrote it to the next one that waits for it, in a
// ring of as many threads as may run at once, at most n; 0 for fewer than two. It is 20 to 70 ns between cores that share
// an L3 cache, and above 100 between others, where threads that read what others wrote gain less.
// The best of several rounds counts, as a round may be interrupted.
func MeasureLinePass(n int) time.Duration {
	if n = min(n, runtime.GOMAXPROCS(0)); n < 2 {
		return 0
	}
	best := time.Hour
	for range 5 {
		best = min(best, linePassRound(n))
	}
	return best
}

// linePassTurns is how often the line goes round in a round: 30 to 160 us for each thread.
const linePassTurns = 1000

func linePassRound(n int) time.Duration {
	var line struct {
		_    [lineFloats]float32
		turn atomic.Int64
		_    [lineFloats]float32
	}
	var all sync.WaitGroup
	var start time.Time
	end := int64(n * linePassTurns)
	for id := range int64(n) {
		all.Go(func() {
			for mine := id; mine < end; mine += int64(n) {
				for waited := 0; line.turn.Load() != mine; waited++ {
					if waited > 1<<14 { // whom it waits for may need this processor to begin
						runtime.Gosched()
					}
				}
				if mine == int64(n) { // all are there
					start = time.Now()
				}
				line.turn.Store(mine + 1)
			}
		})
	}
	all.Wait()
	return time.Since(start) / time.Duration(end-int64(n))
}
