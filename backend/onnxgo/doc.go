// Package onnxgo runs onnx-go models on tconv. It takes the place of onnx-go's own
// backend, gorgonnx:
//
//	backend := onnxgo.NewGraph() // was: gorgonnx.NewGraph()
//	model := onnx.NewModel(backend)
//	err := model.UnmarshalBinary(data)
//	err = model.SetInput(0, x)
//	err = backend.Run()
//	out, err := model.GetOutputTensors()
//
// onnx-go decodes the file; [Graph] collects the nodes, tensors and operations that
// it hands over, and the first Run makes a tconv model of them. Later runs use that
// model again; it keeps a plan for each of the last few sets of input shapes.
//
// # Which operator set
//
// onnx-go does not tell a backend the version of the operator set that a file
// names, and the rules of some operators depend on it. [Graph.Unmarshal] reads it
// from the file, in place of the model's UnmarshalBinary; [Graph.SetOpset] says it.
//
// Otherwise it is the first of 9, 10, 11 and so on to the newest, then 8 down to 1,
// in which every node has a form that its operator had: Squeeze with an input axes
// is of 13 or newer, Clip with attributes min and max of 10 or older, Add with an
// attribute broadcast of 6 or older. 9 comes first because onnx-go and its tests are
// of that time.
//
// The form does not always tell: Softmax, LogSoftmax and Hardmax changed their
// meaning with version 13, not their attributes. A model of version 13 or newer with
// one of them is computed by the old rule unless another of its nodes, Unmarshal or
// SetOpset tells the version. The two differ for three axes or more.
//
// # What is an output
//
// Nor does onnx-go tell which values are outputs. Those that no node reads are
// computed in each run. A value that others read too is computed from the moment
// that [Node.GetTensor] first asks for it, which onnx-go's GetOutputTensors does:
// that call runs the graph once more.
//
// # Tensors
//
// A tensor crosses without a copy where it is a *tensor.Dense in row-major order:
// inputs are read where they lie, outputs are handed over. Other layouts, views and
// sparse matrices are copied. Weights are copied once, when the model is made.
package onnxgo
