package npy

import (
	"bytes"
	"encoding/binary"
	"reflect"
	"slices"
	"strconv"
	"unicode/utf8"
)

// NewStrings makes an array of text ("<U5" where the longest has 5 code points). Text must be valid UTF-8
// and, since the format pads with NUL, must not end in NUL.
func NewStrings(values []string, shape ...int) (*Array, error) {
	width := 1
	for _, v := range values {
		if !utf8.ValidString(v) || (v != "" && v[len(v)-1] == 0) {
			return nil, formatf("string %s, want valid UTF-8 that does not end in NUL", quote(v))
		}
		width = max(width, utf8.RuneCountInString(v))
	}
	t, err := stringType("U" + strconv.Itoa(width))
	if err != nil {
		return nil, err
	}
	if _, err := volume([]int{len(values)}, t.size, defaultMaxBytes); err != nil {
		return nil, err
	}
	a := &Array{DType: t.name, Shape: slices.Clone(shape), Data: make([]byte, 0, len(values)*t.size)}
	for i, v := range values {
		for _, r := range v {
			a.Data = binary.LittleEndian.AppendUint32(a.Data, uint32(r))
		}
		a.Data = a.Data[:(i+1)*t.size] // the rest of the element is still zero
	}
	if _, err := a.check(); err != nil {
		return nil, err
	}
	return a, nil
}

// Strings gives the elements of an array of text (U) or of bytes (S), without the NULs that pad them.
func Strings(a *Array) ([]string, error) {
	t, err := a.check()
	if err != nil {
		return nil, err
	}
	if t.kind != reflect.String {
		return nil, formatf("the array holds %s, want strings (U or S)", t.name)
	}
	out := make([]string, 0, a.Len())
	for elem := range slices.Chunk(a.Data, t.size) {
		s, err := text(elem, t)
		if err != nil {
			return nil, err
		}
		out = append(out, s)
	}
	return out, nil
}

// text decodes one string element.
func text(elem []byte, t dtype) (string, error) {
	if t.unit == 1 {
		return string(bytes.TrimRight(elem, "\x00")), nil
	}
	var b []byte
	for unit := range slices.Chunk(elem, 4) {
		code := binary.LittleEndian.Uint32(unit)
		if code > utf8.MaxRune || !utf8.ValidRune(rune(code)) {
			return "", formatf("string element holds code point %#x, want Unicode", code)
		}
		b = utf8.AppendRune(b, rune(code))
	}
	return string(bytes.TrimRight(b, "\x00")), nil
}
