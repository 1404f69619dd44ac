package main

import (
	"context"

	"github.com/tconv/tconv"
)

// layerReport says which node is the first whose output is out of tolerance.
type layerReport struct {
	Compared int         `json:"compared"` // values that both paths make
	Steps    int         `json:"steps"`
	Node     string      `json:"node,omitempty"`
	Op       string      `json:"op,omitempty"`
	Kernel   string      `json:"kernel,omitempty"`
	Value    *comparison `json:"value,omitempty"` // of the first bad node; nil if there is none
}

// failure is an error if a node is out of tolerance.
func (r *layerReport) failure() error {
	if r.Value == nil {
		return nil
	}
	return kindf(errVerify, "node %s (%s) is out of tolerance", quoted(r.Node), r.Op)
}

// print writes the report for people.
func (r *layerReport) print(a *app) {
	if r.Value == nil {
		a.printf("layers: all %s that both paths make agree (%s)\n", plural(r.Compared, "value"), plural(r.Steps, "step"))
		return
	}
	a.printf("layers: the first node out of tolerance is %s (%s), kernel %s\n", quoted(r.Node), r.Op, r.Kernel)
	printComparisons(a, []comparison{*r.Value})
}

// batchBytes bounds how many bytes of reference values are held at once; larger models run several times.
const batchBytes = 512 << 20

// smallestNormal is the least absolute tolerance inside a network. Networks have values that are all smaller than what
// float32 holds with full precision; their last digits mean nothing, and no output shows them.
const smallestNormal = 0x1p-126

// observed is a model whose steps are looked at.
type observed struct {
	model *tconv.Model
	see   func(e tconv.Event, output int, name string) // each output of each step
}

// observe opens a model to look at.
func (f *verifyFlags) observe(a *app, path string, extra ...tconv.Option) (o *observed, err error) {
	o = &observed{}
	o.model, err = f.open(a, path, append(extra, tconv.WithObserver(o.event))...)
	return o, err
}

// event passes a step on, output by output.
func (o *observed) event(e tconv.Event) {
	for i, name := range e.Outputs {
		if name != "" {
			o.see(e, i, name)
		}
	}
}

// findLayer runs the model on both paths and compares the values that both make, in the order of the fast path.
func (f *verifyFlags) findLayer(ctx context.Context, a *app, path string, in *feed) (*layerReport, error) {
	fast, err := f.observe(a, path)
	if err != nil {
		return nil, err
	}
	defer fast.model.Close()
	ref, err := f.observe(a, path, tconv.WithReference())
	if err != nil {
		return nil, err
	}
	defer ref.model.Close()
	report := &layerReport{}
	batches, err := f.batches(ctx, report, fast, ref, in)
	if err != nil {
		return nil, err
	}
	bar := a.newProgress("layers")
	defer bar.end()
	for i, batch := range batches {
		if err := f.compareBatch(ctx, report, fast, ref, in, batch); err != nil || report.Value != nil {
			return report, err
		}
		bar.at(i+1, len(batches))
	}
	return report, nil
}

// batches splits the names of the values that both paths make, so that a batch is not too large to hold.
func (f *verifyFlags) batches(ctx context.Context, report *layerReport, fast, ref *observed, in *feed) ([]map[string]bool, error) {
	made := map[string]bool{}
	for _, n := range ref.model.Nodes() {
		for _, name := range n.Outputs {
			made[name] = true
		}
	}
	batches, size := []map[string]bool{{}}, 0
	fast.see = func(e tconv.Event, i int, name string) {
		report.Steps = e.Steps
		t := e.Output(i)
		if !made[name] || t.Elems() != nil {
			return
		}
		if n := len(t.Bytes()); size > 0 && size+n > batchBytes {
			batches, size = append(batches, map[string]bool{}), 0
		} else {
			size += n
		}
		batches[len(batches)-1][name] = true
	}
	_, err := fast.model.Run(ctx, in.tensors)
	return batches, err
}

// compareBatch holds the values of one batch and compares them.
func (f *verifyFlags) compareBatch(ctx context.Context, report *layerReport, fast, ref *observed, in *feed, batch map[string]bool) error {
	held := tconv.Tensors{}
	ref.see = func(e tconv.Event, i int, name string) {
		if batch[name] {
			held[name] = e.Output(i).Clone()
		}
	}
	if _, err := ref.model.Run(ctx, in.tensors); err != nil {
		return err
	}
	tol := f.tol
	tol.abs = max(tol.abs, smallestNormal)
	fast.see = func(e tconv.Event, i int, name string) {
		want := held[name]
		if want == nil || report.Value != nil {
			return
		}
		report.Compared++
		if c := compare(name, e.Output(i), want, tol); !c.Pass {
			report.Node, report.Op, report.Kernel, report.Value = e.Node, e.Op, e.Kernel, &c
		}
	}
	_, err := fast.model.Run(ctx, in.tensors)
	return err
}
