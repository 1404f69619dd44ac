package main

// depthwiseSteps emits the loop over the taps of a depthwise kernel.
func (k tileKernel) depthwiseSteps() {
	label := k.fn + "_step"
	k.op("", "MOVQ %d(DI), CX", tileNSteps)
	k.op("", "TESTQ CX, CX")
	k.op("", "JEQ %s_end", label)
	k.label(label)
	k.nextStep()
	k.op("weights", "VMOVUPS (BX), %s", k.spare(0))
	for r := range k.height {
		k.op("", "VFMADD231PS %s, %s, %s", k.pixel(r, 0), k.spare(0), k.acc(r, 0))
	}
	k.op("", "ADDQ $%d, BX", k.bytes())
	k.op("", "DECQ CX")
	k.op("", "JNE %s", label)
	k.label(label + "_end")
}

// nextTile goes on to the next tile, if there is one.
func (k tileKernel) nextTile() {
	k.op("", "DECQ %d(DI)", tileTiles)
	k.op("", "JLE %s_done", k.fn)
	for _, move := range []struct{ address, pixel int }{{tileBase, tileSrcPixel}, {tileDst, tileDstPixel}} {
		k.op("", "IMUL3Q $%d, %d(DI), AX", k.height, move.pixel)
		k.op("", "ADDQ AX, %d(DI)", move.address)
	}
	k.op("", "CMPQ %d(DI), $0", tileResidual)
	k.op("", "JEQ %s_tile", k.fn)
	k.op("", "IMUL3Q $%d, %d(DI), AX", k.height, tileResPixel)
	k.op("", "ADDQ AX, %d(DI)", tileResidual)
	k.op("", "JMP %s_tile", k.fn)
	k.label(k.fn + "_done")
}
