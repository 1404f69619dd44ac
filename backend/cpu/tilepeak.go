package cpu

import "time"

// peakTime is how long one measurement of the peak lasts, after as long a time for the clock to settle.
const peakTime = 20 * time.Millisecond

// MeasurePeak returns the GFLOP/s that one core makes with the multiply-adds of k's tier when nothing but them is to do:
// independent sums in registers. The portable tier has no such loop and counts as its widest tile, in L1.
// The best of several rounds counts, as a round may be interrupted.
func MeasurePeak(k *Kernels) float64 {
	best := 0.0
	for range 5 {
		best = max(best, peakRound(k))
	}
	return best
}

// peakTurns is how many turns of the loop a call makes: some 40 us.
const peakTurns = 5000

func peakRound(k *Kernels) float64 {
	flops, start := 0.0, time.Now()
	for {
		flops += k.peak(peakTurns)
		if t := time.Since(start); t > peakTime {
			return flops / t.Seconds() / 1e9
		}
	}
}
