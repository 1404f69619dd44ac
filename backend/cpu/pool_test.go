package cpu

import (
	"errors"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func newTestPool(t testing.TB, threads int) *Pool {
	p := NewPool(threads)
	t.Cleanup(p.Close)
	return p
}

func TestPoolRunsEachChunkOnce(t *testing.T) {
	for _, threads := range []int{1, 2, 3, 4, 7} {
		p := newTestPool(t, threads)
		for _, n := range []int{0, 1, 2, 3, 7, 8, 100, 1001} {
			counts := make([]atomic.Int32, n)
			p.Run(n, func(i int) { counts[i].Add(1) })
			for i := range counts {
				require.EqualValues(t, 1, counts[i].Load(), "threads %d, n %d, chunk %d", threads, n, i)
			}
		}
	}
}

func TestNilPoolRunsAlone(t *testing.T) {
	var p *Pool
	sum := 0
	p.Run(5, func(i int) { sum += i })
	require.Equal(t, 10, sum)
	require.Equal(t, 1, p.Threads())
	p.Close()
}

// Scratch memory is indexed by worker: two bodies on one worker at one time would share it.
func TestPoolWorkersAreUnique(t *testing.T) {
	p := newTestPool(t, 7)
	for range 200 {
		inUse := make([]atomic.Bool, p.Threads())
		p.RunWorker(50, func(worker, i int) {
			if !inUse[worker].CompareAndSwap(false, true) {
				t.Errorf("worker %d runs two chunks at a time", worker)
			}
			runtime.Gosched()
			inUse[worker].Store(false)
		})
	}
}

func TestPoolConcurrentCallers(t *testing.T) {
	p := newTestPool(t, 4)
	var callers sync.WaitGroup
	for c := range 16 {
		callers.Go(func() {
			for round := range 300 {
				n := 1 + (c+round)%40
				var sum atomic.Int64
				p.Run(n, func(i int) { sum.Add(int64(i) + 1) })
				if got, want := sum.Load(), int64(n*(n+1)/2); got != want {
					t.Errorf("got sum %d, want %d", got, want)
				}
			}
		})
	}
	callers.Wait()
}

func TestPoolUsesSeveralWorkers(t *testing.T) {
	p := newTestPool(t, 3)
	var inside atomic.Int32
	p.Run(3, func(int) { // ends only when three chunks are inside at the same time
		inside.Add(1)
		for inside.Load() < 3 {
			runtime.Gosched()
		}
	})
}

func TestPoolNestedRegions(t *testing.T) {
	p := newTestPool(t, 4)
	var sum atomic.Int64
	p.Run(20, func(i int) {
		p.Run(10, func(j int) { sum.Add(int64(i * j)) })
	})
	require.EqualValues(t, 190*45, sum.Load())
}

func TestPoolPanic(t *testing.T) {
	failure := errors.New("planted")
	for _, threads := range []int{1, 2, 4} {
		p := newTestPool(t, threads)
		for round := range 100 {
			var inside atomic.Int32
			func() {
				defer func() {
					err, ok := recover().(*PanicError)
					require.True(t, ok)
					require.ErrorIs(t, err, failure)
					require.Contains(t, string(err.Stack), "TestPoolPanic")
					require.Zero(t, inside.Load(), "bodies run on after the region")
				}()
				p.Run(32, func(i int) {
					inside.Add(1)
					defer inside.Add(-1)
					if i == round%32 {
						panic(failure)
					}
				})
				t.Error("Run returned")
			}()
		}
		var count atomic.Int32
		p.Run(8, func(int) { count.Add(1) })
		require.EqualValues(t, 8, count.Load(), "pool after panics")
	}
}

func TestPoolPanicInNestedRegionIsWrappedOnce(t *testing.T) {
	p := newTestPool(t, 2)
	defer func() {
		err := recover().(*PanicError)
		require.Equal(t, "planted", err.Value)
	}()
	p.Run(2, func(int) {
		p.Run(2, func(int) { panic("planted") })
	})
}

func TestPoolSurvivesGoexitInWorker(t *testing.T) {
	p := newTestPool(t, 2)
	for range 20 {
		var inside, exits atomic.Int32
		region := func() {
			defer func() { _ = recover() }()
			p.RunWorker(2, func(worker, i int) {
				inside.Add(1)
				for inside.Load() < 2 {
					runtime.Gosched()
				}
				if worker == 1 {
					exits.Add(1)
					runtime.Goexit()
				}
			})
		}
		region()
		require.EqualValues(t, 1, exits.Load())
	}
}

func TestPoolStop(t *testing.T) {
	p := newTestPool(t, 3)
	var stop atomic.Bool
	var count atomic.Int32
	done := p.RunUntil(&stop, 1000, func(_, i int) {
		n := count.Add(1)
		if n == 10 {
			stop.Store(true)
		}
		for n > 10 && !stop.Load() { // the tenth sleeps between its two steps
			runtime.Gosched()
		}
	})
	require.False(t, done)
	require.LessOrEqual(t, count.Load(), int32(10+p.Threads()))

	stop.Store(false)
	require.True(t, p.RunUntil(&stop, 10, func(_, i int) {}))
	require.True(t, p.RunUntil(nil, 10, func(_, i int) {}))
}

func TestPoolClose(t *testing.T) {
	before := runtime.NumGoroutine()
	for range 20 {
		p := NewPool(5)
		p.Run(10, func(int) {})
		p.Close()
		p.Close()
		count := 0
		p.Run(3, func(int) { count++ }) // alone, so no race
		require.Equal(t, 3, count)
	}
	for deadline := time.Now().Add(5 * time.Second); runtime.NumGoroutine() > before; runtime.Gosched() {
		require.True(t, time.Now().Before(deadline), "goroutines left")
	}
}

func TestPoolSleepingWorkersWake(t *testing.T) {
	p := newTestPool(t, 3)
	for range 20 {
		time.Sleep(3 * spinTime) // long enough to sleep; that they may not have is no failure
		var sum atomic.Int64
		p.Run(9, func(i int) { sum.Add(int64(i)) })
		require.EqualValues(t, 36, sum.Load())
	}
}

func TestPoolDoesNotAllocate(t *testing.T) {
	p := newTestPool(t, 4)
	body := func(worker, i int) {}
	p.RunWorker(8, body)
	require.Zero(t, testing.AllocsPerRun(100, func() { p.RunWorker(8, body) }))
}

func BenchmarkPoolRegion(b *testing.B) {
	p := newTestPool(b, 2)
	body := func(int) {}
	for b.Loop() {
		p.Run(2, body)
	}
}
