package ops

import (
	"errors"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"
)

// countedReads is a deferred tensor of 1, 2, 3, 4 and how often it was read.
func countedReads(t *testing.T) (*Tensor, *atomic.Int32) {
	t.Helper()
	reads := new(atomic.Int32)
	x, err := Defer(Float32, Shape{2, 2}, func(dst []byte) error {
		reads.Add(1)
		copy(dst, Of([]float32{1, 2, 3, 4}, 4).Bytes())
		return nil
	})
	require.NoError(t, err)
	return x, reads
}

func TestDeferred(t *testing.T) {
	x, reads := countedReads(t)
	require.Equal(t, 16, x.ByteLen())
	require.Equal(t, "tensor(float)[2, 2]", x.String())
	view := x.View(Shape{4})
	require.Zero(t, reads.Load(), "nobody wanted elements")

	want := []float32{1, 2, 3, 4}
	held := Data[float32](x)
	require.Equal(t, want, held)
	require.Equal(t, want, Data[float32](view), "views share")
	require.EqualValues(t, 1, reads.Load())
	x.Deferred().Drop()
	require.False(t, view.Deferred().Loaded())
	require.Equal(t, want, held, "slices stay valid")
	require.Equal(t, want, Data[float32](x.Clone()))
	require.Nil(t, x.Clone().Deferred())
	require.EqualValues(t, 2, reads.Load())

	x.Deferred().Keep()
	x.Deferred().Drop()
	require.True(t, x.Deferred().Loaded())
	require.EqualValues(t, 2, reads.Load())
}

func TestDeferredRefuses(t *testing.T) {
	_, err := Defer(String, Shape{1}, nil)
	require.ErrorContains(t, err, "cannot be given as bytes")
	_, err = Defer(Float32, Shape{-2}, nil)
	require.Error(t, err)

	fault := errors.New("gone")
	x, err := Defer(Float32, Shape{1}, func([]byte) error { return fault })
	require.NoError(t, err)
	for _, want := range []func(){
		func() { x.Bytes() }, func() { x.Deferred().Keep() }, func() { x.Clone() },
		func() { x.Derive(func(*Tensor) {}).Bytes() },
		func() { NewScratch(alignedBytes).Lend(x, func(*Tensor) {}) },
	} {
		require.PanicsWithError(t, "gone", want)
	}
}

func TestDerive(t *testing.T) {
	double := func(y *Tensor) {
		for i := range Data[float32](y) {
			Data[float32](y)[i] *= 2
		}
	}
	x, reads := countedReads(t)
	y := x.Derive(double)
	require.NotNil(t, y.Deferred())
	require.Zero(t, reads.Load())
	for range 2 {
		require.Equal(t, []float32{2, 4, 6, 8}, Data[float32](y))
		y.Deferred().Drop()
	}
	require.False(t, x.Deferred().Loaded(), "they are read to where they are changed")
	require.Equal(t, []float32{1, 2, 3, 4}, Data[float32](x))
	require.Equal(t, []float32{2, 4, 6, 8}, Data[float32](y), "from those in memory")
	require.Equal(t, []float32{1, 2, 3, 4}, Data[float32](x))

	plain := Of([]float32{5}, 1)
	require.Equal(t, []float32{10}, Data[float32](plain.Derive(double)))
	require.Equal(t, []float32{5}, Data[float32](plain))
}

func TestScratchLends(t *testing.T) {
	x, reads := countedReads(t)
	other, _ := countedReads(t)
	var memory []byte
	s := NewScratch(func(size int) []byte { memory = alignedBytes(size); return memory })
	lend := func(s *Scratch, x *Tensor) (got []float32) {
		s.Lend(x, func(lent *Tensor) {
			require.Equal(t, x.Shape(), lent.Shape())
			got = append(got, Data[float32](lent)...)
		})
		return got
	}
	want := []float32{1, 2, 3, 4}
	require.Equal(t, want, lend(s, x))
	require.Equal(t, want, lend(s, x))
	require.EqualValues(t, 1, reads.Load(), "they are still there")
	require.False(t, x.Deferred().Loaded())
	require.Equal(t, want, lend(s, other))
	require.Equal(t, want, lend(s, x))
	require.EqualValues(t, 2, reads.Load())
	require.Equal(t, want, lend(nil, x))
	require.True(t, x.Deferred().Loaded())
	require.Equal(t, []float32{9}, lend(s, Of([]float32{9}, 1)))
}

func TestDeferredOfManyGoroutines(t *testing.T) {
	x, _ := countedReads(t)
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			for range 200 {
				if got := Data[float32](x); got[3] != 4 {
					t.Errorf("got %v", got)
				}
				x.Deferred().Drop()
			}
		})
	}
	all.Wait()
}
