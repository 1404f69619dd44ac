package ops

import "fmt"

// Col2Im sums overlapping blocks back into an image: the adjoint of cutting an
// image into the columns of a convolution.
//
//	input: T [N, C·block, L], block the product of block_shape, L the number of
//	places of a block. image_shape, block_shape: int64, one per spatial axis.
//	output: T [N, C, image_shape...]. T: float, double.
//
//	output[n, c, p] = Σ over b, l with p = place(l)·strides - pads + b·dilations of
//	                  input[n, c·block + b, l]
//
// https://onnx.ai/onnx/operators/onnx__Col2Im.html (version 18).
type col2ImOp struct{ windowAttrs }

func init() {
	Register(Def{
		Name: "Col2Im", Since: 18, Inputs: []string{"input", "image_shape", "block_shape"}, Outputs: []string{"output"},
		New: func(n *Node) (Op, error) {
			o := &col2ImOp{windowAttrs{strides: n.Ints("strides"), pads: n.Ints("pads"), autoPad: padNotSet}}
			n.wantEach("strides", "stride", o.strides, 1)
			n.wantEach("pads", "pad", o.pads, 0)
			o.readDilations(n)
			return o, nil
		},
	})
}

// colAxes is the geometry: how blocks lie along each axis of the image.
type colAxes struct {
	channels int
	axes     []spatialAxis // in: the image, out: the places of a block
	block    int           // elements of a block
}

// Infer gives the output its shape, if image_shape and block_shape are known.
func (o *col2ImOp) Infer(in []Spec) ([]Spec, error) {
	x := in[0]
	if err := wantType("input", x, Float32, Float64); err != nil {
		return nil, err
	}
	image, known, err := intParameter("image_shape", in, 1)
	if err != nil {
		return nil, err
	}
	block, alsoKnown, err := intParameter("block_shape", in, 2)
	if err != nil {
		return nil, err
	}
	if !known || !alsoKnown {
		return unknownShape(x.DType)
	}
	g, err := o.geometry(x.Shape, image, block)
	if err != nil {
		return nil, err
	}
	return one(x.DType, append(Shape{x.Shape[0], g.channels}, image...))
}

// geometry checks the shapes against each other.
func (o *col2ImOp) geometry(x Shape, image, block []int) (*colAxes, error) {
	if len(x) != 3 {
		return nil, fmt.Errorf("input has shape %v, want [N, C·block, L]", x)
	}
	if len(image) == 0 || len(image) > MaxRank-2 || len(block) != len(image) {
		return nil, fmt.Errorf("image_shape is %v and block_shape %v, want one value each per spatial axis", image, block)
	}
	for i := range image {
		if image[i] < 1 || block[i] < 1 || max(image[i], block[i]) > maxExtent {
			return nil, fmt.Errorf("image_shape is %v and block_shape %v, want values of 1 to %d", image, block, maxExtent)
		}
	}
	axes, err := o.axes(append(Shape{1, 1}, image...), block)
	if err != nil {
		return nil, err
	}
	g := &colAxes{axes: axes, block: 1}
	places := make(Shape, len(axes))
	for i := range axes {
		a := &axes[i]
		// 64 bits on every machine: every factor is at most 2^30.
		span := int64(a.in) + int64(a.padBegin) + int64(a.padEnd) - int64(a.dilation)*int64(a.kernel-1) - 1
		if span < 0 {
			return nil, fmt.Errorf("axis %d: a block of %d does not fit into %d pixels with their pads", i, a.kernel, a.in)
		}
		a.out = int(span/int64(a.stride)) + 1
		places[i] = a.out
	}
	if err := Shape(block).Check(); err != nil {
		return nil, err
	}
	if err := places.Check(); err != nil {
		return nil, err
	}
	g.block = product(block)
	if x[1]%g.block != 0 {
		return nil, fmt.Errorf("input has %d rows, want a multiple of the %d elements of a block", x[1], g.block)
	}
	if l := product(places); x[2] != l {
		return nil, fmt.Errorf("input has %d columns, want %d, one per place of a block", x[2], l)
	}
	g.channels = x[1] / g.block
	return g, nil
}

// Run sums, one channel of one image after the other.
func (o *col2ImOp) Run(c *Call, in, out []*Tensor) error {
	x, image := in[0], in[1].Ints()
	g, err := o.geometry(x.Shape(), image, in[2].Ints())
	if err != nil {
		return err
	}
	if out[0] == nil {
		if out[0], err = c.New(x.DType(), append(Shape{x.Shape()[0], g.channels}, image...)); err != nil {
			return err
		}
	}
	if x.DType() == Float64 {
		sumColumns(c, g, Data[float64](x), Data[float64](out[0]), image)
	} else {
		sumColumns(c, g, Data[float32](x), Data[float32](out[0]), image)
	}
	return nil
}

func sumColumns[T Float](c *Call, g *colAxes, x, y []T, image Shape) {
	if len(y) == 0 {
		return
	}
	block, places := make(Shape, len(g.axes)), make(Shape, len(g.axes))
	for i, a := range g.axes {
		block[i], places[i] = a.kernel, a.out
	}
	plane, columns, strides := product(image), product(places), image.Strides()
	c.Parallel(len(y)/plane, 4*g.block*columns, func(lo, hi int) {
		for p := lo; p < hi; p++ {
			dst := y[p*plane : (p+1)*plane]
			clear(dst)
			element := newOdometer(0, block)
			for b := range g.block {
				place := newOdometer(0, places)
				for _, v := range x[(p*g.block+b)*columns:][:columns] {
					if at, ok := g.pixel(place.index, element.index, strides); ok {
						dst[at] += v
					}
					place.next()
				}
				element.next()
			}
		}
	})
}

// pixel is where an element of a block at a place lies in the image.
func (g *colAxes) pixel(place, element, strides []int) (at int, ok bool) {
	for k, a := range g.axes {
		i := place[k]*a.stride - a.padBegin + element[k]*a.dilation
		if i < 0 || i >= a.in {
			return 0, false
		}
		at += i * strides[k]
	}
	return at, true
}
