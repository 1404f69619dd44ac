package cpu

import "fmt"

// ConvGeom is the geometry of a convolution or transposed convolution over planar tensors
// [N, channels, D, H, W]; two dimensions are D = 1, one is D = H = 1. Triples are in that order: depth, height, width.
//
// Convolution: x [N, C, In...], weights [M, C/Group, Kernel...], y [N, M, Out...];
//
//	y[o] = sum over k of w[k] * x[o*Stride + k*Dilation - PadBegin]
//
// Transposed: x [N, C, In...], weights [C, M/Group, Kernel...], y [N, M, Out...];
//
//	y[i*Stride + k*Dilation - PadBegin] += w[k] * x[i]
//
// Positions outside a tensor count as zero or are dropped. Out is whatever the caller wants, so end pads and output
// padding need no field; PadBegin may be negative. The caller has checked that Group divides C and M, that strides and
// dilations are at least 1, and that no product of sizes overflows.
type ConvGeom struct {
	N, C, M, Group           int
	In, Out                  [3]int
	Kernel, Stride, Dilation [3]int
	PadBegin                 [3]int
}

func volume(d [3]int) int { return d[0] * d[1] * d[2] }

// channelsIn and channelsOut are per group.
func (g *ConvGeom) channelsIn() int  { return g.C / g.Group }
func (g *ConvGeom) channelsOut() int { return g.M / g.Group }

// weights is the number of weights.
func (g *ConvGeom) weights() int { return g.C * g.channelsOut() * volume(g.Kernel) }

// depthwise says whether each output channel reads one input channel and each input channel feeds few outputs, so
// that a matrix product would do little with what it packs.
func (g *ConvGeom) depthwise() bool { return g.channelsIn() == 1 && g.channelsOut() <= 4 }

// pointwise says whether the convolution is 1x1 without padding or stride: a plain product.
func (g *ConvGeom) pointwise() bool {
	one := [3]int{1, 1, 1}
	return g.Kernel == one && g.Stride == one && g.PadBegin == [3]int{} && g.In == g.Out
}

// checkOperands panics where a slice has not the length that the geometry says: the kernels trust it.
func (g *ConvGeom) checkOperands(x, residual, y []float32) {
	in, out := g.N*g.C*volume(g.In), g.N*g.M*volume(g.Out)
	if len(x) != in || len(y) != out || (residual != nil && len(residual) != out) {
		panic(fmt.Sprintf("BUG: x, residual, y of %d, %d, %d floats, want %d, %d or none, %d", len(x), len(residual), len(y), in, out, out))
	}
}

func checkWorkspace(ws []float32, want int) {
	if len(ws) < want {
		panic(fmt.Sprintf("BUG: workspace of %d floats, want %d", len(ws), want))
	}
}

func checkWeights(got, want int) {
	if got != want {
		panic(fmt.Sprintf("BUG: %d weights, want %d", got, want))
	}
}

// eachTap calls f with the position of every tap of a kernel, in the order of its weights.
func eachTap(kernel [3]int, f func(k [3]int)) {
	for z := range kernel[0] {
		for y := range kernel[1] {
			for x := range kernel[2] {
				f([3]int{z, y, x})
			}
		}
	}
}

// ceilDiv rounds a/b up, floorDiv down, and floorMod gives the remainder in [0, b); b > 0.
func ceilDiv(a, b int) int {
	q := a / b
	if a%b > 0 {
		q++
	}
	return q
}

func floorDiv(a, b int) int { return -ceilDiv(-a, b) }

func floorMod(a, b int) int { return ((a % b) + b) % b }
