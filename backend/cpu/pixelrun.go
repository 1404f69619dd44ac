package cpu

import "unsafe"

// pixelOperands are the tensors of one run.
type pixelOperands struct {
	x           []float32 // planar, or else
	blocks      Map
	residual, y []float32
}

// pixelRun is a PixelConvPlan with the operands of one run.
type pixelRun struct {
	plan *PixelConvPlan
	pixelOperands
	workers []pixelWorker
	body    func(worker, chunk int)
}

// pixelWorker is what one worker writes, apart from the other workers' cache lines.
type pixelWorker struct {
	args    pixelArgs
	mask    [maxBlock]int32
	move    mapTransposeArgs
	scratch []float32
	_       [128]byte
}

func (r *pixelRun) begin(threads int, ws []float32, o pixelOperands) {
	r.pixelOperands = o
	if len(r.workers) < threads {
		r.workers = make([]pixelWorker, threads)
	}
	size := r.plan.cut.floats
	for i := range threads {
		r.workers[i].scratch = ws[i*size:][:size]
	}
}

// end forgets the operands, which the caller may release.
func (r *pixelRun) end() {
	r.pixelOperands = pixelOperands{}
	clear(r.workers)
}

// pixelInput is the input of a piece as the kernels read it.
type pixelInput struct {
	data         []float32 // from the first tap of the first pixel on
	channel, row int       // pitches
}

// chunk makes one piece.
func (r *pixelRun) chunk(worker, i int) {
	p, w := r.plan, &r.workers[worker]
	g := &p.geom
	piece := p.cut.at(g, i)
	in, steps := pixelInput{w.scratch, p.cut.channel, p.cut.pitch}, p.steps
	switch first := piece.image*g.C*volume(g.In) + piece.col; {
	case p.place != nil && first+(g.C-1)*g.In[2]+roundUp(piece.cols, p.k.Block) <= len(r.x):
		in, steps = pixelInput{r.x[first:], g.In[2], 0}, p.place
	case p.blocks:
		r.fillFromBlocks(w, piece)
	default:
		r.fillFromPlanes(w, piece)
	}
	w.args = pixelArgs{steps: &steps[0], nsteps: len(steps), plane: 4 * volume(g.Out), mask: unsafe.Pointer(&w.mask)}
	w.args.setActivation(&p.ep.Act)
	w.mask = laneMask((piece.cols-1)%p.k.Block + 1)
	for group := range g.Group {
		r.group(w, piece, group, pixelInput{in.data[group*g.channelsIn()*in.channel:], in.channel, in.row})
	}
	if p.applyAfter {
		r.activate(piece)
	}
}

// group makes the outputs of one group of the convolution.
func (r *pixelRun) group(w *pixelWorker, piece pixelPiece, group int, in pixelInput) {
	p, a := r.plan, &w.args
	for i := range p.passes.count() {
		first, outputs := p.passes.at(i)
		first += group * p.geom.channelsOut()
		a.weights = unsafe.Pointer(&p.weights.data[first*a.nsteps])
		a.bias, a.slope = unsafe.Pointer(&p.bias[first]), unsafe.Pointer(&p.slope[first])
		r.announce(piece, first, outputs)
		if piece.rows == 1 {
			r.row(w, piece, first, outputs, in)
		} else {
			r.columns(w, piece, first, outputs, in)
		}
	}
}

// row makes outputs channels of a piece of one row: tiles of one width follow each other along it.
func (r *pixelRun) row(w *pixelWorker, piece pixelPiece, channel, outputs int, in pixelInput) {
	k, a := r.plan.k, &w.args
	vectors := panels{ceilDiv(piece.cols, k.Block), k.pixel.vectors(outputs)}
	most := max(1, maxPixelSteps/a.nsteps)
	for i := 0; i < vectors.count(); i += a.tiles {
		first, width := vectors.at(i)
		a.tiles = 1
		for i+a.tiles < vectors.count() && a.tiles < most {
			next, same := vectors.at(i + a.tiles)
			if same != width || (next+same)*k.Block > piece.cols {
				break
			}
			a.tiles++
		}
		a.srcTile, a.dstTile = 4*width*k.Block, 4*width*k.Block
		r.tiles(w, outputs, width, in.data[first*k.Block:], r.index(piece, channel)+first*k.Block, piece.cols-first*k.Block)
	}
}

// columns makes outputs channels of a piece of several rows, tile below tile.
func (r *pixelRun) columns(w *pixelWorker, piece pixelPiece, channel, outputs int, in pixelInput) {
	g, k, a := &r.plan.geom, r.plan.k, &w.args
	vectors := panels{ceilDiv(piece.cols, k.Block), k.pixel.vectors(outputs)}
	most := max(1, maxPixelSteps/a.nsteps)
	a.srcTile, a.dstTile = 4*in.row*g.Stride[1], 4*g.Out[2]
	for i := range vectors.count() {
		first, width := vectors.at(i)
		for row := 0; row < piece.rows; row += most {
			a.tiles = min(most, piece.rows-row)
			src := in.data[first*k.Block+row*in.row*g.Stride[1]:]
			r.tiles(w, outputs, width, src, r.index(piece, channel)+first*k.Block+row*g.Out[2], piece.cols-first*k.Block)
		}
	}
}

// tiles calls a kernel for tiles whose first output has the index at; cols are those from there to the end of the piece.
func (r *pixelRun) tiles(w *pixelWorker, outputs, width int, src []float32, at, cols int) {
	k, a := r.plan.k, &w.args
	a.base, a.dst = unsafe.Pointer(&src[0]), unsafe.Pointer(&r.y[at])
	if r.residual != nil {
		a.residual = unsafe.Pointer(&r.residual[at])
	}
	a.whole = 0
	if cols >= width*k.Block {
		a.whole = 1
	}
	k.pixel[outputs][width](a)
}

// index is that of the first pixel of a piece in an output channel.
func (r *pixelRun) index(piece pixelPiece, channel int) int {
	g := &r.plan.geom
	return (((piece.image*g.M+channel)*g.Out[0]+piece.depth)*g.Out[1]+piece.row)*g.Out[2] + piece.col
}

// announce tells the race detector what the kernels write of some channels.
func (r *pixelRun) announce(piece pixelPiece, first, outputs int) {
	if !raceEnabled {
		return
	}
	for m := range outputs {
		raceWriteRows(r.y[r.index(piece, first+m):], piece.rows, piece.cols, r.plan.geom.Out[2])
	}
}

// activate applies an activation that the kernels do not know to a piece.
func (r *pixelRun) activate(piece pixelPiece) {
	for m := range r.plan.geom.M {
		r.plan.activateRows(m, r.y[r.index(piece, m):], piece.rows, piece.cols, r.plan.geom.Out[2])
	}
}

// activateRows applies the activation of a channel to rows that lie pitch floats apart.
func (p *PixelConvPlan) activateRows(channel int, y []float32, rows, cols, pitch int) {
	if cols == pitch {
		rows, cols = 1, rows*cols
	}
	f := p.ep.Act.vector(channel)
	for i := range rows {
		row := y[i*pitch:][:cols]
		p.k.Map(f, row, row)
	}
}
