package ops

import "github.com/tconv/tconv/backend/cpu"

// Bind takes the kernel for matrices of elements of 32 bits, with at least a block
// of rows.
func (t *transpose) Bind(b *Binding) (Step, error) {
	x, y := b.In[0], b.Out[0]
	needs := t.Share(b.In)
	plain := sharingStep{plainStep{t}, needs}
	if len(needs.Views) > 0 || x.DType.Bits() != 32 || x.Shape.Elements() == 0 {
		return plain, nil
	}
	s := t.copy(x.Shape, y.Shape).merged()
	across := s.across()
	if across < 0 || s.shape[across] < b.Kernels.Block {
		return plain, nil
	}
	return &transposeStep{s, across, b.Kernels}, nil
}

// transposeStep moves matrices of 32-bit elements.
type transposeStep struct {
	stridedCopy
	matrix  int // the axis that is contiguous in the input
	kernels *cpu.Kernels
}

func (s *transposeStep) Kernel() string { return "transpose " + string(s.kernels.Tier) }
func (s *transposeStep) Needs() Needs   { return Needs{} }

// Size of a tile in elements: rows are whole cache lines of the input, columns
// those of the output.
const transposeRows, transposeCols = 64, 128

// Run permutes the elements.
func (s *transposeStep) Run(c *Call, in, out []*Tensor) error {
	copyTiles(c, units[float32](out[0]), units[float32](in[0]), &s.stridedCopy, s.matrix, transposeRows, transposeCols, s.tile)
	return nil
}

// tile is a tileCopy.
func (s *transposeStep) tile(ys []float32, dst int, xs []float32, src, rows, cols int) {
	if rows < s.kernels.Block {
		copyTile(ys, dst, xs, src, rows, cols)
		return
	}
	s.kernels.Transpose(ys, dst, xs, src, rows, cols)
}
