// Package graph turns a parsed ONNX model into something that runs: it imports
// nodes and values, infers types and shapes, rewrites, plans memory, and runs.
//
// The life of a model here, each stage a function that can be called alone and
// whose result can be printed:
//
//	Import      *onnx.Model -> *Graph: names become ids, nodes become operators
//	(*Graph).Infer   a Spec for every value; what is constant is computed
//	Rewrite     the passes, a visible list
//	Compile     *Graph -> *Plan: order, kernels, memory offsets; immutable
//	Session     one run at a time of a Plan: arena and call state
//	Model       plans by input shapes, a pool of sessions, any goroutine
//
// The package knows the order of operators and where values lie, never how an
// operator computes.
package graph
