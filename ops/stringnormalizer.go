package ops

import (
	"fmt"
	"slices"
	"strings"
)

// StringNormalizer: X without the strings that are stop words, in another case.
//
//	X: string, [C] or [1, C]. Y: string, [K] or [1, K], one empty string when nothing
//	is left. The run decides K.
//	stopwords: strings. is_case_sensitive: 0 (default) or 1, about them.
//	case_change_action: NONE (default), LOWER or UPPER, by Unicode's rules, whatever
//	locale says.
//
// https://onnx.ai/onnx/operators/onnx__StringNormalizer.html (version 10).
type stringNormalizer struct {
	stop   []string
	exact  bool
	change func(string) string
}

func init() {
	Register(Def{
		Name: "StringNormalizer", Since: 10, Inputs: []string{"X"}, Outputs: []string{"Y"}, Exact: true,
		New: func(n *Node) (Op, error) {
			n.Ignore("locale")
			o := &stringNormalizer{stop: slices.Clone(n.Strings("stopwords")), exact: n.Bool("is_case_sensitive", false)}
			switch n.Str("case_change_action", "NONE", "NONE", "LOWER", "UPPER") {
			case "LOWER":
				o.change = strings.ToLower
			case "UPPER":
				o.change = strings.ToUpper
			default:
				o.change = func(s string) string { return s }
			}
			for i := range o.stop {
				o.stop[i] = o.key(o.stop[i])
			}
			return o, n.Err()
		},
	})
}

// key is what is compared of a string.
func (o *stringNormalizer) key(s string) string {
	if o.exact {
		return s
	}
	return strings.ToLower(s)
}

// Infer cannot tell the shape.
func (o *stringNormalizer) Infer(in []Spec) ([]Spec, error) {
	if err := wantType("X", in[0], String); err != nil {
		return nil, err
	}
	if s := in[0].Shape; len(s) != 1 && (len(s) != 2 || s[0] != 1) {
		return nil, fmt.Errorf("X has shape %v, want [C] or [1, C]", s)
	}
	return unknownShape(String)
}

// Run drops and changes.
func (o *stringNormalizer) Run(c *Call, in, out []*Tensor) error {
	var kept []string
	for _, s := range in[0].strings {
		if !slices.Contains(o.stop, o.key(s)) {
			kept = append(kept, o.change(s))
		}
	}
	if len(kept) == 0 {
		kept = []string{""}
	}
	shape := in[0].shape.Clone()
	shape[len(shape)-1] = len(kept)
	y, err := c.New(String, shape)
	if err != nil {
		return err
	}
	copy(y.strings, kept)
	out[0] = y
	return nil
}
