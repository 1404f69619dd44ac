package main

import (
	"fmt"
	"strings"
)

// The end of a pixel kernel that sets the phases of a row of a transposed convolution side by side.

// zipPhases are the numbers of phases for which a kernel of so many outputs does that.
func zipPhases(outputs int) (phases []int) {
	for _, n := range []int{2, 4, 8} {
		if outputs%n == 0 {
			phases = append(phases, n)
		}
	}
	return phases
}

// Offsets of the fields of pixelSegment.
const (
	segmentLow   = 0
	segmentHigh  = 4
	segmentRows  = 8
	segmentBytes = 40
)

// zipConstants emits the lanes of the first and the last half of two vectors in turns, and 0 to 16.
func zipConstants(t *text) {
	for i := range 16 {
		fmt.Fprintf(t, "DATA zipLow<>+%d(SB)/4, $%d\n", 4*i, i/2+i%2*16)
		fmt.Fprintf(t, "DATA zipHigh<>+%d(SB)/4, $%d\n", 4*i, 8+i/2+i%2*16)
		fmt.Fprintf(t, "DATA zipIota<>+%d(SB)/4, $%d\n", 4*i, i)
	}
	fmt.Fprintf(t, "DATA zipIota<>+64(SB)/4, $16\n")
	fmt.Fprintf(t, "GLOBL zipLow<>(SB), RODATA|NOPTR, $64\n")
	fmt.Fprintf(t, "GLOBL zipHigh<>(SB), RODATA|NOPTR, $64\n")
	fmt.Fprintf(t, "GLOBL zipIota<>(SB), RODATA|NOPTR, $68\n")
}

// zips stores the tile where its outputs are phases, and goes to the end. SI: segment; CX: segments left; DX: row; BX:
// pitch of pixels.
func (k pixelKernel) zips() {
	kinds := zipPhases(k.outputs)
	if len(kinds) == 0 {
		return
	}
	k.op("", "MOVQ %d(DI), AX", pixelPhases)
	k.op("", "TESTQ AX, AX")
	k.op("", "JEQ %s_planes", k.fn)
	k.op("", "MOVQ %d(DI), SI", pixelSegments)
	k.op("", "MOVQ %d(DI), CX", pixelNSegments)
	k.op("", "MOVQ %d(DI), BX", pixelPitch)
	if k.isa == avx512 {
		k.op("", "VMOVUPS zipLow<>(SB), %s", k.spare(0))
		k.op("", "VMOVUPS zipHigh<>(SB), %s", k.spare(1))
	}
	for i, phases := range kinds {
		last := i == len(kinds)-1
		if !last {
			k.op("", "CMPQ AX, $%d", phases)
			k.op("", "JNE %s_zip%d", k.fn, kinds[i+1])
		}
		k.zipTile(phases)
		if !last {
			k.label(fmt.Sprintf("%s_zip%d", k.fn, kinds[i+1]))
		}
	}
	k.label(k.fn + "_planes")
}

// zipTile zips all runs of a tile and stores what each segment has of them.
func (k pixelKernel) zipTile(phases int) {
	label := fmt.Sprintf("%s_segment%d", k.fn, phases)
	var runs [][]int
	for run := range k.outputs / phases {
		var out []int
		for v := range k.width {
			var planes []int
			for p := range phases {
				planes = append(planes, (run*phases+p)*k.width+v)
			}
			out = append(out, k.zip(planes)...)
		}
		runs = append(runs, out)
	}
	if k.isa == avx512 {
		k.op("", "VMOVUPS zipIota<>(SB), %s", k.spare(0))
	}
	k.label(label)
	for run, out := range runs {
		k.zipRun(fmt.Sprintf("%s_run%d", label, run), phases, run, out)
	}
	k.op("", "ADDQ $%d, SI", segmentBytes)
	k.op("", "DECQ CX")
	k.op("", "JGT %s", label)
	k.op("", "JMP %s_stored", k.fn)
}

// zipRun stores one run of a segment.
func (k pixelKernel) zipRun(label string, phases, run int, out []int) {
	k.op("", "MOVQ %d(SI), DX", segmentRows+8*run)
	k.op("pixelNoRow", "CMPQ DX, $-1")
	k.op("", "JEQ %s_end", label)
	k.op("", "ADDQ R9, DX")
	if phases == k.mostZipped() {
		k.op("pixels side by side?", "CMPQ BX, $%d", 4*phases)
		k.op("", "JNE %s_apart", label)
	}
	k.op("", "CMPQ %d(DI), $0", pixelWhole)
	k.op("", "JEQ %s_part", label)
	k.op("", "CMPQ %d(DI), $0", pixelStream)
	k.op("", "JNE %s_stream", label)
	for i, v := range out {
		k.op("", "VMOVUPS %s, %d(DX)", k.v(v), i*k.bytes())
	}
	k.op("", "JMP %s_end", label)
	k.label(label + "_stream")
	for i, v := range out {
		k.op("", "VMOVNTPS %s, %d(DX)", k.v(v), i*k.bytes())
	}
	k.op("", "JMP %s_end", label)
	k.label(label + "_part")
	k.zipBounds()
	for i, v := range out {
		k.zipMask(k.lanes, i == len(out)-1)
		k.maskedStore(k.v(v), fmt.Sprintf("%d(DX)", i*k.bytes()))
	}
	if phases == k.mostZipped() {
		k.op("", "JMP %s_end", label)
		k.label(label + "_apart")
		k.zipBounds()
		for i, v := range out {
			k.zipApart(v, i == len(out)-1)
		}
	}
	k.label(label + "_end")
}

// mostZipped is the most phases that are set side by side. Kernels with so many store a part of a row of more phases, in
// which a vector has two pixels.
func (k pixelKernel) mostZipped() int { return k.lanes / 2 }

// zipBounds sets the lanes of the first vector: from spare(2), to spare(3).
func (k pixelKernel) zipBounds() {
	k.op("", "VPBROADCASTD %d(SI), %s", segmentLow, k.spare(2))
	k.op("", "VPBROADCASTD %d(SI), %s", segmentHigh, k.spare(3))
}

// zipMask sets the mask of a vector, K2 or spare(0), and goes on by as many lanes.
func (k pixelKernel) zipMask(step int, last bool) {
	lo, hi := k.spare(2), k.spare(3)
	if k.isa == avx512 {
		iota := k.spare(0)
		k.op("lane >= first", "VPCMPD $5, %s, %s, K2", lo, iota)
		k.op("lane < end", "VPCMPD $1, %s, %s, K2, K2", hi, iota)
	} else {
		mask, t := k.spare(0), k.spare(1)
		k.op("lane < end", "VPCMPGTD zipIota<>(SB), %s, %s", hi, mask)
		k.op("lane < first", "VPCMPGTD zipIota<>(SB), %s, %s", lo, t)
		k.op("", "VPANDN %s, %s, %s", mask, t, mask)
	}
	if last {
		return
	}
	t := k.spare(1)
	if step > 0 {
		k.op("", "VPBROADCASTD zipIota<>+%d(SB), %s", 4*step, t)
	} else {
		k.op("", "VPBROADCASTD %d(DI), %s", pixelWide, t)
	}
	k.op("", "VPSUBD %s, %s, %s", t, lo, lo)
	k.op("", "VPSUBD %s, %s, %s", t, hi, hi)
}

// maskedStore stores the lanes of the mask.
func (k pixelKernel) maskedStore(v, address string) {
	if k.isa == avx512 {
		k.op("", "VMOVUPS %s, K2, %s", v, address)
		return
	}
	k.op("", "VMASKMOVPS %s, %s, %s", v, k.spare(0), address)
}

// zipApart stores both pixels of a vector, which lie BX apart, at DX, and goes on.
func (k pixelKernel) zipApart(v int, last bool) {
	half := map[string]string{"Z": "Y", "Y": "X"}[k.reg]
	low := func(register string) string { return strings.Replace(register, k.reg, half, 1) }
	extract := map[string]string{"Z": "VEXTRACTF32X8", "Y": "VEXTRACTF128"}[k.reg]
	store := func(v, address string) {
		if k.isa == avx512 {
			k.op("", "VMOVUPS %s, K2, %s", low(v), address)
			return
		}
		k.op("", "VMASKMOVPS %s, %s, %s", low(v), low(k.spare(0)), address)
	}
	k.zipMask(0, false)
	store(k.v(v), "(DX)")
	k.zipMask(0, last)
	k.op("", "%s $1, %s, %s", extract, k.v(v), low(k.spare(1)))
	store(k.spare(1), "(DX)(BX*1)")
	if !last {
		k.op("", "LEAQ (DX)(BX*2), DX")
	}
}

// zip sets the elements of the vectors side by side and returns the vectors of the result: the even ones and the odd
// ones on their own, then the elements of both in turns.
func (k pixelKernel) zip(v []int) []int {
	if len(v) == 1 {
		return v
	}
	var even, odd []int
	for i := 0; i < len(v); i += 2 {
		even, odd = append(even, v[i]), append(odd, v[i+1])
	}
	even, odd = k.zip(even), k.zip(odd)
	var out []int
	for i := range even {
		a, b := even[i], odd[i]
		k.pair(a, b)
		out = append(out, a, b)
	}
	return out
}

// pair makes the first half of the elements of a and b in turns in a, the second half in b.
func (k pixelKernel) pair(a, b int) {
	if k.isa == avx512 {
		t := k.spare(2)
		k.op("", "VMOVAPS %s, %s", k.v(a), t)
		k.op("", "VPERMT2PS %s, %s, %s", k.v(b), k.spare(0), k.v(a))
		k.op("", "VPERMT2PS %s, %s, %s", k.v(b), k.spare(1), t)
		k.op("", "VMOVAPS %s, %s", t, k.v(b))
		return
	}
	lo, hi := k.spare(0), k.spare(1)
	k.op("", "VUNPCKLPS %s, %s, %s", k.v(b), k.v(a), lo)
	k.op("", "VUNPCKHPS %s, %s, %s", k.v(b), k.v(a), hi)
	k.op("", "VPERM2F128 $0x20, %s, %s, %s", hi, lo, k.v(a))
	k.op("", "VPERM2F128 $0x31, %s, %s, %s", hi, lo, k.v(b))
}
