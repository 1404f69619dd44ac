package ops

// SoftmaxCrossEntropyLoss: the loss of the classes that samples have, from scores.
//
//	scores: T [N, C, D1, ...]. labels: int32 or int64 [N, D1, ...], in [0, C).
//	weights?: T [C].
//	output: T, [N, D1, ...] with reduction "none", else a scalar.
//	log_prob?: T, the shape of scores.
//
//	log_prob = LogSoftmax(scores) along axis 1
//	output[n, d] = -weights[c] · log_prob[n, c, d] with c = labels[n, d]
//
// and 0 where labels is ignore_index. reduction "sum" adds up; "mean" (the default)
// divides the sum by that of the weights of the samples that are not ignored: NaN
// when there are none. Sums are kept in float64.
//
//	T: float, double.
//
// https://onnx.ai/onnx/operators/onnx__SoftmaxCrossEntropyLoss.html (versions 12, 13).
type softmaxCrossEntropyLoss struct{ classLoss }

func init() {
	Register(Def{
		Name: "SoftmaxCrossEntropyLoss", Since: 12,
		Inputs: []string{"scores", "labels", "weights?"}, Outputs: []string{"output", "log_prob"},
		New: func(n *Node) (Op, error) {
			o := &softmaxCrossEntropyLoss{classLoss{scores: "scores", label: "labels", wgt: "weights"}}
			o.read(n)
			return o, n.Err()
		},
	})
}

// Infer checks the inputs and gives output and log_prob.
func (o *softmaxCrossEntropyLoss) Infer(in []Spec) ([]Spec, error) {
	loss, err := o.infer(in)
	return []Spec{loss, tensorSpec(in[0].DType, in[0].Shape)}, err
}

// Run computes the logarithms of the probabilities, then the loss.
func (o *softmaxCrossEntropyLoss) Run(c *Call, in, out []*Tensor) error {
	scores := in[0]
	logs := tensorAt(out, 1)
	if logs == nil {
		var err error
		if logs, err = c.New(scores.dtype, scores.shape); err != nil {
			return err
		}
	}
	if err := (&softmax{axisOrTail{axis: 1}, true}).Run(c, []*Tensor{scores}, []*Tensor{logs}); err != nil {
		return err
	}
	if out[0] == nil {
		return c.Err()
	}
	return o.run(c, logs, in[1], tensorAt(in, 2), out[0])
}
