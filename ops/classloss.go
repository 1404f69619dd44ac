package ops

import "fmt"

// classLoss is what the losses over classes have in common: the loss of a sample is
// -weight[label]·logProbability[label], and 0 for a label that is to be ignored.
type classLoss struct {
	reduction          string
	ignored            *int   // the label of samples that do not count
	scores, label, wgt string // the names of the inputs
}

// read reads the attributes.
func (o *classLoss) read(n *Node) {
	o.reduction = n.Str("reduction", "mean", "none", "sum", "mean")
	if n.Has("ignore_index") {
		v := n.Int("ignore_index", 0)
		o.ignored = &v
	}
}

// infer checks the inputs and gives the loss.
func (o *classLoss) infer(in []Spec) (Spec, error) {
	scores, labels, weights := in[0], in[1], input(in, 2)
	err := firstError(
		wantType(o.scores, scores, Float32, Float64),
		wantType(o.label, labels, Int32, Int64))
	if err != nil {
		return Spec{}, err
	}
	if len(scores.Shape) < 2 {
		return Spec{}, fmt.Errorf("%s has shape %v, want [N, C, D1, ...]", o.scores, scores.Shape)
	}
	samples := append(Shape{scores.Shape[0]}, scores.Shape[2:]...)
	if !labels.Shape.Equal(samples) {
		return Spec{}, fmt.Errorf("%s has shape %v, want %v", o.label, labels.Shape, samples)
	}
	if !weights.Omitted() {
		if err := wantSameType(o.scores, scores, o.wgt, weights); err != nil {
			return Spec{}, err
		}
		if want := (Shape{scores.Shape[1]}); !weights.Shape.Equal(want) {
			return Spec{}, fmt.Errorf("%s has shape %v, want %v, one for each class", o.wgt, weights.Shape, want)
		}
	}
	if o.reduction != "none" {
		samples = Scalar()
	}
	return tensorSpec(scores.DType, samples), nil
}

// run computes the loss from the logarithms of the probabilities.
func (o *classLoss) run(c *Call, logs, labels, weights, loss *Tensor) error {
	if loss.DType() == Float32 {
		return runClassLoss[float32](c, o, logs, labels, weights, loss)
	}
	return runClassLoss[float64](c, o, logs, labels, weights, loss)
}

// lossBlock is the number of samples whose losses are summed together: the sum does
// not depend on the number of threads.
const lossBlock = 4096

func runClassLoss[T Float](c *Call, o *classLoss, logs, labels, weights, loss *Tensor) error {
	classes, inner := logs.shape[1], product(logs.shape[2:])
	label := labels.Ints()
	for i, v := range label {
		if (v < 0 || v >= classes) && !(o.ignored != nil && v == *o.ignored) {
			return fmt.Errorf("%s element %d is %d, want one of %d classes", o.label, i, v, classes)
		}
	}
	ps, ws, ys := Data[T](logs), []T(nil), Data[T](loss)
	if weights != nil {
		ws = Data[T](weights)
	}
	blocks := (len(label) + lossBlock - 1) / lossBlock
	sums := make([][2]float64, blocks) // of losses and of weights
	c.Parallel(blocks, 5*lossBlock, func(lo, hi int) {
		for ; lo < hi; lo++ {
			for i := lo * lossBlock; i < min((lo+1)*lossBlock, len(label)); i++ {
				weight, value, k := 1.0, 0.0, label[i]
				switch {
				case o.ignored != nil && k == *o.ignored:
					weight = 0
				case ws != nil:
					weight = float64(ws[k])
					fallthrough
				default:
					value = -weight * float64(ps[(i/inner*classes+k)*inner+i%inner])
				}
				if o.reduction == "none" {
					ys[i] = T(value)
				}
				sums[lo][0] += value
				sums[lo][1] += weight
			}
		}
	})
	total, weight := 0.0, 0.0
	for _, s := range sums {
		total += s[0]
		weight += s[1]
	}
	switch o.reduction {
	case "sum":
		ys[0] = T(total)
	case "mean":
		ys[0] = T(total / weight)
	}
	return nil
}
