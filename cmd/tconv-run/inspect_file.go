package main

import (
	"cmp"
	"slices"

	"github.com/tconv/tconv"
	"github.com/tconv/tconv/onnx"
	"github.com/tconv/tconv/ops"
)

// newInspectReport describes a file without loading it.
func newInspectReport(path string, size int64, p *onnx.Model) *inspectReport {
	r := &inspectReport{
		Schema: "tconv/inspect/1", Model: modelName(path), Bytes: size, Producer: p.ProducerName, IRVersion: p.IRVersion,
		Opsets: map[string]int64{}, Properties: map[string]string{}, Nodes: len(p.Graph.Nodes), Operators: countOps(p.Graph.Nodes),
		Weights: countWeights(p.Graph.Initializers),
	}
	if p.ProducerVersion != "" {
		r.Producer += " " + p.ProducerVersion
	}
	for _, o := range p.OpsetImports {
		r.Opsets[o.Domain] = o.Version
	}
	for _, e := range p.Metadata {
		r.Properties[e.Key] = e.Value
	}
	r.Inputs, r.Outputs = ports(fileInputs(p)), ports(fileInfos(p.Graph.Outputs))
	return r
}

// fileInputs describes the inputs that a caller gives: old files list constants as inputs too.
func fileInputs(p *onnx.Model) []tconv.Info {
	initial := map[string]bool{}
	for _, t := range p.Graph.Initializers {
		initial[t.Name] = true
	}
	return fileInfos(slices.DeleteFunc(slices.Clone(p.Graph.Inputs), func(v *onnx.ValueInfo) bool { return initial[v.Name] }))
}

// countOps counts nodes by operator, the most frequent first.
func countOps(nodes []*onnx.Node) []opCount {
	counts := map[string]int{}
	for _, n := range nodes {
		name := n.OpType
		if n.Domain != "" && n.Domain != "ai.onnx" {
			name = n.Domain + "." + name
		}
		counts[name]++
	}
	list := []opCount{}
	for op, n := range counts {
		list = append(list, opCount{op, n})
	}
	slices.SortFunc(list, func(x, y opCount) int { return cmp.Or(y.Count-x.Count, cmp.Compare(x.Op, y.Op)) })
	return list
}

// countWeights sums up initializers as they are declared.
func countWeights(list []*onnx.Tensor) weightInfo {
	w := weightInfo{Tensors: len(list)}
	for _, t := range list {
		n := int64(1)
		for _, d := range t.Dims {
			n *= d
		}
		w.Parameters += n
		w.Bytes += (n*int64(t.DataType.Bits()) + 7) / 8
	}
	return w
}

// fileInfos describes inputs or outputs as the file declares them.
func fileInfos(values []*onnx.ValueInfo) []tconv.Info {
	var out []tconv.Info
	for _, v := range values {
		info := tconv.Info{Name: v.Name}
		if v.Type != nil && v.Type.Kind == onnx.TypeTensor {
			info.DType = tconv.DType(v.Type.ElemType)
		}
		if v.Type != nil && v.Type.Kind == onnx.TypeTensor && v.Type.Shape != nil {
			info.Shape, info.Dims = []int{}, []string{}
			for _, d := range v.Type.Shape.Dims {
				size := ops.Unknown
				if d.Kind == onnx.DimValue {
					size = int(d.Value)
				}
				info.Shape, info.Dims = append(info.Shape, size), append(info.Dims, d.String())
			}
		}
		out = append(out, info)
	}
	return out
}

// ports describes inputs or outputs for the report.
func ports(infos []tconv.Info) []portInfo {
	out := []portInfo{}
	for _, i := range infos {
		out = append(out, portInfo{Name: i.Name, DType: i.DType.String(), Shape: i.Shape, Dims: i.Dims, text: i.String()})
	}
	return out
}

// newPlanInfo describes a plan for the report.
func newPlanInfo(p *tconv.Plan, shapes map[string][]int) *planInfo {
	info := &planInfo{Shapes: shapes, Steps: len(p.Steps), ArenaBytes: p.ArenaBytes, OutputBytes: p.OutputBytes, WeightBytes: p.WeightBytes, MACs: p.MACs}
	for _, s := range p.Steps {
		info.List = append(info.List, stepInfo{s.Node, s.Op, s.Kernel, s.Outputs, s.MACs, s.Place})
	}
	return info
}
