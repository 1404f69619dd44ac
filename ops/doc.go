// Package ops holds what each ONNX operator means: one file per operator (or
// per family that differs only in a scalar function), each with its attributes,
// its shape rule and a plain, readable definition of its result.
//
// The plain definition ([Op].Run) is the oracle; an operator that has a faster
// way once shapes and weights are known also implements [Binder]. The package
// knows neither files nor graphs: package graph turns nodes of a model into
// [Node] values, asks [Lookup] for the operator's [Def], and runs what its
// constructor gives back.
//
// Everything that a file or a caller can cause is an error from New or Infer,
// before any work: it says what was found, then what is wanted, in ONNX terms.
// The caller adds the place (node name, operator, version).
package ops
