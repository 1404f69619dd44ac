package onnxgo

import (
	"fmt"

	"gorgonia.org/tensor"

	"github.com/tconv/tconv"
)

// Node is a value of the network: an input, a weight, or what an operation makes.
// It implements graph.Node of gonum, and Namer and DataCarrier of onnx-go.
type Node struct {
	id     int64
	graph  *Graph
	value  *value
	inputs []*Node // of the operation that makes the node, by the weights of its edges
	sets   int     // how often SetTensor was called
}

// value is what nodes of one name share: onnx-go makes two of an input that is
// listed among the outputs or the value_info too.
type value struct {
	id     int64  // of its first node
	name   string // "" and named: an input or output that the file omits
	named  bool
	nodes  []*Node
	tensor tensor.Tensor
	setAt  int  // Graph.changes when a tensor was last set
	made   bool // by an operation
	wanted bool // by GetTensor
	run    int  // the number of the run that computed it
}

// ID is the number of the node, from 0 in the order in which they were made.
func (n *Node) ID() int64 { return n.id }

// GetName gives the name of the value.
func (n *Node) GetName() string { return n.value.name }

// SetName names the value. Nodes of the same name are one value; the empty name is
// that of an input or output that is omitted.
func (n *Node) SetName(name string) {
	n.graph.changed()
	v := n.graph.values[name]
	if v == nil || name == "" {
		n.value.name, n.value.named = name, true
		n.graph.values[name] = n.value
		return
	}
	if v == n.value {
		return
	}
	v.nodes = append(v.nodes, n)
	if n.value.tensor != nil {
		v.tensor, v.setAt = n.value.tensor, n.value.setAt
	}
	n.value = v
}

// SetTensor gives an input or a weight its elements, which the next runs read. They
// may be changed between runs if the value is an input: one whose tensor was set
// after the network was complete, as onnx-go's SetInput does.
func (n *Node) SetTensor(t tensor.Tensor) error {
	if t == nil {
		return fmt.Errorf("%w: the tensor for %s is nil", tconv.ErrInput, n.value)
	}
	g, v := n.graph, n.value
	if v.setAt != g.changes && g.network != nil && !v.made {
		g.release() // what was a weight becomes an input
	}
	v.tensor, v.setAt = t, g.changes
	n.sets++
	return nil
}

// GetTensor gives the elements: what was set, or what the last run computed. A value
// inside the network that was not asked for before is computed now, by a run of its
// own, and from then on in every run; nil if that fails.
func (n *Node) GetTensor() tensor.Tensor {
	g, v := n.graph, n.value
	if v.made && !v.omitted() && g.runs > 0 && v.run != g.runs {
		v.wanted = true
		g.release()
		if err := g.Run(); err != nil {
			return nil
		}
	}
	return v.tensor
}

// omitted reports whether the value stands for one that the file leaves out.
func (v *value) omitted() bool { return v.named && v.name == "" }

// declared reports whether onnx-go gave a node that an operation makes a tensor: the
// type of an output, or of a value_info.
func (v *value) declared() bool {
	for _, n := range v.nodes {
		if n.sets > 0 {
			return true
		}
	}
	return false
}

// String names the value in errors.
func (v *value) String() string {
	if v.name == "" {
		return fmt.Sprintf("node %d", v.id)
	}
	return fmt.Sprintf("%.256q", v.name)
}
