package ops

import "regexp"

// RegexFullMatch: whether each string as a whole matches pattern, in the syntax of RE2.
//
//	X: string. Y: bool, the shape of X.
//
// https://onnx.ai/onnx/operators/onnx__RegexFullMatch.html (version 20).
type regexFullMatch struct{ pattern *regexp.Regexp }

func init() {
	Register(Def{
		Name: "RegexFullMatch", Since: 20, Inputs: []string{"X"}, Outputs: []string{"Y"}, Exact: true,
		New: func(n *Node) (Op, error) {
			text := n.Str("pattern", "")
			if _, err := regexp.Compile(text); err != nil { // as it stands: "a)(b" is none
				n.Fail("pattern is %s: %v", quoted(text), err)
				return nil, n.Err()
			}
			whole, err := regexp.Compile(`\A(?:` + text + `)\z`)
			if err != nil {
				n.Fail("pattern is %s: %v", quoted(text), err)
			}
			return regexFullMatch{whole}, n.Err()
		},
	})
}

// Infer keeps the shape.
func (regexFullMatch) Infer(in []Spec) ([]Spec, error) {
	if err := wantType("X", in[0], String); err != nil {
		return nil, err
	}
	return one(Bool, in[0].Shape)
}

// Run matches each string.
func (o regexFullMatch) Run(c *Call, in, out []*Tensor) error {
	ys := Data[bool](out[0])
	const costOfMatch = 1000
	c.Parallel(len(ys), costOfMatch, func(lo, hi int) {
		for ; lo < hi; lo++ {
			ys[lo] = o.pattern.MatchString(in[0].strings[lo])
		}
	})
	return nil
}
