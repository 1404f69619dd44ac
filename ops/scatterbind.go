package ops

// scatterRun is a stretch of updates that stay neighbours in the output, in bytes.
type scatterRun struct{ to, from, size int }

// mostScatterRuns bounds the runs that are kept where they are short.
const mostScatterRuns = 1 << 10

// Bind joins the places of constant indices to runs: exporters write the assignment
// to a slice as a ScatterND with an index for each element.
func (o *scatterND) Bind(b *Binding) (Step, error) {
	data, indices := b.In[0], b.In[1].Const
	plain := sharingStep{plainStep{o}, o.Share(b.In)}
	if indices == nil || o.reduction != "" || data.DType == String {
		return plain, nil
	}
	places, err := blockPlaces("indices", indices, data.Shape, 0)
	if err != nil { // an error of the run, which may never come to this node
		return plain, nil
	}
	k := indices.shape[len(indices.shape)-1]
	runs := scatterRuns(places, product(data.Shape[k:])*data.DType.Size())
	if len(runs) > mostScatterRuns && len(runs) > len(places)/4 {
		return plain, nil
	}
	needs := o.Share(b.In)
	needs.Unread = []int{1}
	return scatterStep{runs, needs}, nil
}

// scatterRuns joins neighbours of places that are neighbours among the updates too.
func scatterRuns(places []int, size int) (runs []scatterRun) {
	for i, p := range places {
		if last := len(runs) - 1; last >= 0 && runs[last].to+runs[last].size == p*size {
			runs[last].size += size
			continue
		}
		runs = append(runs, scatterRun{p * size, i * size, size})
	}
	return runs
}

// scatterStep copies data and then runs of updates.
type scatterStep struct {
	runs  []scatterRun
	needs Needs
}

func (s scatterStep) Kernel() string { return "runs" }
func (s scatterStep) Needs() Needs   { return s.needs }

// Run copies data and brings the updates to their places.
func (s scatterStep) Run(c *Call, in, out []*Tensor) error {
	data, updates, y := in[0], in[2], out[0]
	if len(y.Bytes()) == 0 || &y.Bytes()[0] != &data.Bytes()[0] {
		copyElements(c, y, data)
	}
	for _, r := range s.runs {
		copy(y.Bytes()[r.to:r.to+r.size], updates.Bytes()[r.from:])
	}
	return nil
}
