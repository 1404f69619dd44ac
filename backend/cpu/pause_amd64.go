//go:build !purego

package cpu

// pause is the PAUSE instruction: it tells the processor that this is a loop that waits (some 10 to 140 cycles).
func pause()
