package main

import (
	"math"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tconv/tconv"
	"github.com/tconv/tconv/ops"
)

func wrap32(t *testing.T, data []float32, shape ...int) *tconv.Tensor {
	t.Helper()
	x, err := tconv.Wrap(data, shape...)
	require.NoError(t, err)
	return x
}

func TestBenchWarnings(t *testing.T) {
	warnings := func(pass float64, times ...time.Duration) string {
		var stderr strings.Builder
		r := newBenchReport("unet.onnx", times)
		r.Threads, r.LinePassNS = 2, pass
		r.warn(&app{stderr: &stderr})
		return stderr.String()
	}
	require.Empty(t, warnings(30, time.Second, time.Second))
	require.Equal(t, "warning: unet.onnx: 2 threads take 163 ns to pass a cache line, some 30 where cores share an L3 cache: on such cores (see taskset) they gain more\n",
		warnings(163, time.Second, time.Second))
	require.Contains(t, warnings(0, time.Second, 2*time.Second), "warning: unet.onnx: times vary by 47.1 %")
}

func TestCompare(t *testing.T) {
	nan, inf := float32(math.NaN()), float32(math.Inf(1))
	for _, c := range []struct {
		name     string
		got, ref []float32
		tol      tolerance
		pass     bool
		bad      int
		need     float64 // -1: none
	}{
		{"equal", []float32{1, 2}, []float32{1, 2}, tolerance{}, true, 0, 0},
		{"empty", nil, nil, tolerance{}, true, 0, 0},
		{"absolute", []float32{1, 2.5}, []float32{1, 2}, tolerance{abs: 0.5}, true, 0, 0.5},
		{"too little", []float32{1.25, 2.5}, []float32{1, 2}, tolerance{abs: 0.125}, false, 2, 0.5},
		{"relative", []float32{1, 2.5}, []float32{1, 2}, tolerance{rel: 0.25}, true, 0, 0},
		{"of max", []float32{0.5, 8}, []float32{0, 8}, tolerance{ofMax: 0.0625}, true, 0, 0.5},
		{"both NaN", []float32{nan, inf}, []float32{nan, inf}, tolerance{}, true, 0, 0},
		{"one NaN", []float32{nan, 1}, []float32{1, 1}, tolerance{abs: 9}, false, 1, -1},
		{"signs of Inf", []float32{-inf, 1}, []float32{inf, 1}, tolerance{abs: 9}, false, 1, -1},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := compare("y", wrap32(t, c.got, len(c.got)), wrap32(t, c.ref, len(c.ref)), c.tol)
			require.Equal(t, c.pass, got.Pass)
			require.Equal(t, c.bad, got.Bad)
			if c.need < 0 {
				require.Nil(t, got.Need)
			} else {
				require.Equal(t, c.need, *got.Need)
			}
		})
	}
}

func TestCompareKinds(t *testing.T) {
	x := wrap32(t, []float32{1, 2}, 2)
	require.Equal(t, "shape 2, want 1x2", compare("y", x, wrap32(t, []float32{1, 2}, 1, 2), tolerance{}).Reason)
	d, err := tconv.Wrap([]float64{1, 2}, 2)
	require.NoError(t, err)
	require.Equal(t, "type float, want double", compare("y", x, d, tolerance{}).Reason)
	s, err := tconv.WrapStrings([]string{"a", "b"}, 2)
	require.NoError(t, err)
	other, err := tconv.WrapStrings([]string{"a", "c"}, 2)
	require.NoError(t, err)
	require.True(t, compare("y", s, s, tolerance{}).Pass)
	require.Equal(t, 1, compare("y", s, other, tolerance{}).Bad)
}

// The numbers were computed by hand: a range of 4 and a mean square of 1/16 make 10·log10(16·16).
func TestJudge(t *testing.T) {
	ref := []float64{0, 1, 2, 4}
	got := []float64{0.25, 1.25, 2.25, 4.25}
	require.InDelta(t, 10*math.Log10(256), psnr(got, ref), 1e-12)
	require.Equal(t, math.Inf(1), psnr(ref, ref))
	require.InDelta(t, 1, cosine(ref, ref), 1e-15)
	require.InDelta(t, 0, cosine([]float64{1, 0}, []float64{0, 1}), 1e-15)
	// two channels of two positions, first and last
	require.Equal(t, 0.5, argmaxAgreement([]float64{1, 5, 2, 3}, []float64{1, 2, 2, 3}, 2, 2, false))
	require.Equal(t, 0.5, argmaxAgreement([]float64{1, 2, 5, 3}, []float64{1, 2, 2, 3}, 2, 2, true))
	// a mask: the middle of 0..1 is 0.5, that of logits is 0
	require.Equal(t, 0.75, argmaxAgreement([]float64{0, 1, 0.6, 0.1}, []float64{0, 1, 0.4, 0.2}, 1, 4, false))
	require.Equal(t, 1.0, argmaxAgreement([]float64{-1, 3}, []float64{-2, 0.1}, 1, 2, false))
}

func TestPlanesOf(t *testing.T) {
	for _, c := range []struct {
		shape               []int
		channels, positions int
		last                bool
	}{
		{[]int{1, 3, 8, 9}, 3, 72, false},
		{[]int{1, 8, 9, 2}, 2, 72, true},
		{[]int{2, 72}, 0, 0, false},
		{[]int{1, 2, 2, 2}, 0, 0, false},
	} {
		channels, positions, last := planesOf(c.shape)
		require.Equal(t, []any{c.channels, c.positions, c.last}, []any{channels, positions, last}, c.shape)
	}
}

func TestCeil3(t *testing.T) {
	for v, want := range map[float64]float64{0: 0, 0.12345: 0.124, 1: 1, 1234: 1240, 5.55e-7: 5.55e-7} {
		require.InEpsilon(t, want+1, ceil3(v)+1, 1e-9)
		require.GreaterOrEqual(t, ceil3(v), v*(1-1e-12))
	}
}

func TestLatency(t *testing.T) {
	ms := time.Millisecond
	l := newLatency([]time.Duration{4 * ms, 1 * ms, 3 * ms, 2 * ms, 5 * ms})
	require.Equal(t, latency{Min: 1, P50: 3, P90: 4.6, P99: 4.96, Max: 5, Mean: 3, SD: math.Sqrt(2.5)}, l)
	require.InDelta(t, math.Sqrt(2.5)/3, l.variation(), 1e-15)
	require.Equal(t, latency{Min: 2, P50: 2, P90: 2, P99: 2, Max: 2, Mean: 2}, newLatency([]time.Duration{2 * ms}))
	require.Positive(t, peakRSS())
}

func TestFillIntegers(t *testing.T) {
	info := tconv.Info{Name: "x", DType: tconv.Int8, Shape: []int{1000}}
	f, ok, err := parseFill("random:-2.5..2")
	require.True(t, ok)
	require.NoError(t, err)
	x, err := f.tensor(info, 0)
	require.NoError(t, err)
	data, err := tconv.Data[int8](x)
	require.NoError(t, err)
	seen := map[int8]int{}
	for _, v := range data {
		seen[v]++
	}
	require.Len(t, seen, 5)
	require.NotZero(t, seen[-2])
	require.NotZero(t, seen[2])
}

func TestFillTypes(t *testing.T) {
	for _, d := range []tconv.DType{tconv.Float32, tconv.Float64, tconv.Float16, tconv.BFloat16, tconv.Bool, tconv.Int8, tconv.Int16,
		tconv.Int32, tconv.Int64, tconv.Uint8, tconv.Uint16, tconv.Uint32, tconv.Uint64} {
		for _, word := range []string{"random", "zeros", "ones"} {
			f, _, _ := parseFill(word)
			x, err := f.tensor(tconv.Info{Name: "x", DType: d, Shape: []int{2, 3}}, 1)
			require.NoError(t, err, "%v %s", d, word)
			require.Equal(t, d, x.DType())
			require.Equal(t, []int{2, 3}, x.Shape())
		}
	}
	for _, c := range []struct {
		word  string
		dtype tconv.DType
	}{{"const:0.5", tconv.Int32}, {"const:300", tconv.Uint8}, {"const:-1", tconv.Uint64}, {"const:nan", tconv.Int64}, {"ones", tconv.String}} {
		f, _, err := parseFill(c.word)
		require.NoError(t, err)
		_, err = f.tensor(tconv.Info{Name: "x", DType: c.dtype, Shape: []int{2}}, 0)
		require.ErrorIs(t, err, tconv.ErrInput, c.word)
	}
	f, _, _ := parseFill("zeros")
	_, err := f.tensor(tconv.Info{Name: "x", DType: tconv.Float32, Shape: []int{1 << 20, 1 << 20, 1 << 30}}, 0)
	require.ErrorIs(t, err, tconv.ErrLimit)
}

// Numbers written as JSON are the same when they are read.
func TestJSONRoundTrip(t *testing.T) {
	for _, x := range []*tconv.Tensor{
		wrap32(t, []float32{0.1, -3e-45, 3.4e38, float32(math.NaN()), float32(math.Inf(-1)), 7}, 2, 3),
		must(tconv.Wrap([]float64{0.1, 1e-320}, 2)), must(tconv.Wrap([]int64{math.MaxInt64, math.MinInt64}, 2, 1)),
		must(tconv.Wrap([]bool{true, false}, 2)), must(tconv.WrapStrings([]string{"a\"", "é"}, 1, 2)), must(tconv.Wrap([]uint8{0, 255}, 2)),
		must(tconv.Wrap([]ops.BF16{ops.ToBF16(1.5)}, 1)), must(tconv.Wrap([]float32{}, 0, 3)),
	} {
		require.NotNil(t, x)
		text, err := encodeTensor(x)
		require.NoError(t, err)
		y, err := decodeJSON(tconv.Info{Name: "x", DType: x.DType()}, text)
		require.NoError(t, err, string(text))
		require.Equal(t, x.Shape(), y.Shape())
		require.True(t, compare("x", y, x, tolerance{}).Pass, string(text))
	}
}

// must gives nil for data that does not fit its shape.
func must(x *tconv.Tensor, err error) *tconv.Tensor {
	if err != nil {
		return nil
	}
	return x
}
