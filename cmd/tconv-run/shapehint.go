package main

import (
	"errors"
	"strings"

	"github.com/tconv/tconv"
)

// numpyTypes are the names that numpy has for element types.
var numpyTypes = map[string]string{"float": "float32", "double": "float64"}

// shapeHint says how to make an input fit that has the wrong type or shape.
func shapeHint(err error, in *feed) error {
	var e *tconv.ShapeError
	if !errors.As(err, &e) || in.tensors[e.Tensor] == nil {
		return nodeHint(err)
	}
	got := in.tensors[e.Tensor].DType().String()
	if want, _, ok := strings.Cut(strings.TrimPrefix(e.Want, "tensor("), ")"); ok && want != got {
		name := want
		if n, ok := numpyTypes[want]; ok {
			name = n
		}
		return withHint(err, "the model takes %s, the input is %s; in numpy: x.astype(%q)", want, got, name)
	}
	return err
}

// nodeHint guesses at sizes that a network with a given depth cannot take.
func nodeHint(err error) error {
	var node *tconv.NodeError
	if !errors.As(err, &node) || !errors.Is(err, tconv.ErrInput) {
		return err
	}
	if op, _, _ := strings.Cut(node.Op, "-"); op == "Concat" || op == "Add" || op == "Mul" || op == "Sub" {
		return withHint(err, "%s", "networks that halve their input several times often want sizes that are a multiple of 32")
	}
	return err
}
