package ops

// Where: output = X where condition, else Y, element by element.
//
//	condition: bool; X, Y: T; shapes that broadcast as numpy's do.
//	output: T, the broadcast shape. T: any type of 8 bits or more, and strings.
//
// https://onnx.ai/onnx/operators/onnx__Where.html (versions 9, 16).
type whereOp struct{}

func init() {
	Register(Def{
		Name: "Where", Since: 9, Inputs: []string{"condition", "X", "Y"}, Outputs: []string{"output"}, Exact: true,
		New: func(*Node) (Op, error) { return whereOp{}, nil },
	})
}

// Infer gives the output the shape to which all inputs broadcast.
func (whereOp) Infer(in []Spec) ([]Spec, error) {
	if err := wantType("condition", in[0], Bool); err != nil {
		return nil, err
	}
	if err := wantDense("X", in[1]); err != nil {
		return nil, err
	}
	if err := wantSameType("X", in[1], "Y", in[2]); err != nil {
		return nil, err
	}
	shape, err := broadcastShape(in[0].Shape, in[1].Shape, in[2].Shape)
	if err != nil {
		return nil, err
	}
	return one(in[1].DType, shape)
}

// Share lets the output take the memory of X or Y of its shape.
func (whereOp) Share(in []Spec) Needs {
	shape, err := broadcastShape(in[0].Shape, in[1].Shape, in[2].Shape)
	if err != nil {
		return Needs{}
	}
	n := shareSameShape(shape, in[1:]...)
	for i := range n.InPlace {
		n.InPlace[i].In++
	}
	return n
}

// Run selects elements by their width.
func (whereOp) Run(c *Call, in, out []*Tensor) error {
	w := newRowWalk(out[0].Shape(), in[0].Shape(), in[1].Shape(), in[2].Shape())
	cond, x, y, z := Data[bool](in[0]), in[1], in[2], out[0]
	switch x.DType().Bits() {
	case 0:
		selectRows(c, w, cond, x.Strings(), y.Strings(), z.Strings())
	case 8:
		selectRows(c, w, cond, units[uint8](x), units[uint8](y), units[uint8](z))
	case 16:
		selectRows(c, w, cond, units[uint16](x), units[uint16](y), units[uint16](z))
	case 32:
		selectRows(c, w, cond, units[uint32](x), units[uint32](y), units[uint32](z))
	case 64:
		selectRows(c, w, cond, units[uint64](x), units[uint64](y), units[uint64](z))
	case 128:
		selectRows(c, w, cond, units[[2]uint64](x), units[[2]uint64](y), units[[2]uint64](z))
	}
	return nil
}

func selectRows[T any](c *Call, w *rowWalk, cond []bool, x, y, z []T) {
	step := func(operand int) int {
		if w.still[operand] {
			return 0
		}
		return 1
	}
	sc, sx, sy := step(0), step(1), step(2)
	w.parallel(c, 2, func(at, n int, from []int) {
		ci, xi, yi := from[0], from[1], from[2]
		for i := range z[at : at+n] {
			if cond[ci] {
				z[at+i] = x[xi]
			} else {
				z[at+i] = y[yi]
			}
			ci += sc
			xi += sx
			yi += sy
		}
	})
}
