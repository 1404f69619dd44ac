package graph

import (
	"slices"
	"sync"

	"github.com/tconv/tconv/ops"
)

// fuseNearestConv makes one transposed convolution of an enlargement by repeated
// pixels and the convolution that alone reads it: a quarter of the products and
// more, and the large map never exists.
//
//	before: y = Resize(x, scales [1, 1, 2, 2], nearest);  z = Conv(y, W, B) {pads=[1 1 1 1]}
//	after:  z = ConvTranspose(x, W', B) {strides=[2 2] pads=[1 1 1 1]}    W' is 4x4
//
// It must not fire where the enlargement is not by whole numbers or does not repeat
// pixels, where somebody else reads y, where the convolution has groups, strides or
// dilations, a kernel of 1, or weights that are no constants, or where it pads more
// than its kernel less one.
func fuseNearestConv(g *Graph) error {
	u := g.uses()
	dead := map[*Node]bool{}
	for _, n := range g.Nodes {
		if !n.is("Conv") || len(n.Inputs) < 2 {
			continue
		}
		enlarge := u.producer[n.Inputs[0]]
		if enlarge == nil || !enlarge.is("Resize", "Upsample") || !u.onlyReader(n.Inputs[0]) {
			continue
		}
		scale := g.repeats(enlarge)
		w := g.Const(n.Inputs[1])
		if scale == nil || w == nil || w.DType() != ops.Float32 || !plainConv(n) || slices.Max(w.Shape()[2:]) == 1 {
			continue
		}
		attrs, ok := g.nearestConvAttrs(n, enlarge, scale, w.Shape()[2:])
		if !ok {
			continue
		}
		n.Op, n.Attrs = "ConvTranspose", attrs
		n.Inputs[0] = enlarge.Inputs[0]
		n.Inputs[1] = g.AddConst(g.Value(n.Inputs[1]).Name+".nearest", g.derived.nearest(w, scale))
		if err := g.build(n); err != nil {
			return err
		}
		dead[enlarge] = true
	}
	g.deleteNodes(dead)
	return nil
}

// plainConv reports whether a Conv has neither groups, strides nor dilations, and
// names its pads.
func plainConv(n *Node) bool {
	for _, a := range n.Attrs {
		switch a.Name {
		case "group":
			if a.I != 1 {
				return false
			}
		case "strides", "dilations":
			if slices.ContainsFunc(a.Ints, func(v int64) bool { return v != 1 }) {
				return false
			}
		case "auto_pad":
			if a.S != "NOTSET" {
				return false
			}
		case "pads", "kernel_shape":
		default:
			return false
		}
	}
	return true
}

// repeats gives how often a Resize or Upsample repeats pixels along each spatial
// axis; nil where it does something else.
func (g *Graph) repeats(n *Node) []int {
	x, y := g.Value(n.Inputs[0]).Spec, g.Value(n.Outputs[0]).Spec
	if !ops.Blockable(x) || !ops.Blockable(y) || !repeatsPixels(n) {
		return nil
	}
	var scale []int
	for i, d := range x.Shape {
		if d == 0 || y.Shape[i]%d != 0 || i < 2 && y.Shape[i] != d {
			return nil
		}
		if i >= 2 {
			scale = append(scale, y.Shape[i]/d)
		}
	}
	if slices.Max(scale) == 1 || !g.scalesAre(n, x.Shape, y.Shape) {
		return nil
	}
	return scale
}

// repeatsPixels reports whether the attributes ask for nearest pixels in a way that
// repeats them when the scale is a whole number.
func repeatsPixels(n *Node) bool {
	mode, coordinates, nearest := "nearest", "half_pixel", "round_prefer_floor"
	if n.Op == "Upsample" || n.Opset < 11 {
		coordinates, nearest = "asymmetric", "floor"
	}
	for _, a := range n.Attrs {
		switch a.Name {
		case "mode":
			mode = a.S
		case "coordinate_transformation_mode":
			coordinates = a.S
		case "nearest_mode":
			nearest = a.S
		case "scales", "cubic_coeff_a", "exclude_outside", "extrapolation_value":
		default:
			return false
		}
	}
	switch coordinates {
	case "asymmetric", "tf_half_pixel_for_nn":
		return mode == "nearest" && nearest == "floor"
	case "half_pixel", "half_pixel_symmetric", "pytorch_half_pixel":
		return mode == "nearest" && (nearest == "round_prefer_floor" || nearest == "round_prefer_ceil")
	}
	return false
}

// scalesAre reports whether scales that are given are the very ratios of the shapes.
func (g *Graph) scalesAre(n *Node, x, y ops.Shape) bool {
	at := 2 // Resize since 11: X, roi, scales, sizes
	if n.Op == "Upsample" || n.Opset < 11 {
		at = 1
	}
	c := g.Const(n.input(at))
	if n.input(at) == NoValue || c != nil && c.Len() == 0 {
		return true // by sizes
	}
	if c == nil || c.DType() != ops.Float32 || c.Len() != len(x) {
		return false
	}
	for i, s := range ops.Data[float32](c) {
		if s != float32(y[i]/x[i]) {
			return false
		}
	}
	return true
}

// nearestConvAttrs writes the attributes of the transposed convolution.
func (g *Graph) nearestConvAttrs(conv, enlarge *Node, scale []int, kernel ops.Shape) ([]ops.Attr, bool) {
	rank := len(scale)
	pads := make([]int64, 2*rank)
	if a, ok := conv.attr("pads"); ok {
		pads = a.Ints
	}
	in, out := g.Value(enlarge.Inputs[0]).Spec.Shape[2:], g.Value(conv.Outputs[0]).Spec.Shape[2:]
	begin, end := make([]int, rank), make([]int, rank)
	for i := range rank {
		begin[i] = kernel[i] - 1 - int(pads[i])
		end[i] = (in[i]-1)*scale[i] + kernel[i] + scale[i] - 1 - begin[i] - out[i]
		if begin[i] < 0 || end[i] < 0 {
			return nil, false
		}
	}
	return []ops.Attr{ops.IntsAttr("strides", scale...), ops.IntsAttr("pads", append(begin, end...)...)}, true
}

// derived keeps constants that passes compute once per model, not once per set of
// input shapes.
type derived struct {
	mu      sync.Mutex
	weights map[nearestKey]*ops.Tensor
}

func newDerived() *derived { return &derived{weights: map[nearestKey]*ops.Tensor{}} }

type nearestKey struct {
	w     *ops.Tensor
	scale [3]int
}

// nearest gives the weights of a nearest convolution.
func (d *derived) nearest(w *ops.Tensor, scale []int) *ops.Tensor {
	key := nearestKey{w: w}
	copy(key.scale[:], scale)
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.weights[key] == nil {
		d.weights[key] = ops.NearestConvWeights(w, scale)
	}
	return d.weights[key]
}
