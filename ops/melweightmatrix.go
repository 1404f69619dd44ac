package ops

import (
	"fmt"
	"math"
)

// MelWeightMatrix: the matrix that sums the bins of a spectrum into bands of the mel
// scale, mel(f) = 2595·log10(1 + f/700).
//
//	num_mel_bins, dft_length, sample_rate: int32 or int64, one element each.
//	lower_edge_hertz, upper_edge_hertz: float or double, one element each.
//	output: output_datatype, a number or a half, default float,
//	[floor(dft_length/2) + 1, num_mel_bins].
//
// The edges of the bands, p[0] to p[num_mel_bins+1], are evenly apart on the mel scale
// from the lower edge on (by the whole range over num_mel_bins + 2), as bins of the
// spectrum: floor((dft_length + 1)·f/sample_rate). Band i rises from 0 at p[i] to 1 at
// p[i+1] and falls to 0 at p[i+2]. A band that leaves the spectrum is an error.
//
// https://onnx.ai/onnx/operators/onnx__MelWeightMatrix.html (version 17).
type melWeightMatrix struct{ dtype DType }

func init() {
	Register(Def{
		Name: "MelWeightMatrix", Since: 17,
		Inputs:  []string{"num_mel_bins", "dft_length", "sample_rate", "lower_edge_hertz", "upper_edge_hertz"},
		Outputs: []string{"output"},
		New:     func(n *Node) (Op, error) { return &melWeightMatrix{readOutputDatatype(n)}, n.Err() },
	})
}

// Infer gives the matrix its shape, if the parameters are known.
func (o *melWeightMatrix) Infer(in []Spec) ([]Spec, error) {
	var numbers [3]int
	for i, name := range []string{"num_mel_bins", "dft_length", "sample_rate"} {
		v, known, err := intParameter(name, in, i)
		if err != nil {
			return nil, err
		}
		if !known {
			return unknownShape(o.dtype)
		}
		if len(v) != 1 || v[0] < 1 || v[0] > maxExtent {
			return nil, fmt.Errorf("%s is %v, want one number from 1 to %d", name, v, maxExtent)
		}
		numbers[i] = v[0]
	}
	for i, name := range []string{3: "lower_edge_hertz", 4: "upper_edge_hertz"} {
		if name == "" {
			continue
		}
		if err := wantType(name, in[i], Float32, Float64); err != nil {
			return nil, err
		}
		if product(in[i].Shape) != 1 {
			return nil, fmt.Errorf("%s has shape %v, want one element", name, in[i].Shape)
		}
	}
	return one(o.dtype, Shape{numbers[1]/2 + 1, numbers[0]})
}

// Run draws the bands.
func (o *melWeightMatrix) Run(c *Call, in, out []*Tensor) error {
	if err := newOutput(c, o, in, out); err != nil {
		return err
	}
	bins, bands := out[0].shape[0], out[0].shape[1]
	length, rate := float64(in[1].Ints()[0]), float64(in[2].Ints()[0])
	low, high := mel(floatAt(in[3], 0)), mel(floatAt(in[4], 0))
	if !(low <= high) {
		return fmt.Errorf("the band is from %v to %v hertz, want rising numbers", floatAt(in[3], 0), floatAt(in[4], 0))
	}
	edges := make([]int, bands+2)
	for i := range edges {
		hertz := 700 * (math.Pow(10, (low+float64(i)*(high-low)/float64(bands+2))/2595) - 1)
		bin := math.Floor((length + 1) * hertz / rate)
		if !(bin >= 0 && bin <= float64(bins)) || i <= bands && int(bin) == bins {
			return fmt.Errorf("an edge of band %d lies at %v hertz, outside a spectrum of %d bins", min(i, bands-1), hertz, bins)
		}
		edges[i] = int(bin)
	}
	return storeDraws(c, out[0], func(i int) float64 {
		band := edges[i%bands:]
		return melWeight(i/bands, band[0], band[1], band[2])
	})
}

// mel is a frequency in hertz on the mel scale.
func mel(hertz float64) float64 { return 2595 * math.Log10(1+hertz/700) }

// melWeight is the weight of a bin in a band with a peak between two edges.
func melWeight(bin, low, peak, high int) float64 {
	switch {
	case bin == peak:
		return 1
	case low <= bin && bin < peak:
		return float64(bin-low) / float64(peak-low)
	case peak < bin && bin < high:
		return float64(high-bin) / float64(high-peak)
	}
	return 0
}
