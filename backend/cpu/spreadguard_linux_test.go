package cpu

import "testing"

// The operands of a spread plan lie against pages that fault, after and before them.
func TestSpreadStaysInBounds(t *testing.T) {
	eachTier(t, func(t *testing.T, k *Kernels) {
		r := newRand(t, 94)
		for range 60 {
			g := randomSpread(r, k)
			w := PackSpreadWeights(k, g, integers(r, g.weights()))
			p := NewSpread(k, g, w, Epilogue{})
			for _, atEnd := range []bool{true, false} {
				w.data = guardedCopy(t, w.data, atEnd)
				x, y := guarded(t, g.N*g.C*volume(g.In), atEnd), guarded(t, g.N*g.C*volume(g.Out), atEnd)
				p.Run(nil, nil, guarded(t, p.WorkspaceFloats(1), atEnd), x, y)
			}
		}
	})
}
