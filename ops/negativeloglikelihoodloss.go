package ops

// NegativeLogLikelihoodLoss: the loss of the classes that samples have, from the
// logarithms of their probabilities.
//
//	input: T [N, C, D1, ...], logarithms of probabilities of C classes.
//	target: int32 or int64 [N, D1, ...], the class of each sample, in [0, C).
//	weight?: T [C].
//	loss: T, [N, D1, ...] with reduction "none", else a scalar.
//
//	loss[n, d] = -weight[c] · input[n, c, d] with c = target[n, d]
//
// and 0 where target is ignore_index. reduction "sum" adds up; "mean" (the default)
// divides the sum by that of the weights of the samples that are not ignored: NaN
// when there are none. Sums are kept in float64.
//
//	T: float, double.
//
// https://onnx.ai/onnx/operators/onnx__NegativeLogLikelihoodLoss.html (versions 12, 13, 22).
type negativeLogLikelihoodLoss struct{ classLoss }

func init() {
	Register(Def{
		Name: "NegativeLogLikelihoodLoss", Since: 12,
		Inputs: []string{"input", "target", "weight?"}, Outputs: []string{"loss"},
		New: func(n *Node) (Op, error) {
			o := &negativeLogLikelihoodLoss{classLoss{scores: "input", label: "target", wgt: "weight"}}
			o.read(n)
			return o, n.Err()
		},
	})
}

// Infer checks the inputs and gives the loss.
func (o *negativeLogLikelihoodLoss) Infer(in []Spec) ([]Spec, error) {
	loss, err := o.infer(in)
	return []Spec{loss}, err
}

// Run computes the loss.
func (o *negativeLogLikelihoodLoss) Run(c *Call, in, out []*Tensor) error {
	return o.run(c, in[0], in[1], tensorAt(in, 2), out[0])
}
