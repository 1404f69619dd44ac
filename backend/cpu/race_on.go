//go:build race

package cpu

import (
	"runtime"
	"unsafe"
)

// raceRead and raceWrite tell the race detector what assembly touches, which it cannot see.
func raceRead(x []float32) {
	if len(x) > 0 {
		runtime.RaceReadRange(unsafe.Pointer(unsafe.SliceData(x)), 4*len(x))
	}
}

func raceWrite(x []float32) {
	if len(x) > 0 {
		runtime.RaceWriteRange(unsafe.Pointer(unsafe.SliceData(x)), 4*len(x))
	}
}

// raceWriteRows reports rows of cols floats, ld apart.
func raceWriteRows(x []float32, rows, cols, ld int) {
	for i := range rows {
		raceWrite(x[i*ld:][:cols])
	}
}
