package ops

import (
	"strings"
	"unicode"
)

// StringSplit: the parts of strings between delimiters.
//
//	X: string. Y: string, the shape of X and an axis for the parts, filled up with empty
//	strings: the run decides its extent, the largest number of parts.
//	Z: int64, the shape of X: the numbers of parts.
//
// delimiter absent or empty: white space, any number of characters, which is dropped at
// both ends; else parts may be empty. maxsplit: after so many splits the rest is one
// part; below 0 or absent: any number.
//
// https://onnx.ai/onnx/operators/onnx__StringSplit.html (version 20).
type stringSplit struct {
	delimiter string
	most      int // parts; -1: any number
}

func init() {
	Register(Def{
		Name: "StringSplit", Since: 20, Inputs: []string{"X"}, Outputs: []string{"Y", "Z"}, Exact: true,
		New: func(n *Node) (Op, error) {
			o := &stringSplit{delimiter: n.Str("delimiter", ""), most: -1}
			if splits := n.Int("maxsplit", -1); splits >= 0 {
				o.most = splits + 1
			}
			return o, n.Err()
		},
	})
}

// Infer gives the shape of Z.
func (o *stringSplit) Infer(in []Spec) ([]Spec, error) {
	if err := wantType("X", in[0], String); err != nil {
		return nil, err
	}
	return []Spec{{DType: String}, tensorSpec(Int64, in[0].Shape)}, nil
}

// Run splits each string.
func (o *stringSplit) Run(c *Call, in, out []*Tensor) error {
	xs := in[0].strings
	parts, longest := make([][]string, len(xs)), 0
	for i, s := range xs {
		parts[i] = o.split(s)
		longest = max(longest, len(parts[i]))
	}
	y, err := c.New(String, append(in[0].shape.Clone(), longest))
	if err != nil {
		return err
	}
	for i, p := range parts {
		copy(y.strings[i*longest:], p)
		if z := tensorAt(out, 1); z != nil {
			Data[int64](z)[i] = int64(len(p))
		}
	}
	out[0] = y
	return nil
}

// split gives the parts of one string.
func (o *stringSplit) split(s string) []string {
	if o.delimiter != "" {
		return strings.SplitN(s, o.delimiter, o.most)
	}
	var parts []string
	for s = strings.TrimSpace(s); s != ""; {
		end := strings.IndexFunc(s, unicode.IsSpace)
		if end < 0 || len(parts)+1 == o.most {
			return append(parts, s)
		}
		parts = append(parts, s[:end])
		s = strings.TrimLeftFunc(s[end:], unicode.IsSpace)
	}
	return parts
}
