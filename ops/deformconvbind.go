package ops

import (
	"fmt"

	"github.com/tconv/tconv/backend/cpu"
)

// deformStep multiplies with the matrix kernels.
type deformStep struct {
	*deformPlan
	kernel     string
	threads    int
	full, last *cpu.GemmPlan // of width columns and of the rest of a plane; nil where there is none
	packed     []int
}

// Bind computes floats with the matrix kernels; constant weights of one group are
// packed once.
func (o *deformConv) Bind(b *Binding) (Step, error) {
	if b.In[deformX].DType != Float32 || b.Out[0].Shape.Elements() == 0 {
		return plainStep{o}, nil
	}
	p, err := o.plan(b.In[deformX].Shape, b.In[deformW].Shape)
	if err != nil || p.depth() == 0 {
		return plainStep{o}, err
	}
	s := &deformStep{deformPlan: p, kernel: "gather, gemm " + string(b.Kernels.Tier), threads: b.Threads}
	var packed *cpu.PackedA
	if w := b.In[deformW].Const; w != nil && o.conv.group == 1 {
		form := fmt.Sprintf("gemm A %s %v %d", b.Kernels.Tier, false, p.outputs)
		packed = b.Packed.Form(w, form, func() (any, int) {
			a := cpu.PackA(b.Kernels, p.outputs, p.depth(), Data[float32](w), p.depth(), false)
			return a, a.Floats() * floatBytes
		}).(*cpu.PackedA)
		s.packed = []int{deformW}
	}
	s.full = s.product(b.Kernels, p.width, packed)
	if rest := p.planeOut % p.width; rest > 0 {
		s.last = s.product(b.Kernels, rest, packed)
	}
	return s, nil
}

// product plans W times count columns, added to the bias.
func (s *deformStep) product(k *cpu.Kernels, count int, packed *cpu.PackedA) *cpu.GemmPlan {
	groups := s.conv.group
	depth, rows := s.depth()/groups, s.outputs/groups
	g := cpu.Gemm{M: rows, N: count, K: depth, LDA: depth, LDB: count, LDC: s.planeOut, Alpha: 1, Beta: 1}
	for i := range groups {
		g.Batch = append(g.Batch, cpu.GemmOffsets{A: i * rows * depth, B: i * depth * count, C: i * rows * s.planeOut})
	}
	return cpu.NewGemm(k, g, packed, nil)
}

func (s *deformStep) Kernel() string { return s.kernel }

// Needs asks for the columns and the workspace of the products.
func (s *deformStep) Needs() Needs {
	rest := s.full.WorkspaceFloats(s.threads)
	if s.last != nil {
		rest = max(rest, s.last.WorkspaceFloats(s.threads))
	}
	return Needs{Workspace: (s.columns() + rest) * floatBytes, Unread: s.packed}
}

// columns is the room for the columns, in floats.
func (s *deformStep) columns() int {
	const line = dataAlignment / floatBytes
	return (s.depth()*s.width + line - 1) / line * line
}

// Run fills Y with the bias, then adds the product of each matrix.
func (s *deformStep) Run(c *Call, in, out []*Tensor) error {
	ys := Data[float32](out[0])
	c.Parallel(s.batch*s.outputs, s.planeOut/4, func(lo, hi int) {
		for ; lo < hi; lo++ {
			bias := float32(0)
			if b := tensorAt(in, deformB); b != nil {
				bias = Data[float32](b)[lo%s.outputs]
			}
			y := ys[lo*s.planeOut:][:s.planeOut]
			for i := range y {
				y[i] = bias
			}
		}
	})
	columns, rest := workspaceFloats(c)[:s.columns()], workspaceFloats(c)[s.columns():]
	s.each(c, func(n, first, count int) {
		deformSamples(c, s.deformPlan, in, columns, deformPlace{n, first, count})
		plan := s.full
		if count < s.width {
			plan = s.last
		}
		plan.Run(c.Pool(), c.Stop(), rest, Data[float32](in[deformW]), columns, ys[n*s.outputs*s.planeOut+first:])
	})
	return nil
}
