package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"strconv"

	"github.com/tconv/tconv"
)

// jsonTensor is a tensor in JSON with its shape; data may be nested or flat. A bare, nested list is allowed too.
type jsonTensor struct {
	DType string          `json:"dtype,omitempty"`
	Shape []int           `json:"shape"`
	Data  json.RawMessage `json:"data"`
}

// decodeJSON reads an input from JSON: lists in lists, or {"shape": [2, 3], "data": [...]}. Numbers take the type of the
// input.
func decodeJSON(info tconv.Info, data []byte) (*tconv.Tensor, error) {
	if trimmed := bytes.TrimLeft(data, " \t\r\n"); len(trimmed) > 0 && trimmed[0] == '{' {
		var t jsonTensor
		d := json.NewDecoder(bytes.NewReader(data))
		d.DisallowUnknownFields()
		if err := d.Decode(&t); err != nil {
			return nil, inputf("JSON: %v, want a list, or {\"shape\": [2, 3], \"data\": [...]}", err)
		}
		return listTensor(info, t.Data, t.Shape)
	}
	return listTensor(info, data, nil)
}

// listTensor makes a tensor of lists in lists; a shape that is given rules.
func listTensor(info tconv.Info, data []byte, shape []int) (*tconv.Tensor, error) {
	d := json.NewDecoder(bytes.NewReader(data))
	d.UseNumber()
	var list any
	if err := d.Decode(&list); err != nil {
		return nil, inputf("JSON: %v", err)
	}
	l := leaves{}
	if err := l.walk(list, 0); err != nil {
		return nil, err
	}
	if shape == nil {
		shape = append([]int{}, l.shape...)
	}
	if n, err := elementCount(shape); err != nil || n != len(l.at) {
		return nil, inputf("JSON: %d elements for shape %v", len(l.at), shape)
	}
	return l.tensor(info, shape)
}

// leaves are the elements of lists in lists, and their shape.
type leaves struct {
	shape []int
	at    []any
	leaf  int // depth of the elements, plus one; 0 before the first
}

// walk collects elements. All lists of one depth have the same length.
func (l *leaves) walk(v any, depth int) error {
	list, ok := v.([]any)
	if !ok {
		if l.leaf == 0 {
			l.leaf = depth + 1
		}
		if l.leaf != depth+1 || len(l.shape) > depth {
			return inputf("JSON: lists of unequal depth")
		}
		l.at = append(l.at, v)
		return nil
	}
	if l.leaf != 0 && depth >= l.leaf-1 || depth >= 16 {
		return inputf("JSON: lists of unequal depth, or more than 16 deep")
	}
	if depth == len(l.shape) {
		l.shape = append(l.shape, len(list))
	}
	if l.shape[depth] != len(list) {
		return inputf("JSON: lists of %d and %d elements side by side", l.shape[depth], len(list))
	}
	for _, e := range list {
		if err := l.walk(e, depth+1); err != nil {
			return err
		}
	}
	return nil
}

// tensor gives the elements the type of an input.
func (l *leaves) tensor(info tconv.Info, shape []int) (*tconv.Tensor, error) {
	switch info.DType {
	case tconv.String:
		text := make([]string, len(l.at))
		for i, v := range l.at {
			s, ok := v.(string)
			if !ok {
				return nil, inputf("JSON: element %d is %v, want a string", i, v)
			}
			text[i] = s
		}
		return tconv.WrapStrings(text, shape...)
	case tconv.Int64: // float64 does not hold them all
		i := -1
		return wrapNew(len(l.at), shape, func() (int64, error) { i++; return jsonInteger(l.at[i]) })
	}
	numbers := make([]float64, len(l.at))
	for i, v := range l.at {
		var err error
		if numbers[i], err = jsonNumber(v); err != nil {
			return nil, err
		}
	}
	i := -1
	return generate(info.DType, shape, func() float64 { i++; return numbers[i] })
}

// jsonInteger reads a 64-bit integer.
func jsonInteger(v any) (int64, error) {
	n, ok := v.(json.Number)
	if !ok {
		return 0, inputf("JSON: %v, want a whole number", v)
	}
	i, err := n.Int64()
	if err != nil {
		return 0, inputf("JSON: %v, want a whole number of 64 bits", v)
	}
	return i, nil
}

// jsonNumber reads a number, a truth value, or one of the words for what JSON numbers cannot say.
func jsonNumber(v any) (float64, error) {
	switch v := v.(type) {
	case json.Number:
		if f, err := v.Float64(); err == nil {
			return f, nil
		}
	case bool:
		if v {
			return 1, nil
		}
		return 0, nil
	case string:
		if f, ok := jsonWords[v]; ok {
			return f, nil
		}
	}
	return 0, inputf("JSON: %v, want a number, true, false, \"NaN\", \"Infinity\" or \"-Infinity\"", v)
}

var jsonWords = map[string]float64{"NaN": math.NaN(), "Infinity": math.Inf(1), "-Infinity": math.Inf(-1)}

// encodeTensor writes a tensor as JSON: type, shape and flat data.
func encodeTensor(t *tconv.Tensor) (json.RawMessage, error) {
	b := fmt.Appendf(nil, "{\"dtype\":%q,\"shape\":", t.DType().String())
	shape, err := json.Marshal(t.Shape())
	if err != nil {
		return nil, err
	}
	b = append(append(b, shape...), ",\"data\":["...)
	if b, err = appendElements(b, t); err != nil {
		return nil, err
	}
	return append(b, "]}"...), nil
}

// appendElements writes the elements of a tensor with commas between them.
func appendElements(b []byte, t *tconv.Tensor) ([]byte, error) {
	switch t.DType() {
	case tconv.String:
		return appendList(b, t.Strings(), func(b []byte, s string) []byte {
			q, _ := json.Marshal(s) // strings always have a form
			return append(b, q...)
		}), nil
	case tconv.Bool:
		data, err := tconv.Data[bool](t)
		return appendList(b, data, strconv.AppendBool), err
	case tconv.Int64:
		data, err := tconv.Data[int64](t)
		return appendList(b, data, func(b []byte, v int64) []byte { return strconv.AppendInt(b, v, 10) }), err
	case tconv.Uint64:
		data, err := tconv.Data[uint64](t)
		return appendList(b, data, func(b []byte, v uint64) []byte { return strconv.AppendUint(b, v, 10) }), err
	}
	values, err := t.Float64s()
	bits := 32
	if t.DType() == tconv.Float64 || t.DType().IsInteger() {
		bits = 64
	}
	return appendList(b, values, func(b []byte, v float64) []byte { return appendNumber(b, v, bits) }), err
}

func appendList[T any](b []byte, list []T, add func([]byte, T) []byte) []byte {
	for i, v := range list {
		if i > 0 {
			b = append(b, ',')
		}
		b = add(b, v)
	}
	return b
}

// appendNumber writes a number so that reading it gives the same one; what JSON cannot say becomes a word.
func appendNumber(b []byte, v float64, bits int) []byte {
	for word, w := range jsonWords {
		if v == w || v != v && w != w {
			return strconv.AppendQuote(b, word)
		}
	}
	return strconv.AppendFloat(b, v, 'g', -1, bits)
}
