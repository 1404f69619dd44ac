//go:build !purego

#include "textflag.h"

// func prefetch(p unsafe.Pointer, pitch, rows, lines int)
TEXT ·prefetch(SB), NOSPLIT, $0-32
	MOVQ p+0(FP), SI
	MOVQ pitch+8(FP), DX
	MOVQ rows+16(FP), CX
row:
	MOVQ SI, DI
	MOVQ lines+24(FP), AX
line:
	PREFETCHT1 (DI)
	ADDQ $64, DI
	DECQ AX
	JGT  line
	ADDQ DX, SI
	DECQ CX
	JGT  row
	RET
