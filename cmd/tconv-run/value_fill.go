package main

import (
	"fmt"
	"hash/fnv"
	"math"
	"math/rand/v2"
	"strconv"
	"strings"

	"github.com/tconv/tconv"
)

// fill is a value that a word stands for: random, random:lo..hi, zeros, ones, const:0.5.
type fill struct {
	random bool
	low    float64 // of random numbers; the constant itself
	high   float64
	given  bool // random: the range is given
}

// parseFill reads a word for numbers; ok is false if text is something else.
func parseFill(text string) (f fill, ok bool, err error) {
	word, arg, hasArg := strings.Cut(text, ":")
	switch {
	case text == "zeros":
		return fill{}, true, nil
	case text == "ones":
		return fill{low: 1}, true, nil
	case text == "random":
		return fill{random: true}, true, nil
	case word == "const" && hasArg:
		v, err := strconv.ParseFloat(arg, 64)
		if err != nil {
			return fill{}, false, inputf("%q, want const:NUMBER", text)
		}
		return fill{low: v}, true, nil
	case word == "random" && hasArg:
		low, high, _ := strings.Cut(arg, "..")
		lo, errLow := strconv.ParseFloat(low, 64)
		hi, errHigh := strconv.ParseFloat(high, 64)
		if errLow != nil || errHigh != nil || !(lo <= hi) || math.IsInf(hi-lo, 0) {
			return fill{}, false, inputf("%q, want random:LOW..HIGH", text)
		}
		return fill{random: true, low: lo, high: hi, given: true}, true, nil
	}
	return fill{}, false, nil
}

// tensor makes the numbers. The seed and the name of the input decide random ones.
func (f fill) tensor(info tconv.Info, seed uint64) (*tconv.Tensor, error) {
	if f.random && info.DType == tconv.Bool {
		f.low, f.high = 0, 1
	} else if f.random && !f.given {
		f.low, f.high = defaultRange(info.DType)
	}
	next := func() float64 { return f.low }
	if f.random {
		h := fnv.New64a()
		h.Write([]byte(info.Name))
		r := rand.New(rand.NewPCG(seed, h.Sum64()))
		next = func() float64 { return f.low + r.Float64()*(f.high-f.low) }
		if !isFloat(info.DType) {
			span := math.Floor(f.high) - math.Ceil(f.low) + 1
			next = func() float64 { return math.Ceil(f.low) + math.Floor(r.Float64()*span) }
		}
	}
	return generate(info.DType, info.Shape, next)
}

// defaultRange is what random numbers are without a range: floats and bytes as pictures have them, and integers that are
// small enough for the sizes and indices that they often are.
func defaultRange(d tconv.DType) (low, high float64) {
	if d == tconv.Uint8 {
		return 0, 255
	}
	return 0, 1
}

func isFloat(d tconv.DType) bool { return d.IsFloat() }

// randomText says what random inputs are, for reports.
func (s *source) randomText() string { return fmt.Sprintf("random, seed %d", s.seed) }
