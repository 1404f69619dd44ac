package cpu

import (
	"fmt"
	"os"
	"slices"
	"strings"
)

// Algorithm names a way to compute a convolution.
type Algorithm string

const (
	AnyAlgorithm Algorithm = ""       // what ChooseConv says
	Direct       Algorithm = "direct" // the definition
	F2           Algorithm = "f2"     // Winograd with tiles of 4x4 points: F(2,3), F(3,2)
	F3           Algorithm = "f3"     // Winograd with tiles of 5x5 points: F(4,2); each phase of a transposed convolution has tiles of its own
	F4           Algorithm = "f4"     // Winograd with tiles of 6x6 points: F(4,3), F(5,2), F(2,5); in one row 7: F(4,4), F(3,5)
)

// winoAlgorithms are those of Winograd, by the points of a tile.
var winoAlgorithms = []Algorithm{F2, F3, F4}

// AlgorithmVariable is the environment variable that forces an algorithm.
const AlgorithmVariable = "TCONV_CONV"

// ParseAlgorithm returns the algorithm called name, AnyAlgorithm for "".
func ParseAlgorithm(name string) (Algorithm, error) {
	choices := append([]Algorithm{Direct}, winoAlgorithms...)
	if a := Algorithm(name); a == AnyAlgorithm || slices.Contains(choices, a) {
		return a, nil
	}
	names := make([]string, len(choices))
	for i, a := range choices {
		names[i] = string(a)
	}
	return AnyAlgorithm, fmt.Errorf("convolution algorithm %.40q is unknown, want one of %s", name, strings.Join(names, ", "))
}

// AlgorithmFromEnv returns the algorithm that TCONV_CONV names, AnyAlgorithm where it is empty or unset.
func AlgorithmFromEnv() (Algorithm, error) {
	a, err := ParseAlgorithm(os.Getenv(AlgorithmVariable))
	if err != nil {
		return AnyAlgorithm, fmt.Errorf("%s: %w", AlgorithmVariable, err)
	}
	return a, nil
}

// axis returns the tile of a filter of some taps along one axis.
func (a Algorithm) axis(taps int) winoAxis {
	points := map[Algorithm]int{F2: 4, F3: 5, F4: 6}[a]
	if taps == 1 || points < taps {
		return winoAxis{1, taps}
	}
	return winoAxis{points + 1 - taps, taps}
}

// tile returns the tile of a filter of some taps along rows and columns, and into how many segments of neighbouring taps,
// each of which has a filter of its own, those along the columns are cut.
//
// A row of five taps is F(3,5), one of more F(4,4) in segments of four: segment s of tile t sees the inputs that segment 0
// of tile t+s sees, so that each input is transformed once, and the products of all segments add up in one sum.
func (a Algorithm) tile(taps [2]int) (t winoTile, segments int) {
	t = winoTile{a.axis(taps[0]), a.axis(taps[1])}
	if a != F4 || taps[0] > 1 || taps[1] < 4 {
		return t, 1
	}
	if t.cols = (winoAxis{3, 5}); taps[1] == 5 {
		return t, 1
	}
	t.cols = winoAxis{4, 4}
	return t, ceilDiv(taps[1], t.cols.taps)
}
