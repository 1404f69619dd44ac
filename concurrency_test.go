package tconv_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tconv/tconv"
)

// TestSameBitsOnAnyThreads runs models of several kinds on many numbers of
// threads, more than there are processors too: the outputs have the same bits.
func TestSameBitsOnAnyThreads(t *testing.T) {
	for _, name := range []string{"unet_deconv", "unet_bilinear", "fast_style", "vae_decoder", "unet3d_tiny", "dip_skip", "segnet_unpool"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g := readGolden(t, "testdata/architectures/"+name+".npz")
			want := ""
			for _, threads := range []int{1, 2, 3, 4, 7, 16} {
				m, err := tconv.Open("testdata/architectures/"+name+".onnx", tconv.WithThreads(threads))
				require.NoError(t, err)
				out, err := m.Run(context.Background(), g.in)
				require.NoError(t, err)
				require.NoError(t, m.Close())
				if want == "" {
					want = digest(out)
				}
				require.Equal(t, want, digest(out), "bits on %d threads", threads)
			}
		})
	}
}

// dynamicFeed is an input of unet_dynamic_sizes: any height and width.
func dynamicFeed(t testing.TB, m *tconv.Model, height, width int) tconv.Tensors {
	in := m.Inputs()[0]
	require.Len(t, in.Shape, 4)
	shape := []int{1, in.Shape[1], height, width}
	return tconv.Tensors{in.Name: wave(shape...)}
}

// TestConcurrentRuns runs one model from 8 goroutines, through Model.Run and
// through sessions, with several sizes in turn and room for two plans only.
func TestConcurrentRuns(t *testing.T) {
	const path = "testdata/architectures/unet_dynamic_sizes.onnx"
	sizes := [][2]int{{32, 32}, {48, 32}, {33, 47}, {64, 16}, {40, 40}}
	alone, err := tconv.Open(path, tconv.WithThreads(1))
	require.NoError(t, err)
	defer alone.Close()
	want := map[[2]int]string{}
	for _, s := range sizes {
		out, err := alone.Run(context.Background(), dynamicFeed(t, alone, s[0], s[1]))
		require.NoError(t, err)
		want[s] = digest(out)
	}
	m, err := tconv.Open(path, tconv.WithThreads(3), tconv.WithLimits(tconv.Limits{Plans: 2, Sessions: 2}))
	require.NoError(t, err)
	var wg sync.WaitGroup
	for worker := range 8 {
		wg.Go(func() {
			s := m.NewSession()
			defer s.Close()
			for i := range 12 {
				size := sizes[(i*3+worker)%len(sizes)]
				run := s.Run
				if worker%2 == 0 {
					run = m.Run
				}
				out, err := run(context.Background(), dynamicFeed(t, m, size[0], size[1]))
				if err != nil {
					t.Errorf("%v: %v", size, err)
					return
				}
				if digest(out) != want[size] {
					t.Errorf("%v: other bits", size)
				}
			}
		})
	}
	wg.Wait()
	require.NoError(t, m.Close())
}

// TestOneSessionFromTwoGoroutines is what the documentation warns of: the second
// one waits, results are not mixed up.
func TestOneSessionFromTwoGoroutines(t *testing.T) {
	m, err := tconv.Open("testdata/architectures/unet_dynamic_sizes.onnx")
	require.NoError(t, err)
	defer m.Close()
	s := m.NewSession()
	defer s.Close()
	var wg sync.WaitGroup
	for worker := range 4 {
		wg.Go(func() {
			size := 16 + 8*(worker%2)
			want := ""
			for range 10 {
				out, err := s.Run(context.Background(), dynamicFeed(t, m, size, size))
				if err != nil {
					t.Error(err)
					return
				}
				if want == "" {
					want = digest(out)
				}
				if digest(out) != want {
					t.Error("other bits")
				}
			}
		})
	}
	wg.Wait()
}

// TestCloseWhileRunning closes a model under load: runs in flight finish with
// their results, later ones say that the model is closed.
func TestCloseWhileRunning(t *testing.T) {
	m := convChain(t, 8, 32, 64).load(t)
	in := tconv.Tensors{"x0": wave(1, 32, 64, 64)}
	out, err := m.Run(context.Background(), in)
	require.NoError(t, err)
	want := digest(out)
	var wg, started sync.WaitGroup
	for range 6 {
		started.Add(1)
		wg.Go(func() {
			started.Done()
			for {
				out, err := m.Run(context.Background(), in)
				if err != nil {
					if !errors.Is(err, tconv.ErrClosed) {
						t.Error(err)
					}
					return
				}
				if digest(out) != want {
					t.Error("other bits")
				}
			}
		})
	}
	started.Wait()
	time.Sleep(10 * time.Millisecond)
	require.NoError(t, m.Close())
	require.NoError(t, m.Close())
	wg.Wait()
	_, err = m.Plan(nil)
	require.ErrorIs(t, err, tconv.ErrClosed)
	s := m.NewSession()
	_, err = s.Run(context.Background(), in)
	require.ErrorIs(t, err, tconv.ErrClosed)
	s.Close()
}

// TestManyModels loads and closes models in turn: memory and goroutines go back.
func TestManyModels(t *testing.T) {
	data := convChain(t, 2, 8, 16).bytes()
	for i := range 50 {
		m, err := tconv.Load(data, tconv.WithThreads(1+i%8))
		require.NoError(t, err)
		s := m.NewSession() // left open: Close of the model ends it
		_, err = s.Run(context.Background(), tconv.Tensors{"x0": wave(1, 8, 16, 16)})
		require.NoError(t, err, fmt.Sprint("model ", i))
		require.NoError(t, m.Close())
	}
}
