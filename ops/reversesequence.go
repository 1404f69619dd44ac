package ops

import "fmt"

// ReverseSequence: of every batch entry b the first sequence_lens[b] steps along
// time_axis in reverse, the others as they are.
//
//	input: T, rank 2 or more. sequence_lens: int64, [batch], each in [0, time].
//	output: T, the same shape. batch_axis (1), time_axis (0): 0 and 1, or 1 and 0.
//	T: every type of at least 8 bits, strings.
//
// https://onnx.ai/onnx/operators/onnx__ReverseSequence.html (version 10).
func init() {
	Register(Def{
		Name: "ReverseSequence", Since: 10, Inputs: []string{"input", "sequence_lens"}, Outputs: []string{"Y"}, Exact: true,
		New: func(n *Node) (Op, error) {
			batch, time := n.Int("batch_axis", 1), n.Int("time_axis", 0)
			if batch+time != 1 || batch*time != 0 {
				n.Fail("batch_axis is %d and time_axis %d, want 0 and 1 or 1 and 0", batch, time)
			}
			return reverseSequence{batchFirst: batch == 0}, n.Err()
		},
	})
}

type reverseSequence struct {
	batchFirst bool
}

// Infer keeps type and shape.
func (o reverseSequence) Infer(in []Spec) ([]Spec, error) {
	input, lens := in[0], in[1]
	if err := wantDense("input", input); err != nil {
		return nil, err
	}
	if err := wantType("sequence_lens", lens, Int64); err != nil {
		return nil, err
	}
	if len(input.Shape) < 2 {
		return nil, fmt.Errorf("input has shape %v, want rank 2 or more", input.Shape)
	}
	batch, _ := o.extents(input.Shape)
	if !lens.Shape.Equal(Shape{batch}) {
		return nil, fmt.Errorf("sequence_lens has shape %v, want [%d]", lens.Shape, batch)
	}
	return one(input.DType, input.Shape)
}

func (o reverseSequence) extents(shape Shape) (batch, time int) {
	if o.batchFirst {
		return shape[0], shape[1]
	}
	return shape[1], shape[0]
}

// Run copies a block for every batch entry and step.
func (o reverseSequence) Run(c *Call, in, out []*Tensor) error {
	x := in[0]
	batch, time := o.extents(x.shape)
	lens := in[1].Ints()
	for b, l := range lens {
		if l < 0 || l > time {
			return fmt.Errorf("sequence_lens[%d] is %d, want one in [0, %d]", b, l, time)
		}
	}
	if x.Len() == 0 {
		return nil
	}
	copyBlocks(c, out[0], x, product(x.shape[2:]), batch*time, func(i int) int {
		b, t := i%batch, i/batch
		if o.batchFirst {
			b, t = i/time, i%time
		}
		if t < lens[b] {
			t = lens[b] - 1 - t
		}
		if o.batchFirst {
			return b*time + t
		}
		return t*batch + b
	})
	return nil
}
