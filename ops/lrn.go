package ops

import (
	"fmt"
	"math"
)

// LRN: local response normalization across channels.
//
//	X: T [N, C, D1...].  Y: the type and shape of X.
//
//	Y[n, c, d] = X[n, c, d] / (bias + alpha/size · sum over i of X[n, i, d]²) ^ beta
//
// for the channels i from c - floor((size-1)/2) to c + ceil((size-1)/2) that exist.
// Sums are kept in float64.
//
//	T: float, double.
//
// https://onnx.ai/onnx/operators/onnx__LRN.html (versions 1, 13).
type lrn struct {
	alpha, beta, bias float64
	size              int
}

func init() {
	Register(Def{
		Name: "LRN", Since: 1, Inputs: []string{"X"}, Outputs: []string{"Y"},
		New: func(n *Node) (Op, error) {
			o := lrn{float64(n.Float("alpha", 1e-4)), float64(n.Float("beta", 0.75)), float64(n.Float("bias", 1)), n.Int("size", 0)}
			if o.size < 1 {
				n.Fail("size is missing or below 1")
			}
			return o, n.Err()
		},
	})
}

// Infer checks the input and gives Y.
func (o lrn) Infer(in []Spec) ([]Spec, error) {
	if err := wantType("X", in[0], Float32, Float64); err != nil {
		return nil, err
	}
	if len(in[0].Shape) < 2 {
		return nil, fmt.Errorf("X has rank %d, want at least 2: batch and channels", len(in[0].Shape))
	}
	return one(in[0].DType, in[0].Shape)
}

// Run computes Y.
func (o lrn) Run(c *Call, in, out []*Tensor) error {
	if in[0].DType() == Float32 {
		runLRN[float32](c, o, in[0], out[0])
	} else {
		runLRN[float64](c, o, in[0], out[0])
	}
	return nil
}

func runLRN[T Float](c *Call, o lrn, in, out *Tensor) {
	x, y := Data[T](in), Data[T](out)
	if len(x) == 0 {
		return
	}
	channels := in.Shape()[1]
	planes := in.Shape()[0] * channels
	size := len(x) / planes
	tiles := (size + rowTile - 1) / rowTile
	c.Parallel(planes*tiles, rowTile*(30+min(o.size, channels)), func(lo, hi int) {
		for i := lo; i < hi; i++ {
			plane, first := i/tiles, i%tiles*rowTile
			lowest, highest := o.window(plane%channels, channels)
			var sums rowSums
			tile := sums[:min(rowTile, size-first)]
			for ch := lowest; ch <= highest; ch++ {
				for k, v := range x[(plane-plane%channels+ch)*size+first:][:len(tile)] {
					tile[k] += float64(v) * float64(v)
				}
			}
			at := plane*size + first
			for k, s := range tile {
				y[at+k] = T(float64(x[at+k]) * math.Pow(o.bias+o.alpha/float64(o.size)*s, -o.beta))
			}
		}
	})
}

// window is the range of channels that count for channel c.
func (o lrn) window(c, channels int) (lowest, highest int) {
	return max(0, c-(o.size-1)/2), min(channels-1-c, o.size/2) + c
}
