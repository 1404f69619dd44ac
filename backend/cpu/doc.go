// Package cpu holds the fast loops of tconv: matrix products and convolutions on plain float32 slices, the worker
// pool that runs them in parallel and the arena that lends them memory.
//
// It knows nothing of ONNX: callers validate shapes and hand over sizes. A broken contract is a programmer's error
// and panics with "BUG: ...". Nothing here depends on the number of threads: each output element is made by one
// worker in one order, so results are bit-identical for any pool.
//
// All assembly of the module lives in this folder. It is written by the generator in _asm; every assembly kernel has
// a portable twin named xxxGeneric.
package cpu

//go:generate go run ./_asm -out .
