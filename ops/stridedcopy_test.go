package ops

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tconv/tconv/backend/cpu"
)

// counted makes a tensor of any element type whose elements differ as far as its
// width allows.
func counted(d DType, dims ...int) *Tensor {
	x := NewTensor(d, append(Shape{}, dims...))
	for i := range x.strings {
		x.strings[i] = fmt.Sprint("s", i)
	}
	if d.Bits() < 8 {
		for i := range x.Bytes() {
			x.Bytes()[i] = byte(i*37 + 11)
		}
		if d != String && x.Len()*d.Bits()%8 != 0 {
			x.Bytes()[len(x.Bytes())-1] &= 1<<(x.Len()*d.Bits()%8) - 1
		}
		return x
	}
	for i := range x.Len() {
		size := d.Size()
		if d == Bool {
			x.Bytes()[i] = byte(i * 5 / 3 & 1)
			continue
		}
		for k := range size {
			x.Bytes()[i*size+k] = byte(i >> (8 * (k % 4)))
		}
	}
	return x
}

// elementAt gives the bits of element i, or its string.
func elementAt(x *Tensor, i int) string {
	bits := x.dtype.Bits()
	switch {
	case bits == 0:
		return x.strings[i]
	case bits < 8:
		return fmt.Sprint(x.Bytes()[i*bits/8] >> (i * bits % 8) & (1<<bits - 1))
	}
	return string(x.Bytes()[i*bits/8 : (i+1)*bits/8])
}

// forEachIndex calls f with every index of a shape, in row-major order.
func forEachIndex(shape Shape, f func(i int, index []int)) {
	index := make([]int, len(shape))
	for i := range shape.Elements() {
		f(i, index)
		for k := len(shape) - 1; k >= 0; k-- {
			if index[k]++; index[k] < shape[k] {
				break
			}
			index[k] = 0
		}
	}
}

// offsetOf is the place of an index in a row-major tensor.
func offsetOf(shape Shape, index []int) int {
	at := 0
	for k, d := range shape {
		at = at*d + index[k]
	}
	return at
}

// requireMoved asserts that each element of got is the one of data that from
// names by its index.
func requireMoved(t testing.TB, got, data *Tensor, from func(index []int) []int) {
	t.Helper()
	require.Equal(t, data.dtype, got.dtype)
	forEachIndex(got.shape, func(i int, index []int) {
		src := offsetOf(data.shape, from(index))
		if elementAt(data, src) != elementAt(got, i) {
			require.Failf(t, "wrong element", "%v of %v at %v: want element %d", got, data, index, src)
		}
	})
}

// movable are all element types that data movement takes, packed ones apart.
func movable() []DType {
	var out []DType
	for d := Float32; d <= Int2; d++ {
		if d.Bits() >= 8 || d == String {
			out = append(out, d)
		}
	}
	return out
}

// randomShape draws extents of 1 to 4, now and then 0.
func randomShape(r *rand.Rand, rank int) Shape {
	s := make(Shape, rank)
	for i := range s {
		s[i] = 1 + r.IntN(4)
		if r.IntN(20) == 0 {
			s[i] = 0
		}
	}
	return s
}

// TestStridedCopyThreads holds the parallel walk against the one of the caller
// alone, on boxes long enough for many chunks.
func TestStridedCopyThreads(t *testing.T) {
	pool := cpu.NewPool(3)
	defer pool.Close()
	for _, shape := range []Shape{{300, 700}, {3, 70_000}, {70_000, 3}, {5, 130, 17, 11}} {
		for _, perm := range [][]int{{1, 0}, {0, 3, 1, 2}, {0, 2, 3, 1}, {3, 2, 1, 0}} {
			if len(perm) != len(shape) {
				continue
			}
			x := counted(Int32, shape...)
			op := &transpose{perm}
			specs, err := op.Infer([]Spec{x.Spec()})
			require.NoError(t, err)
			y := NewTensor(Int32, specs[0].Shape)
			require.NoError(t, op.Run(NewCall(context.Background(), pool), []*Tensor{x}, []*Tensor{y}))
			requireMoved(t, y, x, func(index []int) []int {
				from := make([]int, len(index))
				for i, p := range perm {
					from[p] = index[i]
				}
				return from
			})
		}
	}
}

func BenchmarkTranspose(b *testing.B) {
	for _, c := range []struct {
		dims, perm []int
	}{
		{[]int{1, 64, 256, 256}, []int{0, 2, 3, 1}},
		{[]int{1, 256, 256, 64}, []int{0, 3, 1, 2}},
		{[]int{1, 3, 1024, 1024}, []int{0, 2, 3, 1}},
		{[]int{1, 1024, 1024, 3}, []int{0, 3, 1, 2}},
		{[]int{1, 64, 2, 2, 128, 128}, []int{0, 1, 4, 2, 5, 3}},
		{[]int{1, 2048, 2048}, []int{0, 2, 1}},
	} {
		b.Run(fmt.Sprint(c.dims, c.perm), func(b *testing.B) {
			x := counted(Float32, c.dims...)
			op := &transpose{c.perm}
			specs, _ := op.Infer([]Spec{x.Spec()})
			y := NewTensor(Float32, specs[0].Shape)
			call := NewCall(context.Background(), nil)
			b.SetBytes(int64(len(x.Bytes())))
			for b.Loop() {
				op.Run(call, []*Tensor{x}, []*Tensor{y})
			}
		})
	}
}

func identityOrder(n int) []int {
	out := make([]int, n)
	for i := range out {
		out[i] = i
	}
	return out
}

func shuffled(r *rand.Rand, n int) []int {
	out := identityOrder(n)
	r.Shuffle(n, func(i, j int) { out[i], out[j] = out[j], out[i] })
	return slices.Clone(out)
}
