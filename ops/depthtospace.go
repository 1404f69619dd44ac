package ops

import "fmt"

// DepthToSpace moves channels into blocks of pixels; SpaceToDepth is its inverse
// in mode DCR. With b = blocksize:
//
//	DepthToSpace DCR: Y[n, c, y·b+i, x·b+j] = X[n, (i·b+j)·C/b² + c, y, x]
//	DepthToSpace CRD: Y[n, c, y·b+i, x·b+j] = X[n, c·b² + i·b + j, y, x]
//	SpaceToDepth:     Y[n, (i·b+j)·C + c, y, x] = X[n, c, y·b+i, x·b+j]
//
//	DepthToSpace: X [N, C, H, W] -> Y [N, C/b², H·b, W·b]
//	SpaceToDepth: X [N, C, H, W] -> Y [N, C·b², H/b, W/b]
//	Elements of any type of 8 bits or more, and strings.
//
// CRD is PyTorch's PixelShuffle. Errors: a blocksize below 1, channels that are no
// multiple of b², a height or width that is no multiple of b, a rank other than 4.
//
// https://onnx.ai/onnx/operators/onnx__DepthToSpace.html (versions 1, 11, 13; the
// attribute mode since 11) and onnx__SpaceToDepth.html (versions 1, 13).
type depthToSpaceOp struct {
	block   int
	crd     bool
	inverse bool // SpaceToDepth
}

func init() {
	Register(
		Def{
			Name: "DepthToSpace", Since: 1, Inputs: []string{"input"}, Outputs: []string{"output"}, Exact: true,
			New: func(n *Node) (Op, error) {
				o := readBlock(n)
				if n.Opset >= 11 {
					o.crd = n.Str("mode", "DCR", "DCR", "CRD") == "CRD"
				}
				return o, nil
			},
		},
		Def{
			Name: "SpaceToDepth", Since: 1, Inputs: []string{"input"}, Outputs: []string{"output"}, Exact: true,
			New: func(n *Node) (Op, error) {
				o := readBlock(n)
				o.inverse = true
				return o, nil
			},
		},
	)
}

// maxBlock keeps the square of a blocksize within 32 bits.
const maxBlock = 1 << 15

// readBlock reads the attribute blocksize.
func readBlock(n *Node) *depthToSpaceOp {
	if !n.Has("blocksize") {
		n.Fail("attribute blocksize is missing")
	}
	b := n.Int("blocksize", 1)
	switch {
	case b < 1:
		n.Fail("blocksize is %d, blocksize must be at least 1", b)
	case b > maxBlock:
		n.Fail("blocksize is %d, want at most %d", b, maxBlock)
	}
	return &depthToSpaceOp{block: b}
}

// Infer gives Y its shape.
func (o *depthToSpaceOp) Infer(in []Spec) ([]Spec, error) {
	x, b := in[0], o.block
	if err := wantDense("input", x); err != nil {
		return nil, err
	}
	if len(x.Shape) != 4 {
		return nil, fmt.Errorf("input has shape %v, want [N, C, H, W]", x.Shape)
	}
	n, c, h, w := x.Shape[0], x.Shape[1], x.Shape[2], x.Shape[3]
	if o.inverse {
		if h%b != 0 || w%b != 0 {
			return nil, fmt.Errorf("input is %d x %d pixels, want multiples of blocksize = %d", h, w, b)
		}
		return enlarged(x.DType, Shape{n, c, h / b, w / b}, b*b, 1)
	}
	if c%(b*b) != 0 {
		return nil, fmt.Errorf("input has %d channels: %d channels are no multiple of blocksize² = %d", c, c, b*b)
	}
	return enlarged(x.DType, Shape{n, c / (b * b), h, w}, b, 2, 3)
}

// enlarged is a tensor with k times as many elements along some axes.
func enlarged(d DType, s Shape, k int, axes ...int) ([]Spec, error) {
	for _, i := range axes {
		if s[i] > MaxElements/k {
			return nil, fmt.Errorf("axis %d would have %d times %d elements: %w", i, k, s[i], ErrLimit)
		}
		s[i] *= k
	}
	return one(d, s)
}

// Run copies a box of the axes [N, C, y, i, x, j], in which every element of both
// maps has one place.
func (o *depthToSpaceOp) Run(c *Call, in, out []*Tensor) error {
	deep, wide := in[0].Shape(), out[0].Shape()
	if o.inverse {
		deep, wide = wide, deep
	}
	b, h, w := o.block, deep[2], deep[3]
	channels, hw := wide[1], h*w
	// Strides of n, c, y, i, x, j in the wide map [N, C, H·b, W·b] and in the deep one.
	wideStrides := []int{channels * hw * b * b, hw * b * b, w * b * b, w * b, b, 1}
	deepStrides := []int{channels * hw * b * b, hw, w, b * channels * hw, 1, channels * hw}
	if o.crd {
		deepStrides = []int{channels * hw * b * b, b * b * hw, w, b * hw, 1, hw}
	}
	box := stridedCopy{shape: Shape{deep[0], channels, h, b, w, b}, dst: wideStrides, src: deepStrides}
	if o.inverse {
		// The walk follows the output: [N, i, j, C, y, x].
		order := []int{0, 3, 5, 1, 2, 4}
		box = stridedCopy{shape: pick(box.shape, order), dst: pick(deepStrides, order), src: pick(wideStrides, order)}
	}
	return box.run(c, out[0], in[0])
}

// pick gives the values at the given places.
func pick(values []int, order []int) []int {
	out := make([]int, len(order))
	for i, k := range order {
		out[i] = values[k]
	}
	return out
}
