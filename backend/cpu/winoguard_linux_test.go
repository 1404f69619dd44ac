package cpu

import (
	"testing"
	"unsafe"

	"github.com/stretchr/testify/require"
)

// Plans whose maps, weights and workspace lie against pages that fault.
func TestWinogradStaysInBounds(t *testing.T) {
	eachWino(t, func(t *testing.T, k *Kernels, kind winoKind, transposed bool) {
		r := newRand(t, 71)
		for i := range 60 {
			atEnd := i%2 == 0
			g, alg := randomWino(r, transposed), winoAlgorithms[r.IntN(3)]
			if i%3 == 0 {
				g, alg = randomRow(r, transposed), F4
			}
			if _, ok := newWinoFilter(&g, transposed, alg); !ok {
				alg = F2
			}
			g.C, g.M = 1+r.IntN(20), 1+r.IntN(20)
			w := kind.pack(nil, k, g, alg, floats(r, g.weights()))
			data := guarded(t, len(w.data), atEnd)
			copy(data, w.data)
			w.data = data
			p := kind.plan(k, g, w, Epilogue{})
			x := guardedMap(t, k, g.N, g.C, g.In, p.Halo(), atEnd)
			y := guardedMap(t, k, g.N, g.M, g.Out, Halo{}, atEnd)
			p.Run(nil, nil, guarded(t, p.WorkspaceFloats(1), atEnd), x, nil, y)
		}
	})
}

// The transforms with operands of every number of tiles against pages that fault, and every part of a tile stored.
func TestWinoTransformsStayInBounds(t *testing.T) {
	eachTier(t, func(t *testing.T, k *Kernels) {
		for tile, output := range k.wino.output {
			for tiles := 1; tiles <= 4; tiles++ {
				for _, atEnd := range []bool{true, false} {
					checkWinoInputBounds(t, k, tile, tiles, atEnd)
					for col0 := range tile.cols.outputs {
						for cols := 1; cols <= tile.cols.outputs-col0; cols++ {
							checkWinoOutputBounds(t, k, tile, output, tiles, col0, cols, atEnd)
						}
					}
				}
			}
		}
	})
}

func checkWinoInputBounds(t *testing.T, k *Kernels, tile winoTile, tiles int, atEnd bool) {
	b, rows, cols := k.Block, tile.rows.points(), tile.cols.points()
	width := (tiles-1)*tile.cols.outputs + cols
	slice := func(vectors int) unsafe.Pointer { return unsafe.Pointer(&guarded(t, vectors*b, atEnd)[0]) }
	k.wino.input[[2]int{rows, cols}](&winoInputArgs{
		src: slice(rows * width), dst: slice(rows * cols * tiles), strip: slice(rows * width),
		row: 4 * b * width, col: 4 * b, step: tile.cols.outputs, point: 4 * b * tiles, tile: 4 * b, tiles: tiles,
	})
}

// Outputs that are not stored belong to nobody: the map begins at the first one stored and ends at the last.
func checkWinoOutputBounds(t *testing.T, k *Kernels, tile winoTile, output func(*winoOutputArgs), tiles, col0, cols int, atEnd bool) {
	b, points := k.Block, tile.points()
	width := (tiles-1)*tile.cols.outputs + cols
	slice := func(vectors int) []float32 { return guarded(t, vectors*b, atEnd) }
	for rows := 1; rows <= tile.rows.outputs; rows++ {
		for row0 := 0; row0+rows <= tile.rows.outputs; row0++ {
			y, slope := slice(rows*width), slice(1)
			a := winoOutputArgs{
				src: unsafe.Pointer(&slice(points * tiles)[0]), dst: unsafe.Pointer(&y[0]),
				scratch: unsafe.Pointer(&slice(tile.rows.outputs * tile.cols.points())[0]), point: 4 * b * tiles, tile: 4 * b,
				row: 4 * b * width, col: 4 * b, next: 4 * b * tile.cols.outputs, bias: unsafe.Pointer(&slice(1)[0]),
				residual: unsafe.Pointer(&y[0]), resRow: 4 * b * width,
				row0: row0, rows: rows, col0: col0, cols: cols, tiles: tiles, lo: -1e9, hi: 1e9,
			}
			output(&a)
			a.slope = unsafe.Pointer(&slope[0])
			output(&a)
			require.False(t, y[0] != y[0])
		}
	}
}
