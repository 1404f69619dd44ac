package cpu

import "unsafe"

// toPlanarRun is a ToPlanarConvPlan with the operands of one run.
type toPlanarRun struct {
	plan        *ToPlanarConvPlan
	ws          []float32
	x           Map
	residual, y []float32
	steps       *blockedSteps
	workers     []toPlanarWorker
	body        func(worker, chunk int)
}

// toPlanarWorker is what one worker writes: its kernel's arguments and its scratch.
type toPlanarWorker struct {
	args               tileArgs
	lanes, sums, stage []float32
	_                  [128]byte
}

func (r *toPlanarRun) begin(threads int, ws []float32, x *Map, residual, y []float32) {
	r.ws, r.x, r.residual, r.y = ws, *x, residual, y
	r.steps = r.plan.stepsFor(x)
	if len(r.workers) < threads {
		r.workers = make([]toPlanarWorker, threads)
	}
	size, nr := r.plan.scratchFloats(), r.plan.k.NR
	for i := range threads {
		w, own := &r.workers[i], ws[i*size:][:size]
		w.lanes, own = own[:dotOutputs*nr*x.Block], own[dotOutputs*nr*x.Block:]
		w.sums, w.stage = own[:dotOutputs*nr], own[dotOutputs*nr:]
	}
}

// end forgets the operands, which the caller may release.
func (r *toPlanarRun) end() {
	r.ws, r.residual, r.y, r.x.Data = nil, nil, nil, nil
	clear(r.workers)
}

// chunk makes one strip: segments of lines (image, depth, height) of every set of phases that share rows of the output.
func (r *toPlanarRun) chunk(worker, strip int) {
	p := r.plan
	for first := 0; first < len(p.parts); first += p.rowsOf {
		parts := p.parts[first : first+p.rowsOf]
		grid := parts[0].grid
		segments := p.geom.N * grid[0] * grid[1] * p.segments
		for i := strip * segments / p.strips; i < (strip+1)*segments/p.strips; i++ {
			line := i / p.segments
			at := [3]int{line / grid[1] / grid[0], line / grid[1] % grid[0], line % grid[1]}
			for group := range p.geom.Group {
				r.line(&r.workers[worker], first, at, group, i%p.segments)
			}
		}
	}
}

// line makes a segment of the row of the output that phases first.. share at (image, depth, height) of their grid.
func (r *toPlanarRun) line(w *toPlanarWorker, first int, at [3]int, group, segment int) {
	p := r.plan
	g, nr := &p.geom, p.k.NR
	parts := p.parts[first : first+p.rowsOf]
	z := parts[0].first[0] + at[1]*parts[0].step[0]
	y := parts[0].first[1] + at[2]*parts[0].step[1]
	plane := volume(g.Out)
	row := (at[0]*g.M+group*g.channelsOut())*plane + (z*g.Out[1]+y)*g.Out[2]
	blocks := ceilDiv(parts[0].grid[2], nr)
	for from := segment * blocks / p.segments * nr; from < (segment+1)*blocks/p.segments*nr; from += nr {
		for i := range parts {
			if n := min(nr, parts[i].grid[2]-from); n > 0 {
				r.block(w, first+i, at, group, from, n)
			}
		}
		begin := from * p.rowsOf
		r.finish(w, row+begin, min(p.stageWidth(), g.Out[2]-begin), group*g.channelsOut())
	}
}

// block makes n pixels from column from of a line of a part, all outputs, in the stage.
func (r *toPlanarRun) block(w *toPlanarWorker, part int, at [3]int, group, from, n int) {
	p := r.plan
	f := &p.parts[part]
	offsets := r.steps.offsets[part]
	a := &w.args
	*a = tileArgs{nsteps: len(offsets), srcPixel: 4 * f.stride[2] * r.x.Block, dstPixel: 4 * r.x.Block, dstGroup: 4 * p.k.NR * r.x.Block}
	src := 0
	if len(offsets) > 0 {
		a.steps = &offsets[0]
		src = r.x.At(at[0], group*p.in/r.x.Block, at[1]*f.stride[0]+f.low[0], at[2]*f.stride[1]+f.low[1], from*f.stride[2]+f.low[2])
	} else {
		a.srcPixel = 0
	}
	weights := p.weights.data[group*p.weights.group+p.weights.parts[f.residue]:]
	passes := panels{p.out, dotOutputs}
	for i := range passes.count() {
		m, outputs := passes.at(i)
		kernels := p.k.dot.tiles[outputs-1]
		tiles := ceilDiv(n, kernels.rows())
		a.weights = unsafe.Pointer(unsafe.SliceData(weights[m*len(offsets)*r.x.Block:]))
		for t := range tiles {
			t0, t1 := t*n/tiles, (t+1)*n/tiles
			a.base = unsafe.Pointer(&r.x.Data[src+t0*a.srcPixel/4])
			a.dst = unsafe.Pointer(&w.lanes[t0*r.x.Block])
			kernels.call(t1-t0, a)
		}
		r.sum(w, f, m, outputs, n)
	}
}

// sum sums up the lanes of n pixels of some outputs and puts them into their columns of the stage.
func (r *toPlanarRun) sum(w *toPlanarWorker, f *blockedPart, m, outputs, n int) {
	p := r.plan
	nr, block := p.k.NR, r.x.Block
	whole := roundUp(n, block)
	for j := range outputs {
		lanes := w.lanes[j*nr*block:][:whole*block]
		stage := w.stage[(m+j)*p.stageWidth():]
		if p.rowsOf == 1 {
			p.k.dot.sumLanes(stage[:whole], lanes)
			continue
		}
		sums := w.sums[:whole]
		p.k.dot.sumLanes(sums, lanes)
		stage = stage[f.first[2]:][:(n-1)*p.rowsOf+1]
		for i, v := range sums[:n] {
			stage[i*p.rowsOf] = v
		}
	}
}

// finish stores cols columns of the stage at index row of the output of the group's first channel.
func (r *toPlanarRun) finish(w *toPlanarWorker, row, cols, channel int) {
	p := r.plan
	for col := 0; col < cols; col += p.k.NR {
		f := finishArgs{
			dst: r.y[row+col:], tile: w.stage[col:], ldd: volume(p.geom.Out), ldt: p.stageWidth(),
			rows: p.out, cols: min(p.k.NR, cols-col),
		}
		if r.residual != nil {
			f.residual = r.residual[row+col:]
		}
		p.k.finish(f, &p.ep, channel)
	}
}
