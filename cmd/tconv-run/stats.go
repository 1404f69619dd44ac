package main

import (
	"fmt"
	"math"

	"github.com/tconv/tconv"
)

// tensorInfo describes a tensor in reports: type and shape, and what its numbers are like.
type tensorInfo struct {
	Name   string   `json:"name"`
	DType  string   `json:"dtype"`
	Shape  []int    `json:"shape"`
	Source string   `json:"source,omitempty"`
	Min    *float64 `json:"min,omitempty"` // of the finite numbers; left out if there is none
	Max    *float64 `json:"max,omitempty"`
	Mean   *float64 `json:"mean,omitempty"`
	SD     *float64 `json:"sd,omitempty"`
	NaN    int      `json:"nan,omitempty"`
	Inf    int      `json:"inf,omitempty"`
}

// describe looks at the numbers of a tensor.
func describe(name string, t *tconv.Tensor) tensorInfo {
	info := tensorInfo{Name: name, DType: t.DType().String(), Shape: t.Shape()}
	values, err := t.Float64s()
	if err != nil {
		return info
	}
	low, high, sum, squares, n := math.Inf(1), math.Inf(-1), 0.0, 0.0, 0
	for _, v := range values {
		switch {
		case math.IsNaN(v):
			info.NaN++
		case math.IsInf(v, 0):
			info.Inf++
		default:
			low, high, sum, n = min(low, v), max(high, v), sum+v, n+1
		}
	}
	if n == 0 {
		return info
	}
	mean := sum / float64(n)
	for _, v := range values {
		if !math.IsNaN(v) && !math.IsInf(v, 0) {
			squares += (v - mean) * (v - mean)
		}
	}
	sd := math.Sqrt(squares / float64(n))
	info.Min, info.Max, info.Mean, info.SD = &low, &high, &mean, &sd
	return info
}

// text is the type, the shape and the numbers as table cells.
func (i tensorInfo) text() string {
	s := fmt.Sprintf("%s\t%s %s", i.Name, i.DType, shapeText(i.Shape))
	if i.Source != "" {
		return s + "\t" + i.Source
	}
	if i.Min != nil {
		s += fmt.Sprintf("\tmin %.4g\tmax %.4g\tmean %.4g\tsd %.4g", *i.Min, *i.Max, *i.Mean, *i.SD)
	}
	if i.NaN > 0 {
		s += fmt.Sprintf("\t%d NaN", i.NaN)
	}
	if i.Inf > 0 {
		s += fmt.Sprintf("\t%d Inf", i.Inf)
	}
	return s
}

// firstNonFinite gives the index of the first NaN or Inf; -1 if there is none.
func firstNonFinite(t *tconv.Tensor) int {
	if !t.DType().IsFloat() {
		return -1
	}
	values, err := t.Float64s()
	if err != nil {
		return -1
	}
	for i, v := range values {
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return i
		}
	}
	return -1
}
