package ops

import (
	"fmt"
	"math"
)

// LabelEncoder: the value that stands beside each element in a list of keys.
//
//	X: the type of the keys, any shape. Y: the type of the values, the same shape.
//
// Keys are keys_strings, keys_int64s, keys_floats or, since version 4, keys_tensor;
// values likewise. What is no key becomes default_string (_Unused), default_int64
// (-1), default_float (-0) or default_tensor (one of the former by type). Of a key
// given twice the last counts; NaN is a key like others.
//
// https://onnx.ai/onnx/operators/onnx_aionnxml_LabelEncoder.html (versions 2, 4 of
// ai.onnx.ml).
type labelEncoder struct {
	keys   *Tensor
	values *Tensor
	places map[any]int // of each key
	other  *Tensor     // one element
}

func init() {
	Register(Def{
		Name: "LabelEncoder", Domain: "ai.onnx.ml", Since: 2, Inputs: []string{"X"}, Outputs: []string{"Y"}, Exact: true,
		New: newLabelEncoder,
	})
}

func newLabelEncoder(n *Node) (Op, error) {
	o := &labelEncoder{keys: readLabels(n, "keys"), values: readLabels(n, "values"), other: n.Tensor("default_tensor"), places: map[any]int{}}
	text, number, float := n.Str("default_string", "_Unused"), n.Int("default_int64", -1), n.Float("default_float", float32(math.Copysign(0, -1)))
	if o.keys == nil || o.values == nil {
		return nil, n.Err()
	}
	if o.keys.Len() != o.values.Len() {
		n.Fail("there are %d keys and %d values, want the same number", o.keys.Len(), o.values.Len())
	}
	for i := range o.keys.Len() {
		o.places[labelAt(o.keys, i)] = i
	}
	if o.other == nil {
		o.other = NewTensor(o.values.dtype, Scalar())
		if d := o.values.dtype; d == String {
			o.other.strings[0] = text
		} else {
			v := castValues{form: castReal, n: 1}
			if v.reals[0] = float64(float); d.IsInteger() {
				v.form, v.ints[0] = castSigned, int64(number)
			}
			castTypes[d].store(o.other, 0, &v, castRules{})
		}
	}
	if o.other.dtype != o.values.dtype || o.other.Len() != 1 {
		n.Fail("default_tensor is %v, want one tensor(%v)", o.other, o.values.dtype)
	}
	return o, n.Err()
}

// readLabels reads the attributes <what>_strings, _int64s, _floats and _tensor, of which
// one is wanted.
func readLabels(n *Node, what string) *Tensor {
	var found []*Tensor
	if list := n.Strings(what + "_strings"); list != nil {
		found = append(found, OfStrings(list, len(list)))
	}
	if a := n.find(what+"_int64s", AttrInts); a != nil {
		found = append(found, Of(a.Ints, len(a.Ints)))
	}
	if list := n.Floats(what + "_floats"); list != nil {
		found = append(found, Of(list, len(list)))
	}
	if t := n.Tensor(what + "_tensor"); t != nil {
		found = append(found, t)
	}
	if len(found) != 1 {
		n.Fail("%d lists of %s are given, want one", len(found), what)
		return nil
	}
	switch d := found[0].dtype; d {
	case String, Int64, Int32, Int16, Float32, Float64:
	default:
		n.Fail("%s are of type %v, want strings, int16, int32, int64, float or double", what, d)
	}
	return found[0]
}

// noNumber is the key that stands for NaN, which is not equal to itself.
type noNumber struct{}

// labelAt gives element i as a key of a map.
func labelAt(t *Tensor, i int) any {
	switch t.dtype {
	case String:
		return t.strings[i]
	case Int64:
		return Data[int64](t)[i]
	case Int32:
		return Data[int32](t)[i]
	case Int16:
		return Data[int16](t)[i]
	}
	if v := floatAt(t, i); v == v {
		return v
	}
	return noNumber{}
}

// Infer keeps the shape.
func (o *labelEncoder) Infer(in []Spec) ([]Spec, error) {
	if in[0].DType != o.keys.dtype {
		return nil, fmt.Errorf("X is tensor(%v), want tensor(%v), the type of the keys", in[0].DType, o.keys.dtype)
	}
	return one(o.values.dtype, in[0].Shape)
}

// Run looks every element up.
func (o *labelEncoder) Run(c *Call, in, out []*Tensor) error {
	size := o.values.dtype.Size()
	const costOfLookUp = 50
	c.Parallel(in[0].Len(), costOfLookUp, func(lo, hi int) {
		for ; lo < hi; lo++ {
			from, at := o.other, 0
			if i, ok := o.places[labelAt(in[0], lo)]; ok {
				from, at = o.values, i
			}
			if size == 0 {
				out[0].strings[lo] = from.strings[at]
				continue
			}
			copy(out[0].Bytes()[lo*size:][:size], from.Bytes()[at*size:])
		}
	})
	return nil
}
