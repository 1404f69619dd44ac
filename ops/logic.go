package ops

// And, Or, Xor: C = A and B, A or B, A other than B, element by element. Not: Y =
// whether X is false.
//
//	A, B: bool, shapes that broadcast as numpy's do. C: bool, the broadcast shape.
//	X: bool, any shape. Y: bool, the same shape.
//
// https://onnx.ai/onnx/operators/onnx__And.html, onnx__Or.html, onnx__Xor.html
// (versions 1 without its attribute broadcast, 7) and onnx__Not.html (version 1).
func init() {
	logic := func(f func(a, b bool) bool) map[DType]binaryKernel {
		return map[DType]binaryKernel{Bool: mapPairs(2, eachPair(f))}
	}
	registerBinary("And", 1, true, Undefined, logic(func(a, b bool) bool { return a && b }))
	registerBinary("Or", 1, true, Undefined, logic(func(a, b bool) bool { return a || b }))
	registerBinary("Xor", 1, true, Undefined, logic(func(a, b bool) bool { return a != b }))
	registerUnary("Not", 1, true, map[DType]unaryKernel{Bool: mapUnary(2, func(x bool) bool { return !x })})
}
