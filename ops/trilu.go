package ops

import "fmt"

// Trilu: output[.., i, j] = input[.., i, j] where j >= i + k (upper 1, the default) or
// j <= i + k (upper 0), else 0.
//
//	input: T, rank 2 or more: matrices. k: int64, one element, default 0: the
//	diagonal to keep. output: T, the same shape.
//	T: every type of at least 8 bits, strings (empty instead of 0).
//
// https://onnx.ai/onnx/operators/onnx__Trilu.html (version 14).
func init() {
	Register(Def{
		Name: "Trilu", Since: 14, Inputs: []string{"input", "k?"}, Outputs: []string{"output"}, Exact: true,
		New: func(n *Node) (Op, error) { return &trilu{lower: !n.Bool("upper", true)}, n.Err() },
	})
}

type trilu struct {
	lower bool
}

// Infer keeps type and shape.
func (o *trilu) Infer(in []Spec) ([]Spec, error) {
	if err := wantDense("input", in[0]); err != nil {
		return nil, err
	}
	if len(in[0].Shape) < 2 {
		return nil, fmt.Errorf("input has shape %v, want rank 2 or more", in[0].Shape)
	}
	k, known, err := intParameter("k", in, 1)
	if err != nil {
		return nil, err
	}
	if known && k != nil && len(k) != 1 {
		return nil, fmt.Errorf("k is %v, want one number", k)
	}
	return one(in[0].DType, in[0].Shape)
}

// Run copies a part of each row.
func (o *trilu) Run(c *Call, in, out []*Tensor) error {
	x, y := in[0], out[0]
	rows, cols := x.shape[len(x.shape)-2], x.shape[len(x.shape)-1]
	k := 0
	if len(in) > 1 && in[1] != nil {
		v := in[1].Ints()
		if len(v) != 1 {
			return fmt.Errorf("k is %v, want one number", v)
		}
		k = min(max(v[0], -rows), cols) // beyond that nothing changes
	}
	if x.dtype == String {
		keepTriangle(c, o.lower, y.strings, x.strings, 1, rows, cols, k)
	} else {
		keepTriangle(c, o.lower, y.Bytes(), x.Bytes(), x.dtype.Size(), rows, cols, k)
	}
	return nil
}

// keepTriangle copies the kept part of each row; an element is size values of T.
func keepTriangle[T any](c *Call, lower bool, ys, xs []T, size, rows, cols, k int) {
	width := cols * size
	if width == 0 {
		return
	}
	c.Parallel(len(xs)/width, 10+width/8, func(lo, hi int) {
		for ; lo < hi; lo++ {
			from, to := min(max(lo%rows+k, 0), cols), cols
			if lower {
				from, to = 0, min(max(lo%rows+k+1, 0), cols)
			}
			row := ys[lo*width:][:width]
			clear(row[:from*size])
			copy(row[from*size:to*size], xs[lo*width+from*size:])
			clear(row[to*size:])
		}
	})
}
