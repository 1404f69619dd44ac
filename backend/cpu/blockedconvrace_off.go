//go:build !race

package cpu

// raceEnabled says whether the race detector runs.
const raceEnabled = false
