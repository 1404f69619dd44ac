package npy

import (
	"reflect"
	"strconv"
	"strings"
)

// dtype is one element type as a file can hold it.
type dtype struct {
	name string       // canonical NumPy name, little-endian: "<f4", "|u1", "<U5"
	size int          // bytes of one element
	unit int          // bytes that a change of byte order reverses: half an element of a complex type
	kind reflect.Kind // Go kind of the elements; Uint16 (the bits) for "<f2"
}

// dtypes lists the numeric types, by name without byte order.
var dtypes = map[string]dtype{
	"b1":  {"|b1", 1, 1, reflect.Bool},
	"i1":  {"|i1", 1, 1, reflect.Int8},
	"u1":  {"|u1", 1, 1, reflect.Uint8},
	"i2":  {"<i2", 2, 2, reflect.Int16},
	"u2":  {"<u2", 2, 2, reflect.Uint16},
	"i4":  {"<i4", 4, 4, reflect.Int32},
	"u4":  {"<u4", 4, 4, reflect.Uint32},
	"i8":  {"<i8", 8, 8, reflect.Int64},
	"u8":  {"<u8", 8, 8, reflect.Uint64},
	"f2":  {"<f2", 2, 2, reflect.Uint16},
	"f4":  {"<f4", 4, 4, reflect.Float32},
	"f8":  {"<f8", 8, 8, reflect.Float64},
	"c8":  {"<c8", 8, 4, reflect.Complex64},
	"c16": {"<c16", 16, 8, reflect.Complex128},
}

// wantTypes ends the message about a type that is not in the list.
const wantTypes = "want bool, an integer of 8 to 64 bits, a float of 16 to 64 bits, a complex number or a string (b1 i1 u1 i2 u2 i4 u4 i8 u8 f2 f4 f8 c8 c16 S U)"

// maxStringLength bounds the characters of one string element.
const maxStringLength = 1 << 20

// parseDescr reads a header's type such as "<f4" or ">i8" and says whether its bytes must be swapped.
func parseDescr(descr string) (t dtype, swap bool, err error) {
	if descr == "" || !strings.ContainsRune("<>|", rune(descr[0])) {
		return dtype{}, false, unsupportedf("type %s, want a byte order (< > |) first", quote(descr))
	}
	t, err = lookup(descr[1:])
	if err != nil {
		return dtype{}, false, err
	}
	if descr[0] == '|' && t.unit > 1 {
		return dtype{}, false, formatf("type %s has no byte order, want %s", quote(descr), t.name)
	}
	return t, descr[0] == '>' && t.unit > 1, nil
}

// lookup finds a type by its name without byte order.
func lookup(code string) (dtype, error) {
	if t, ok := dtypes[code]; ok {
		return t, nil
	}
	if code == "O" {
		return dtype{}, unsupportedf("the file holds Python objects (a pickle, which is a program); save plain numbers instead")
	}
	if code != "" && (code[0] == 'U' || code[0] == 'S') {
		return stringType(code)
	}
	return dtype{}, unsupportedf("type %s, %s", quote(code), wantTypes)
}

// stringType is the type of strings of a fixed length: S5 holds 5 bytes, U5 holds 5 code points of 4 bytes.
func stringType(code string) (dtype, error) {
	n, err := strconv.ParseUint(code[1:], 10, 32)
	if err != nil || n == 0 || n > maxStringLength || code[1] == '0' {
		return dtype{}, unsupportedf("type %s, want strings of 1 to %d characters", quote(code), maxStringLength)
	}
	if code[0] == 'S' {
		return dtype{"|" + code, int(n), 1, reflect.String}, nil
	}
	return dtype{"<" + code, 4 * int(n), 4, reflect.String}, nil
}

// canonical finds the type of an Array, whose name must be in the canonical form.
func canonical(name string) (dtype, error) {
	t, _, err := parseDescr(name)
	if err != nil {
		return dtype{}, err
	}
	if t.name != name {
		return dtype{}, formatf("type %s of an Array, want its canonical form %s", quote(name), t.name)
	}
	return t, nil
}
