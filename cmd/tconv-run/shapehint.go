package main

import (
	"errors"
	"strings"

	"github.com/tconv/tconv"
)

// numpyTypes are the names that numpy has for element types, where they are not ONNX's.
var numpyTypes = map[string]string{"float": "float32", "double": "float64"}

// shapeHint says how to make an input fit that has the wrong type or shape.
func shapeHint(err error, in *feed) error {
	var e *tconv.ShapeError
	if !errors.As(err, &e) || in.tensors[e.Tensor] == nil {
		return nodeError(err)
	}
	got := in.tensors[e.Tensor].DType().String()
	if want, _, ok := strings.Cut(strings.TrimPrefix(e.Want, "tensor("), ")"); ok && want != got {
		name := want
		if n, ok := numpyTypes[want]; ok {
			name = n
		}
		return withHint(err, "the model takes %s, the input is %s; in numpy: x.astype(%q)", want, got, name)
	}
	return withHint(err, "\"tconv-run inspect MODEL\" shows what the model takes")
}

// badNode gives the node that cannot take what follows from the inputs; nil if err is about something else.
func badNode(err error) *tconv.NodeError {
	var node *tconv.NodeError
	if errors.Is(err, tconv.ErrInput) && errors.As(err, &node) {
		return node
	}
	return nil
}

// nodeError adds the most frequent cause to the error of a node that cannot take what follows from the inputs.
func nodeError(err error) error {
	node := badNode(err)
	if node == nil {
		return err
	}
	switch op, _, _ := strings.Cut(node.Op, "-"); op {
	case "Concat", "Add", "Sub", "Mul":
		return withHint(err, "the shape of the input leads there; networks that halve it several times want a multiple of 8, 16 or 32")
	}
	return withHint(err, "the shape of the input leads there; is it one that the network was made for?")
}
