package main

import (
	"bytes"
	"errors"
	"io/fs"
	"slices"
	"strings"

	"github.com/x448/float16"

	"github.com/tconv/tconv"
	"github.com/tconv/tconv/npy"
	"github.com/tconv/tconv/ops"
)

// decodeNpy reads a .npy file.
func decodeNpy(data []byte) (*tconv.Tensor, error) {
	a, err := npy.Read(bytes.NewReader(data))
	if err != nil {
		return nil, err
	}
	return fromArray(a)
}

// fromArrays makes a tensor of an array, by its numpy type.
var fromArrays = map[string]func(*npy.Array) (*tconv.Tensor, error){
	"|b1": wrapArray[bool], "|i1": wrapArray[int8], "|u1": wrapArray[uint8], "<i2": wrapArray[int16], "<u2": wrapArray[uint16],
	"<i4": wrapArray[int32], "<u4": wrapArray[uint32], "<i8": wrapArray[int64], "<u8": wrapArray[uint64],
	"<f4": wrapArray[float32], "<f8": wrapArray[float64], "<c8": wrapArray[complex64], "<c16": wrapArray[complex128],
	"<f2": func(a *npy.Array) (*tconv.Tensor, error) {
		data, err := npy.As[float16.Float16](a)
		if err != nil {
			return nil, err
		}
		return tconv.Wrap(data, a.Shape...)
	},
}

// npyElement is every Go type that both packages store elements in.
type npyElement interface {
	bool | int8 | uint8 | int16 | uint16 | int32 | uint32 | int64 | uint64 | float32 | float64 | complex64 | complex128
}

// wrapArray makes a tensor of an array of T, without a copy where the machine allows.
func wrapArray[T npyElement](a *npy.Array) (*tconv.Tensor, error) {
	data, err := npy.As[T](a)
	if err != nil {
		return nil, err
	}
	return tconv.Wrap(data, a.Shape...)
}

// fromArray makes a tensor of an array.
func fromArray(a *npy.Array) (*tconv.Tensor, error) {
	if f, ok := fromArrays[a.DType]; ok {
		return f(a)
	}
	text, err := npy.Strings(a)
	if err != nil {
		return nil, err
	}
	return tconv.WrapStrings(text, a.Shape...)
}

// toArrays makes an array of a tensor, by its type. numpy has no bfloat16: such values become float32, which holds them.
var toArrays = map[tconv.DType]func(*tconv.Tensor) (*npy.Array, error){
	tconv.Bool: newArray[bool], tconv.Int8: newArray[int8], tconv.Uint8: newArray[uint8], tconv.Int16: newArray[int16],
	tconv.Uint16: newArray[uint16], tconv.Int32: newArray[int32], tconv.Uint32: newArray[uint32], tconv.Int64: newArray[int64],
	tconv.Uint64: newArray[uint64], tconv.Float32: newArray[float32], tconv.Float64: newArray[float64],
	ops.Complex64: newArray[complex64], ops.Complex128: newArray[complex128],
	tconv.String:   func(t *tconv.Tensor) (*npy.Array, error) { return npy.NewStrings(t.Strings(), t.Shape()...) },
	tconv.Float16:  halfArray,
	tconv.BFloat16: bfloatArray,
}

// newArray makes an array of a tensor of T.
func newArray[T npyElement](t *tconv.Tensor) (*npy.Array, error) {
	data, err := tconv.Data[T](t)
	if err != nil {
		return nil, err
	}
	return npy.New(data, t.Shape()...)
}

func halfArray(t *tconv.Tensor) (*npy.Array, error) {
	data, err := tconv.Data[float16.Float16](t)
	if err != nil {
		return nil, err
	}
	return npy.NewFloat16(data, t.Shape()...)
}

func bfloatArray(t *tconv.Tensor) (*npy.Array, error) {
	data, err := tconv.Data[ops.BF16](t)
	if err != nil {
		return nil, err
	}
	wide := make([]float32, len(data))
	for i, v := range data {
		wide[i] = v.Float()
	}
	return npy.New(wide, t.Shape()...)
}

// toArray makes an array of a tensor.
func toArray(t *tconv.Tensor) (*npy.Array, error) {
	f, ok := toArrays[t.DType()]
	if !ok || t.Elems() != nil {
		return nil, kindf(tconv.ErrUnsupported, "%v cannot be written as a numpy array", t)
	}
	return f(t)
}

// readNpzFile reads one array of a .npz file.
func readNpzFile(path, key, name string) (*tconv.Tensor, error) {
	z, err := openNpz(path)
	if err != nil {
		return nil, err
	}
	defer z.Close()
	return readNpz(z, key, name)
}

// openNpz opens a .npz file.
func openNpz(path string) (*npy.Archive, error) {
	z, err := npy.OpenZipFile(path)
	if err != nil {
		return nil, kindf(tconv.ErrInput, "%w", readError(path, err))
	}
	return z, nil
}

// readError words an error of the file system as path: reason.
func readError(path string, err error) error {
	var p *fs.PathError
	if errors.As(err, &p) {
		return kindf(p.Err, "%s: %v", path, p.Err)
	}
	return kindf(err, "%s: %v", path, err)
}

// readNpz reads the array of a key; without one, the array called like the input, plain or as in:NAME, or the only one.
func readNpz(z *npy.Archive, key, name string) (*tconv.Tensor, error) {
	keys := z.Keys()
	switch {
	case key != "":
	case slices.Contains(keys, "in:"+name):
		key = "in:" + name
	case slices.Contains(keys, name):
		key = name
	case len(keys) == 1:
		key = keys[0]
	default:
		return nil, withHint(inputf("the archive has arrays %s, none called %s", strings.Join(quotedAll(keys), ", "), quoted(name)),
			"FILE.npz#KEY picks one")
	}
	a, err := z.Read(key)
	if err != nil {
		return nil, err
	}
	return fromArray(a)
}

func quotedAll(names []string) []string {
	out := make([]string, 0, len(names))
	for _, n := range names[:min(len(names), 20)] {
		out = append(out, quoted(n))
	}
	return out
}
