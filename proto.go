package tconv

import (
	"github.com/tconv/tconv/graph"
	"github.com/tconv/tconv/onnx"
	"github.com/tconv/tconv/ops"
)

// tensorFromProto converts a tensor of a file; external data is refused.
func tensorFromProto(p *onnx.Tensor) (*Tensor, error) {
	t, err := graph.ConvertTensor(p, nil)
	if err != nil {
		return nil, err
	}
	return &Tensor{*t}, nil
}

// protoFromTensor is the reverse of tensorFromProto.
func protoFromTensor(t *Tensor, name string) *onnx.Tensor {
	p := &onnx.Tensor{Name: name, DataType: onnx.DataType(t.value.DType())}
	for _, d := range t.value.Shape() {
		p.Dims = append(p.Dims, int64(d))
	}
	if t.value.DType() == ops.String {
		for _, s := range t.value.Strings() {
			p.StringData = append(p.StringData, []byte(s))
		}
		return p
	}
	p.RawData = graph.LittleEndian(t.value.Bytes(), t.value.DType())
	return p
}
