package ops

// BitwiseAnd, BitwiseOr, BitwiseXor: C = A and B, A or B, A xor B, bit by bit.
// BitwiseNot: Y = every bit of X turned. BitShift: Z = X moved by Y bits to the
// left or the right; bits that leave are lost, so that a shift by the width or
// more gives 0.
//
//	A, B, X, Y: T, shapes that broadcast as numpy's do; results: T, the broadcast shape.
//	T: integers; BitShift: unsigned ones. direction: "LEFT" or "RIGHT".
//
// https://onnx.ai/onnx/operators/onnx__BitwiseAnd.html, onnx__BitwiseOr.html,
// onnx__BitwiseXor.html, onnx__BitwiseNot.html (version 18) and onnx__BitShift.html
// (version 11).
func init() {
	registerBinary("BitwiseAnd", 18, true, Undefined, map[DType]binaryKernel{
		Int8: pairsOf(bitAnd[int8]), Int16: pairsOf(bitAnd[int16]), Int32: pairsOf(bitAnd[int32]), Int64: pairsOf(bitAnd[int64]),
		Uint8: pairsOf(bitAnd[uint8]), Uint16: pairsOf(bitAnd[uint16]), Uint32: pairsOf(bitAnd[uint32]), Uint64: pairsOf(bitAnd[uint64]),
	})
	registerBinary("BitwiseOr", 18, true, Undefined, map[DType]binaryKernel{
		Int8: pairsOf(bitOr[int8]), Int16: pairsOf(bitOr[int16]), Int32: pairsOf(bitOr[int32]), Int64: pairsOf(bitOr[int64]),
		Uint8: pairsOf(bitOr[uint8]), Uint16: pairsOf(bitOr[uint16]), Uint32: pairsOf(bitOr[uint32]), Uint64: pairsOf(bitOr[uint64]),
	})
	registerBinary("BitwiseXor", 18, true, Undefined, map[DType]binaryKernel{
		Int8: pairsOf(bitXor[int8]), Int16: pairsOf(bitXor[int16]), Int32: pairsOf(bitXor[int32]), Int64: pairsOf(bitXor[int64]),
		Uint8: pairsOf(bitXor[uint8]), Uint16: pairsOf(bitXor[uint16]), Uint32: pairsOf(bitXor[uint32]), Uint64: pairsOf(bitXor[uint64]),
	})
	registerUnary("BitwiseNot", 18, true, map[DType]unaryKernel{
		Int8: mapUnary(2, bitNot[int8]), Int16: mapUnary(2, bitNot[int16]), Int32: mapUnary(2, bitNot[int32]), Int64: mapUnary(2, bitNot[int64]),
		Uint8: mapUnary(2, bitNot[uint8]), Uint16: mapUnary(2, bitNot[uint16]), Uint32: mapUnary(2, bitNot[uint32]), Uint64: mapUnary(2, bitNot[uint64]),
	})
	Register(Def{
		Name: "BitShift", Since: 11, Inputs: []string{"X", "Y"}, Outputs: []string{"Z"}, Exact: true,
		New: func(n *Node) (Op, error) {
			op := &binary{names: [2]string{"X", "Y"}, kernels: shiftLeft}
			switch d := n.Str("direction", "", "LEFT", "RIGHT"); {
			case d == "RIGHT":
				op.kernels = shiftRight
			case d == "":
				n.Fail("attribute direction is missing")
			}
			return op, nil
		},
	})
}

var shiftLeft = map[DType]binaryKernel{
	Uint8: pairsOf(shiftedLeft[uint8]), Uint16: pairsOf(shiftedLeft[uint16]), Uint32: pairsOf(shiftedLeft[uint32]), Uint64: pairsOf(shiftedLeft[uint64]),
}

var shiftRight = map[DType]binaryKernel{
	Uint8: pairsOf(shiftedRight[uint8]), Uint16: pairsOf(shiftedRight[uint16]), Uint32: pairsOf(shiftedRight[uint32]), Uint64: pairsOf(shiftedRight[uint64]),
}

// pairsOf makes the kernel of a short scalar function.
func pairsOf[T Element](f func(a, b T) T) binaryKernel { return mapPairs(2, eachPair(f)) }

func bitAnd[T Integer](a, b T) T { return a & b }
func bitOr[T Integer](a, b T) T  { return a | b }
func bitXor[T Integer](a, b T) T { return a ^ b }
func bitNot[T Integer](a T) T    { return ^a }

func shiftedLeft[T uint8 | uint16 | uint32 | uint64](a, b T) T  { return a << b }
func shiftedRight[T uint8 | uint16 | uint32 | uint64](a, b T) T { return a >> b }
