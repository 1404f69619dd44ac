package main

import (
	"bufio"
	"math"
	"os"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"time"
)

// latency summarises the times of runs, in milliseconds.
type latency struct {
	Min  float64 `json:"min"`
	P50  float64 `json:"p50"`
	P90  float64 `json:"p90"`
	P99  float64 `json:"p99"`
	Max  float64 `json:"max"`
	Mean float64 `json:"mean"`
	SD   float64 `json:"sd"`
}

// maxVariation is the coefficient of variation above which a measurement is called unstable.
const maxVariation = 0.025

// newLatency summarises times; there is at least one.
func newLatency(times []time.Duration) latency {
	ms := make([]float64, len(times))
	sum := 0.0
	for i, t := range times {
		ms[i] = milliseconds(t)
		sum += ms[i]
	}
	slices.Sort(ms)
	mean, squares := sum/float64(len(ms)), 0.0
	for _, v := range ms {
		squares += (v - mean) * (v - mean)
	}
	l := latency{Min: ms[0], P50: quantile(ms, 0.5), P90: quantile(ms, 0.9), P99: quantile(ms, 0.99), Max: ms[len(ms)-1], Mean: mean}
	if len(ms) > 1 {
		l.SD = math.Sqrt(squares / float64(len(ms)-1))
	}
	return l
}

// variation is the coefficient of variation.
func (l latency) variation() float64 {
	if l.Mean == 0 {
		return 0
	}
	return l.SD / l.Mean
}

// quantile interpolates linearly between the two nearest of sorted values.
func quantile(sorted []float64, q float64) float64 {
	at := q * float64(len(sorted)-1)
	i := int(at)
	if i+1 >= len(sorted) {
		return sorted[len(sorted)-1]
	}
	return sorted[i] + (at-float64(i))*(sorted[i+1]-sorted[i])
}

// peakRSS is the largest resident memory of this process so far, in MiB: VmHWM on Linux, whose getrusage would start at
// what the parent had. Elsewhere it is what the Go runtime took from the system.
func peakRSS() float64 {
	if f, err := os.Open("/proc/self/status"); err == nil {
		defer f.Close()
		for s := bufio.NewScanner(f); s.Scan(); {
			if fields := strings.Fields(s.Text()); len(fields) > 1 && fields[0] == "VmHWM:" {
				kib, _ := strconv.ParseFloat(fields[1], 64)
				return kib / 1024
			}
		}
	}
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return float64(m.Sys) / (1 << 20)
}
