package cpu

import "sync/atomic"

// depthwisePlan convolves each channel with its own small kernel, forward or transposed, row by row: a row of the
// output is summed up in scratch, one tap after the other over the whole row, then finished.
type depthwisePlan struct {
	k          *Kernels
	geom       ConvGeom
	weights    []float32 // [M, taps]
	ep         Epilogue
	transposed bool
}

// depthwiseWork is the multiply-adds of a chunk: some 50 us of the portable loops.
const depthwiseWork = 32 << 10

// rowsPerChunk is the rows of an output plane in a chunk.
func (p *depthwisePlan) rowsPerChunk() int {
	return max(1, depthwiseWork/max(1, p.geom.Out[2]*volume(p.geom.Kernel)))
}

// scratchFloats is the scratch of one worker: a row, in whole tiles.
func (p *depthwisePlan) scratchFloats() int { return alignUp(roundUp(p.geom.Out[2], p.k.NR)) }

func (p *depthwisePlan) run(pool *Pool, stop *atomic.Bool, ws, x, residual, y []float32) {
	rows := p.geom.Out[0] * p.geom.Out[1]
	if len(y) == 0 {
		return
	}
	each := p.rowsPerChunk()
	blocks := (rows + each - 1) / each
	size := p.scratchFloats()
	pool.RunUntil(stop, p.geom.N*p.geom.M*blocks, func(worker, i int) {
		plane, first := i/blocks, i%blocks*each
		for row := first; row < min(first+each, rows); row++ {
			p.row(ws[worker*size:][:size], plane, row, x, residual, y)
		}
	})
}

// row computes one row of one output plane; planes are numbered [N, M].
func (p *depthwisePlan) row(sum []float32, plane, row int, x, residual, y []float32) {
	g := &p.geom
	image, m := plane/g.M, plane%g.M
	input := x[(image*g.C+m/g.channelsOut())*volume(g.In):][:volume(g.In)]
	clear(sum)
	p.addRows(sum[:g.Out[2]], input, p.weights[m*volume(g.Kernel):], row/g.Out[1], row%g.Out[1])

	off := plane*volume(g.Out) + row*g.Out[2]
	for at := 0; at < g.Out[2]; at += p.k.NR {
		f := finishArgs{dst: y[off+at:], tile: sum[at:], rows: 1, cols: min(p.k.NR, g.Out[2]-at)}
		if residual != nil {
			f.residual = residual[off+at:]
		}
		p.k.finish(f, &p.ep, m)
	}
}

// addRows adds to output row (z, y) all taps of all input rows that reach it.
func (p *depthwisePlan) addRows(sum, input, weights []float32, z, y int) {
	g := &p.geom
	for kz := range g.Kernel[0] {
		iz, ok := p.source(0, z, kz)
		if !ok {
			continue
		}
		for ky := range g.Kernel[1] {
			iy, ok := p.source(1, y, ky)
			if !ok {
				continue
			}
			src := input[(iz*g.In[1]+iy)*g.In[2]:][:g.In[2]]
			taps := weights[(kz*g.Kernel[1]+ky)*g.Kernel[2]:][:g.Kernel[2]]
			for kx, w := range taps {
				p.addTap(sum, src, w, kx)
			}
		}
	}
}

// source returns the input coordinate that tap k of output o reads along an axis, and whether there is one.
func (p *depthwisePlan) source(axis, o, k int) (i int, ok bool) {
	g := &p.geom
	stride, tap := g.Stride[axis], k*g.Dilation[axis]-g.PadBegin[axis]
	if !p.transposed {
		i = o*stride + tap
		return i, i >= 0 && i < g.In[axis]
	}
	i = o - tap
	if i < 0 || i%stride != 0 {
		return 0, false
	}
	return i / stride, i/stride < g.In[axis]
}

// addTap adds w times what tap kx sees of an input row. Of the two rows, the forward convolution steps through the
// input by the stride, the transposed one through the output.
func (p *depthwisePlan) addTap(sum, src []float32, w float32, kx int) {
	g := &p.geom
	stride, tap := g.Stride[2], kx*g.Dilation[2]-g.PadBegin[2]
	steps, other := sum, src
	if p.transposed {
		steps, other = src, sum
	}
	lo := min(len(steps), max(0, ceilDiv(-tap, stride)))
	hi := min(len(steps), max(lo, ceilDiv(len(other)-tap, stride)))
	if lo == hi {
		return
	}
	steps, other = steps[lo:hi], other[lo*stride+tap:]
	switch {
	case stride == 1 && p.transposed:
		p.k.addScaled(other[:len(steps)], steps, w)
	case stride == 1:
		p.k.addScaled(steps, other, w)
	case p.transposed:
		other = other[:(len(steps)-1)*stride+1]
		for i, v := range steps {
			other[i*stride] += w * v
		}
	default:
		other = other[:(len(steps)-1)*stride+1]
		for i := range steps {
			steps[i] += w * other[i*stride]
		}
	}
}
