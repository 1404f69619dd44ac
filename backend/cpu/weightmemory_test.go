package cpu

import (
	"runtime"
	"sync"
	"testing"
	"time"
	"unsafe"

	"github.com/stretchr/testify/require"
)

func TestWeightMemory(t *testing.T) {
	for _, n := range []int{0, 1, 15, leastSlabbed/4 - 1, leastSlabbed / 4, leastSlabbed/4 + 1, slabBytes/4 - 1, slabBytes / 4, slabBytes/4 + 17} {
		m := newWeightMemory(nil, n)
		require.Equal(t, n, m.Floats())
		require.Equal(t, hasSlabs && 4*n >= leastSlabbed, m.slab != nil, "%d floats", n)
		if n > 0 {
			require.Zero(t, uintptr(unsafe.Pointer(&m.data[0]))%64)
			require.Zero(t, m.data[0])
			require.Zero(t, m.data[n-1])
			m.data[0], m.data[n-1] = 1, 1
		}
		m.Release()
		m.Release()
		require.Zero(t, m.Floats())
	}
}

// Weights that lie side by side do not share floats, and those that stay are not touched when others go.
func TestWeightMemoryIsApart(t *testing.T) {
	const n = leastSlabbed/4 + 3
	var held []*weightMemory
	for i := range 40 {
		m := newWeightMemory(nil, n)
		for k := range m.data {
			require.Zero(t, m.data[k])
			m.data[k] = float32(i)
		}
		held = append(held, m)
		if i%3 == 0 {
			held[i/2].Release()
		}
	}
	for i, m := range held {
		for k := range m.data {
			require.EqualValues(t, i, m.data[k])
		}
		m.Release()
	}
}

func TestSlabsGoWithTheirLastRange(t *testing.T) {
	if !hasSlabs {
		t.Skip("weights lie on the Go heap of this system")
	}
	var s slabs
	a, first := s.take(leastSlabbed + 1)
	b, second := s.take(leastSlabbed)
	require.Same(t, a, b)
	require.Equal(t, 2, a.lent)
	require.Equal(t, leastSlabbed+64, int(uintptr(unsafe.Pointer(&second[0]))-uintptr(unsafe.Pointer(&first[0]))))
	c, third := s.take(slabBytes)
	require.NotSame(t, a, c)
	second[0] = 7
	s.give(a, first)
	require.EqualValues(t, 7, second[0])
	s.give(c, third)
	require.Nil(t, s.last, "the last range of a slab takes it along")
	s.give(b, second)

	none, mem := s.take(leastSlabbed - 1)
	require.Nil(t, none)
	require.Nil(t, mem)
}

func TestWeightMemoryOfManyGoroutines(t *testing.T) {
	var all sync.WaitGroup
	for g := range 8 {
		all.Go(func() {
			for i := range 50 {
				m := newWeightMemory(nil, leastSlabbed/4+i)
				for k := range m.data {
					m.data[k] += float32(g)
				}
				for k := range m.data {
					if m.data[k] != float32(g) {
						t.Errorf("float %d is %v, want %d", k, m.data[k], g)
					}
				}
				m.Release()
			}
		})
	}
	all.Wait()
}

// Weights that nobody released go when nobody can reach them.
func TestWeightMemoryIsCollected(t *testing.T) {
	if !hasSlabs {
		t.Skip("weights lie on the Go heap of this system")
	}
	m := newWeightMemory(nil, slabBytes/4)
	slab := m.slab
	m = nil
	lent := func() int {
		weightSlabs.mu.Lock()
		defer weightSlabs.mu.Unlock()
		return slab.lent
	}
	for range 100 {
		if runtime.GC(); lent() == 0 {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Fatal("the slab is still lent")
}
