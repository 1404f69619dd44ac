package ops

import "fmt"

// RotaryEmbedding: pairs of elements of each head turned by the angle of their position.
//
//	X: T [B, heads, S, d], or [B, S, heads·d] with num_heads.
//	cos_cache, sin_cache: T [positions, r/2] with position_ids, else [B, S, r/2].
//	position_ids?: int64 [B, S], in [0, positions).
//	Y: T, the shape of X.
//
//	Y[p] = cos·X[p] - sin·X[q],  Y[q] = sin·X[p] + cos·X[q]
//
// for the pairs k < r/2 of the first r elements of a head: (p, q) = (k, k + r/2), or
// (2k, 2k + 1) with interleaved. r is rotary_embedding_dim (0: d); the elements behind
// it stay.
//
//	T: float, double.
//
// https://onnx.ai/onnx/operators/onnx__RotaryEmbedding.html (version 23).
type rotaryEmbedding struct {
	heads, turned int // 0: rank 4 says it; all
	interleaved   bool
}

func init() {
	Register(Def{
		Name: "RotaryEmbedding", Since: 23,
		Inputs: []string{"X", "cos_cache", "sin_cache", "position_ids?"}, Outputs: []string{"Y"},
		New: func(n *Node) (Op, error) {
			o := &rotaryEmbedding{n.Int("num_heads", 0), n.Int("rotary_embedding_dim", 0), n.Bool("interleaved", false)}
			if o.heads < 0 || o.turned < 0 || o.turned%2 != 0 {
				n.Fail("num_heads is %d and rotary_embedding_dim %d, want 0 or more, the latter even", o.heads, o.turned)
			}
			return o, n.Err()
		},
	})
}

// rotaryPlan is RotaryEmbedding on operands of known shapes.
type rotaryPlan struct {
	headView
	turned      int // elements of each head
	interleaved bool
	ids         []int64 // nil: each row of the caches belongs to one of X
}

// plan says where the heads of X lie and how many elements of each are turned.
func (o *rotaryEmbedding) plan(x Shape) (*rotaryPlan, error) {
	heads := o.heads
	if len(x) == 4 {
		heads = 0 // exporters name some number even then
	}
	v, err := newHeadView("X", "num_heads", x, heads)
	if err != nil {
		return nil, err
	}
	turned := o.turned
	if turned == 0 {
		turned = v.size
	}
	if turned > v.size || turned%2 != 0 {
		return nil, fmt.Errorf("%d elements of heads of %d are to be turned, want an even number of those", turned, v.size)
	}
	return &rotaryPlan{headView: v, turned: turned, interleaved: o.interleaved}, nil
}

// Infer checks the inputs and gives Y.
func (o *rotaryEmbedding) Infer(in []Spec) ([]Spec, error) {
	x, ids := in[0], input(in, 3)
	if err := wantType("X", x, Float32, Float64); err != nil {
		return nil, err
	}
	p, err := o.plan(x.Shape)
	if err != nil {
		return nil, err
	}
	want := Shape{p.batches, p.rows, p.turned / 2}
	if !ids.Omitted() {
		if err := wantType("position_ids", ids, Int64); err != nil {
			return nil, err
		}
		if !ids.Shape.Equal(want[:2]) {
			return nil, fmt.Errorf("position_ids has shape %v, want %v", ids.Shape, want[:2])
		}
		want = Shape{0, p.turned / 2}
		if len(in[1].Shape) > 0 {
			want[0] = in[1].Shape[0]
		}
	}
	for i, name := range []string{1: "cos_cache", 2: "sin_cache"} {
		if i == 0 {
			continue
		}
		if err := wantSameType("X", x, name, in[i]); err != nil {
			return nil, err
		}
		if !in[i].Shape.Equal(want) {
			return nil, fmt.Errorf("%s has shape %v, want %v", name, in[i].Shape, want)
		}
	}
	return one(x.DType, x.Shape)
}

// Share lets Y take X's memory: a pair is read before it is written.
func (o *rotaryEmbedding) Share([]Spec) Needs { return elementwiseShare() }

// Run turns the pairs.
func (o *rotaryEmbedding) Run(c *Call, in, out []*Tensor) error {
	p, err := o.plan(in[0].shape)
	if err != nil {
		return err
	}
	if t := tensorAt(in, 3); t != nil {
		p.ids = Data[int64](t)
		for i, id := range p.ids {
			if id < 0 || id >= int64(in[1].shape[0]) {
				return fmt.Errorf("position_ids element %d is %d, want one in [0, %d)", i, id, in[1].shape[0])
			}
		}
	}
	if in[0].dtype == Float32 {
		runRotaryEmbedding[float32](c, p, in, out[0])
	} else {
		runRotaryEmbedding[float64](c, p, in, out[0])
	}
	return nil
}

func runRotaryEmbedding[T Float](c *Call, p *rotaryPlan, in []*Tensor, out *Tensor) {
	xs, cosines, sines, ys := Data[T](in[0]), Data[T](in[1]), Data[T](in[2]), Data[T](out)
	half, step, apart := p.turned/2, 1, p.turned/2
	if p.interleaved {
		step, apart = 2, 1
	}
	c.Parallel(p.batches*p.heads*p.rows, 2*p.size, func(lo, hi int) {
		for ; lo < hi; lo++ {
			i, h, b := lo%p.rows, lo/p.rows%p.heads, lo/p.rows/p.heads
			angle := b*p.rows + i
			if p.ids != nil {
				angle = int(p.ids[angle])
			}
			x, y := xs[p.at(b, h, i):][:p.size], ys[p.at(b, h, i):][:p.size]
			for k := range half {
				cos, sin := float64(cosines[angle*half+k]), float64(sines[angle*half+k])
				first, second := float64(x[k*step]), float64(x[k*step+apart])
				y[k*step] = T(cos*first - sin*second)
				y[k*step+apart] = T(sin*first + cos*second)
			}
			copy(y[p.turned:], x[p.turned:])
		}
	})
}
