package ops

// plainStep is the step of an operator that can be bound, for inputs of which no
// faster way is known.
type plainStep struct{ Op }

// Kernel names the plain definition.
func (plainStep) Kernel() string { return "plain" }

// Needs nothing: the plain definition works from its inputs to its outputs.
func (plainStep) Needs() Needs { return Needs{} }

// workspaceFloats gives the workspace of a step as floats.
func workspaceFloats(c *Call) []float32 { return units[float32](&Tensor{mem: c.Workspace()}) }

// floatBytes is the size of n floats, in bytes.
const floatBytes = 4
