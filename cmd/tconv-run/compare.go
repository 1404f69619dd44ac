package main

import (
	"fmt"
	"math"
	"slices"

	"github.com/tconv/tconv"
)

// tolerance is numpy's form with one term more: |got - ref| <= abs + rel·|ref| + ofMax·max|ref|.
type tolerance struct{ rel, abs, ofMax float64 }

// defaultTolerance is what float32 rounding of a network stays within.
var defaultTolerance = tolerance{rel: 1e-3, abs: 1e-5}

// comparison is how one output differs from what is expected. Numbers that do not exist are left out.
type comparison struct {
	Output  string   `json:"output"`
	Pass    bool     `json:"pass"`
	DType   string   `json:"dtype"`
	Shape   []int    `json:"shape"`
	Reason  string   `json:"reason,omitempty"`           // why the numbers were not compared, or differ in kind
	Bad     int      `json:"bad"`                        // elements out of tolerance
	MaxAbs  float64  `json:"max_abs_error"`              // of finite numbers
	MeanAbs float64  `json:"mean_abs_error"`             // of finite numbers
	MaxRef  float64  `json:"max_ref"`                    // largest |ref|
	Need    *float64 `json:"atol_that_passes"`           // the smallest absolute tolerance that would pass beside the relative one
	Worst   []int    `json:"worst,omitempty"`            // index of the element farthest out
	Cosine  *float64 `json:"cosine,omitempty"`           //
	PSNR    *float64 `json:"psnr_db,omitempty"`          // of pictures; left out where they are equal
	Argmax  *float64 `json:"argmax_agreement,omitempty"` // of masks and classes
}

// compare holds an output against what is expected.
func compare(name string, got, ref *tconv.Tensor, tol tolerance) comparison {
	c := comparison{Output: name, DType: got.DType().String(), Shape: got.Shape()}
	switch {
	case got.DType() != ref.DType():
		c.Reason = fmt.Sprintf("type %v, want %v", got.DType(), ref.DType())
	case !slices.Equal(got.Shape(), ref.Shape()):
		c.Reason = fmt.Sprintf("shape %s, want %s", shapeText(got.Shape()), shapeText(ref.Shape()))
	case got.DType() == tconv.String:
		c.compareText(got.Strings(), ref.Strings())
	default:
		g, err := got.Float64s()
		r, err2 := ref.Float64s()
		if err != nil || err2 != nil {
			c.Reason = fmt.Sprintf("%v has no numbers to compare", got)
			return c
		}
		c.compareNumbers(g, r, tol)
	}
	return c
}

func (c *comparison) compareText(got, ref []string) {
	for i := range got {
		if got[i] != ref[i] {
			c.Bad++
		}
	}
	c.Pass = c.Bad == 0
}

// compareNumbers fills in everything about numbers.
func (c *comparison) compareNumbers(got, ref []float64, tol tolerance) {
	c.MaxRef = largestFinite(ref)
	bound := tol.abs + tol.ofMax*c.MaxRef
	need, worst, kinds := 0.0, -1, 0
	sum := 0.0
	for i, g := range got {
		r := ref[i]
		if g == r || math.IsNaN(g) && math.IsNaN(r) {
			continue
		}
		d := math.Abs(g - r)
		if math.IsNaN(d) || math.IsInf(d, 0) { // one of them is no finite number
			kinds++
			c.Bad++
			continue
		}
		if d > bound+tol.rel*math.Abs(r) {
			c.Bad++
		}
		if n := d - tol.rel*math.Abs(r); worst < 0 || n > need {
			need, worst = max(n, 0), i
		}
		c.MaxAbs, sum = max(c.MaxAbs, d), sum+d
	}
	c.Pass = c.Bad == 0
	if kinds == 0 {
		c.Need = &need
	} else {
		c.Reason = fmt.Sprintf("%s NaN or Inf on one side only", plural(kinds, "element"))
	}
	if len(got) > 0 {
		c.MeanAbs = sum / float64(len(got))
	}
	if worst >= 0 && !c.Pass {
		c.Worst = unravel(worst, c.Shape)
	}
	c.judge(got, ref)
}

// largestFinite is the largest absolute value that is finite; 0 if there is none.
func largestFinite(values []float64) float64 {
	top := 0.0
	for _, v := range values {
		if a := math.Abs(v); !math.IsInf(a, 0) && !math.IsNaN(a) {
			top = max(top, a)
		}
	}
	return top
}

// judge adds the numbers that people know from pictures and masks.
func (c *comparison) judge(got, ref []float64) {
	if v := cosine(got, ref); !math.IsNaN(v) && len(got) > 1 {
		c.Cosine = &v
	}
	planes, size, last := planesOf(c.Shape)
	if v := psnr(got, ref); (planes == 1 || planes == 3) && !math.IsNaN(v) && !math.IsInf(v, 0) {
		c.PSNR = &v
	}
	if v := argmaxAgreement(got, ref, planes, size, last); planes > 0 && planes != 3 && !math.IsNaN(v) {
		c.Argmax = &v
	}
}

// unravel gives the index along each dimension of element i.
func unravel(i int, shape []int) []int {
	at := make([]int, len(shape))
	for k := len(shape) - 1; k >= 0; k-- {
		at[k], i = i%shape[k], i/shape[k]
	}
	return at
}

// compareAll holds every expected output against what came out. The error, if any, says how many failed.
func compareAll(out results, want tconv.Tensors, tol tolerance) ([]comparison, error) {
	var list []comparison
	failed := 0
	for _, name := range out.names {
		ref, ok := want[name]
		if !ok {
			continue
		}
		c := compare(name, out.tensors[name], ref, tol)
		list = append(list, c)
		if !c.Pass {
			failed++
		}
	}
	if failed > 0 {
		return list, kindf(errVerify, "%d of %s out of tolerance", failed, plural(len(list), "output"))
	}
	return list, nil
}

// printComparisons prints comparisons for people.
func printComparisons(a *app, list []comparison) {
	for _, c := range list {
		word := a.color("32", "pass")
		if !c.Pass {
			word = a.color("1;31", "FAIL")
		}
		a.printf("%s  %s  %s %s\n", word, c.Output, c.DType, shapeText(c.Shape))
		if c.Reason != "" {
			a.printf("      %s\n", c.Reason)
		}
		if c.DType == "string" || c.MaxRef == 0 && c.Cosine == nil && c.Need == nil {
			continue
		}
		a.printf("      differs by at most %.3g, %.3g on average, where |ref| goes to %.4g\n", c.MaxAbs, c.MeanAbs, c.MaxRef)
		a.printf("      %s\n", c.needText())
		if c.Bad > 0 {
			a.printf("      out of tolerance: %s, the farthest at %v\n", plural(c.Bad, "element"), c.Worst)
		}
		c.printJudgement(a)
	}
}

// needText says which tolerance would pass.
func (c *comparison) needText() string {
	switch {
	case c.Need == nil:
		return "no tolerance would pass"
	case *c.Need == 0:
		return "the relative tolerance alone is enough"
	}
	return fmt.Sprintf("smallest tolerance that passes: --atol %.3g, or --atol 0 --atol-of-max %.3g", ceil3(*c.Need), ceil3(*c.Need/c.MaxRef))
}

// ceil3 rounds up to three digits, so that the number still passes when it is typed in.
func ceil3(v float64) float64 {
	if v == 0 || math.IsInf(v, 0) {
		return v
	}
	unit := math.Pow(10, math.Floor(math.Log10(v))-2)
	return math.Ceil(v/unit) * unit
}

func (c *comparison) printJudgement(a *app) {
	text := ""
	if c.Cosine != nil {
		text += fmt.Sprintf("  cosine %.9f", *c.Cosine)
	}
	if c.PSNR != nil {
		text += fmt.Sprintf("  PSNR %.1f dB", *c.PSNR)
	}
	if c.Argmax != nil {
		text += fmt.Sprintf("  same class at %.4g %% of positions", 100**c.Argmax)
	}
	if text != "" {
		a.printf("    %s\n", text)
	}
}
