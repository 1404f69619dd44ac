package tconv

// StepOutputs gives the names of the values that each step makes in a run for
// inputs of the given shapes; [Event].Step is the index. An observer learns from it
// which value of the model it looks at: steps of an optimised run are fewer than
// the nodes of the file, but the values that are left keep their names. Names are
// "" where an output is omitted. Shapes are as for [Model.Plan].
func (m *Model) StepOutputs(shapes map[string][]int) ([][]string, error) {
	specs, err := m.specsFor(shapes)
	if err != nil {
		return nil, err
	}
	p, err := m.runner.Plan(specs)
	if err != nil {
		return nil, classify(err)
	}
	names := make([][]string, len(p.Steps))
	for i, s := range p.Steps {
		names[i] = valueNames(p.Graph, s.Node.Outputs)
	}
	return names, nil
}
