package cpu

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// guardedCopy is a copy of x that ends or begins right at a page which faults when touched.
func guardedCopy(t testing.TB, x []float32, atEnd bool) []float32 {
	y := guarded(t, len(x), atEnd)
	copy(y, x)
	return y
}

func guardedMap(t testing.TB, k *Kernels, n, c int, size [3]int, h Halo, atEnd bool) *Map {
	m := NewMap(guarded(t, MapFloats(k.Block, n, c, size, h), atEnd), k.Block, n, c, size, h)
	return &m
}

// Blocked convolutions whose maps, weights and biases lie against pages that fault.
func TestBlockedConvStaysInBounds(t *testing.T) {
	eachBlocked(t, func(t *testing.T, k *Kernels, kind blockedKind) {
		r := newRand(t, 37)
		for i := range 200 {
			atEnd := i%2 == 0
			g := randomBlocked(r, k, kind.random)
			w := kind.pack(k, g, integers(r, g.weights()))
			w.data = guardedCopy(t, w.data, atEnd)
			p := kind.plan(k, g, w, Epilogue{Act: Activation{Kind: ActLeakyRelu, A: 2}})
			p.bias, p.slope = guardedCopy(t, p.bias, atEnd), guardedCopy(t, p.slope, atEnd)
			x := guardedMap(t, k, g.N, g.C, g.In, p.Halo(), atEnd)
			residual := guardedMap(t, k, g.N, g.M, g.Out, Halo{}, atEnd)
			p.Run(nil, nil, x, residual, guardedMap(t, k, g.N, g.M, g.Out, Halo{}, atEnd))
		}
	})
}

func TestToPlanarConvStaysInBounds(t *testing.T) {
	eachTier(t, func(t *testing.T, k *Kernels) {
		r := newRand(t, 54)
		for i := range 200 {
			kind, atEnd := toPlanarKinds[i%2], i%4 < 2
			g := kind.random(r)
			g.Group, g.C, g.M = 1, 1+r.IntN(3*k.Block), 1+r.IntN(9)
			w := kind.pack(k, g, integers(r, g.weights()))
			w.data = guardedCopy(t, w.data, atEnd)
			p := kind.plan(k, g, w, Epilogue{Bias: guarded(t, g.M, atEnd)})
			x, y := guardedMap(t, k, g.N, g.C, g.In, p.Halo(), atEnd), guarded(t, g.N*g.M*volume(g.Out), atEnd)
			p.Run(nil, nil, guarded(t, p.WorkspaceFloats(1), atEnd), x, nil, y)
		}
	})
}

func TestPlanarConvStaysInBounds(t *testing.T) {
	eachTier(t, func(t *testing.T, k *Kernels) {
		r := newRand(t, 43)
		for i := range 200 {
			g := randomConv(r)
			g.Group, g.C, g.M = 1, 1+r.IntN(6), 1+r.IntN(5*k.Block)
			w := PackPlanarConvWeights(k, g, integers(r, g.weights()))
			w.data = guardedCopy(t, w.data, i%2 == 0)
			p := NewPlanarConv(k, g, w, Epilogue{})
			ws, x := guarded(t, p.WorkspaceFloats(), i%2 == 0), guarded(t, g.N*g.C*volume(g.In), i%2 == 0)
			p.Run(nil, nil, ws, x, nil, guardedMap(t, k, g.N, g.M, g.Out, Halo{}, i%2 == 0))
		}
	})
}

// Geometries without outputs, inputs or channels in common with anything run and touch nothing.
func TestBlockedConvEmpty(t *testing.T) {
	eachBlocked(t, func(t *testing.T, k *Kernels, kind blockedKind) {
		for axis := range 3 {
			g := square(1, 3, 5, 4, 3)
			switch axis {
			case 0:
				g.N = 0
			case 1:
				g.Out[2] = 0
			case 2:
				g.Out[1] = 0
			}
			p := kind.plan(k, g, kind.pack(k, g, make([]float32, g.weights())), Epilogue{})
			x, y := guardedMap(t, k, g.N, g.C, g.In, p.Halo(), true), guardedMap(t, k, g.N, g.M, g.Out, Halo{}, true)
			p.Run(nil, nil, x, nil, y)
			require.Zero(t, p.cut.chunks())
		}
	})
}

func TestPixelConvStaysInBounds(t *testing.T) {
	eachTier(t, func(t *testing.T, k *Kernels) {
		r := newRand(t, 66)
		for i := range 200 {
			atEnd := i%2 == 0
			g := randomPixels(r)
			w := PackPixelConvWeights(k, g, integers(r, g.weights()))
			w.data = guardedCopy(t, w.data, atEnd)
			y := guarded(t, g.N*g.M*volume(g.Out), atEnd)
			p := NewPixelConv(k, g, w, Epilogue{Act: Activation{Kind: ActLeakyRelu, A: 2}}, false)
			p.bias, p.slope = guardedCopy(t, p.bias, atEnd), guardedCopy(t, p.slope, atEnd)
			residual := guarded(t, len(y), atEnd)
			p.Run(nil, nil, guarded(t, p.WorkspaceFloats(1), atEnd), guarded(t, g.N*g.C*volume(g.In), atEnd), residual, y)
			p = NewPixelConv(k, g, w, Epilogue{}, true)
			p.RunBlocks(nil, nil, guarded(t, p.WorkspaceFloats(1), atEnd), guardedMap(t, k, g.N, g.C, g.In, Halo{}, atEnd), nil, y)
		}
	})
}

func TestTapConvStaysInBounds(t *testing.T) {
	eachTier(t, func(t *testing.T, k *Kernels) {
		r := newRand(t, 65)
		for i := range 100 {
			atEnd := i%2 == 0
			g := atrous(1+r.IntN(2), 1+r.IntN(3*k.Block), 1+r.IntN(5*k.Block), 1+r.IntN(16), 1+r.IntN(16))
			w := PackTapConvWeights(k, g, integers(r, g.weights()))
			w.data = guardedCopy(t, w.data, atEnd)
			p := NewTapConv(k, g, w, Epilogue{Act: Activation{Kind: ActLeakyRelu, A: 2}})
			p.plan.bias, p.plan.slope = guardedCopy(t, p.plan.bias, atEnd), guardedCopy(t, p.plan.slope, atEnd)
			x := guardedMap(t, k, g.N, g.C, g.In, Halo{}, atEnd)
			residual := guardedMap(t, k, g.N, g.M, g.Out, Halo{}, atEnd)
			p.Run(nil, nil, x, residual, guardedMap(t, k, g.N, g.M, g.Out, Halo{}, atEnd))
		}
	})
}
