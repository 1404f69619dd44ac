//go:build race

package cpu

import (
	"runtime"
	"unsafe"
)

// raceRead and raceWrite tell the race detector what assembly touches, which it cannot see.
func raceRead[T byte | float32](x []T) {
	if len(x) > 0 {
		runtime.RaceReadRange(unsafe.Pointer(unsafe.SliceData(x)), int(unsafe.Sizeof(x[0]))*len(x))
	}
}

func raceWrite[T byte | float32](x []T) {
	if len(x) > 0 {
		runtime.RaceWriteRange(unsafe.Pointer(unsafe.SliceData(x)), int(unsafe.Sizeof(x[0]))*len(x))
	}
}

// raceWriteRows reports rows of cols floats, ld apart.
func raceWriteRows(x []float32, rows, cols, ld int) {
	for i := range rows {
		raceWrite(x[i*ld:][:cols])
	}
}
