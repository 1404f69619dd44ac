package graph

import "fmt"

// Pass rewrites a graph into one that gives the same results. A pass is a plain
// function in a file of its own; its doc comment shows before and after, and says
// when it must not fire.
type Pass struct {
	Name string
	Run  func(*Graph) error
}

// QuantizedPasses run once, when the model is loaded, before all others and on the
// reference path too: they settle what a quantised model means, integers or floats.
var QuantizedPasses = []Pass{
	{"dropQuantizedClip", dropQuantizedClip},
	{"unsignQuantized", unsignQuantized},
	{"fuseQuantized", fuseQuantized},
	{"orderQuantizedConv", orderQuantizedConv},
}

// LoadPasses run once, when the model is loaded, before shapes are known: what
// they compute from weights is shared by all plans.
var LoadPasses = []Pass{
	{"foldConstants", foldConstants},
	{"removeIdentities", removeIdentities},
	{"foldBatchNorm", foldBatchNorm},
	{"foldAffine", foldAffine},
	{"dropDead", dropDead},
}

// ShapePasses run once per set of input shapes.
var ShapePasses = []Pass{
	{"foldConstants", foldConstants},
	{"removeIdentities", removeIdentities},
	{"recogniseGates", recogniseGates},
	{"recogniseGroupNorm", recogniseGroupNorm},
	{"recogniseGlobalPool", recogniseGlobalPool},
	{"foldPad", foldPad},
	{"fuseNearestConv", fuseNearestConv},
	{"fuseResidual", fuseResidual},
	{"fuseActivation", fuseActivation},
	{"fuseNormActivation", fuseNormActivation},
	{"dropDead", dropDead},
}

// Rewrite runs the passes in order.
func (g *Graph) Rewrite(passes []Pass) error {
	for _, p := range passes {
		if err := p.Run(g); err != nil {
			return fmt.Errorf("pass %s: %w", p.Name, err)
		}
	}
	return nil
}
