package cpu

import "fmt"

// Kernels is the table of one tier's kernels with their tile sizes. Several tables may be in use in one process;
// results of different tables may differ in the last bits.
type Kernels struct {
	Tier Tier

	// MR and NR are the rows and columns of the largest tile of the matrix product.
	MR, NR int

	// Conv forces an algorithm on the convolutions that it can make; AnyAlgorithm leaves the choice to ChooseConv.
	Conv Algorithm

	// Block is the number of channels per group of a channel-blocked Map: the lanes of one vector.
	Block int

	gemm       []func(gemmArgs) // by the rows of the tile, 1..MR
	gemmHalf   []func(gemmArgs) // the same for the first NR/2 columns of the tile; or nil
	gemmRow    func(gemmArgs)   // of one row and rowCols columns
	rowCols    int
	gather     func(gatherArgs)
	finishTile func(finishArgs)
	axpy       func(axpyArgs)
	bytes      byteKernels
	vec        *vecTable
	rows       *rowTable
	tile       [tileGroups]tileFuncs // by groups-1, then rows
	depthwise  tileFuncs
	spread     func(*spreadArgs)
	dot        dotKernels
	pixel      pixelKernels
	peak       func(turns int) (flops float64)
	wino       winoKernels
	maps       mapKernels
}

// WithConv returns a copy of k that forces an algorithm on convolutions.
func (k *Kernels) WithConv(a Algorithm) *Kernels {
	c := *k
	c.Conv = a
	return &c
}

// KernelsFor returns the kernels of t, which must be one of Available() or Reference.
func KernelsFor(t Tier) *Kernels {
	if t == Reference {
		t = Generic
	}
	if k := kernelTables[t]; k != nil {
		return k
	}
	panic(fmt.Sprintf("BUG: kernels of tier %q, want one of %s", t, tierList(Available())))
}

var kernelTables = func() map[Tier]*Kernels {
	tables := nativeKernels()
	tables[Generic] = &Kernels{
		Tier:       Generic,
		MR:         genericRows,
		NR:         genericCols,
		Block:      8,
		gemm:       gemmGeneric,
		gemmRow:    gemmRows8Generic,
		rowCols:    genericCols,
		gather:     gather8Generic,
		finishTile: finish8Generic,
		axpy:       axpyGeneric,
		bytes:      byteGeneric,
		vec:        &vecGeneric,
		rows:       &rowGeneric,
		tile:       tileGeneric,
		depthwise:  depthwiseGeneric,
		spread:     spreadGeneric,
		dot:        dotGeneric,
		pixel:      pixelGeneric,
		peak:       peakGeneric,
		wino:       winoGeneric,
		maps:       mapGeneric,
	}
	return tables
}()
