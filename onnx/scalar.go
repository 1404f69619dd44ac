package onnx

import "math"

// maxSharedText is the longest string that shares a chunk with others; longer ones get their own memory, so that at most
// maxSharedText of each chunk of textChunk bytes stay unused.
const (
	textChunk     = 16 << 10
	maxSharedText = 1 << 10
)

// setInt64 stores the value of a varint.
func (f field) setInt64(v *int64) error {
	*v = int64(f.value)
	return nil
}

// setFloat stores the value of a fixed32.
func (f field) setFloat(v *float32) error {
	*v = math.Float32frombits(uint32(f.value))
	return nil
}

// setInt32 stores the value of a varint in an int32 or an enum, which it must fit.
func setInt32[T ~int32](f field, v *T) error {
	x, err := narrow(f.value)
	if err != nil {
		return f.fail(err)
	}
	*v = T(x)
	return nil
}

// narrow is the int32 of a varint. Negative numbers are sign-extended to 64 bits in well-formed files; writers that
// leave the upper half away are understood.
func narrow(v uint64) (int32, error) {
	if x := int64(v); x >= math.MinInt32 && x <= math.MaxUint32 {
		return int32(uint32(v)), nil
	}
	return 0, malformed("value %d does not fit in 32 bits", int64(v))
}

// setString stores a copy of a string, so that it does not keep the whole input alive.
func (f field) setString(s *string) error {
	text, err := f.d.copyText(f.b)
	if err != nil {
		return f.fail(err)
	}
	*s = text
	return nil
}

// copyText copies a string. Short strings share chunks of memory: a model has many names of a few bytes each.
func (d *decoder) copyText(b []byte) (string, error) {
	if len(b) > maxSharedText {
		if err := d.budget.charge(int64(len(b))); err != nil {
			return "", err
		}
		return string(b), nil
	}
	if d.text.Cap()-d.text.Len() < len(b) {
		if err := d.budget.charge(int64(d.chunk)); err != nil {
			return "", err
		}
		d.text.Reset()
		d.text.Grow(d.chunk)
	}
	start := d.text.Len()
	d.text.Write(b)
	return d.text.String()[start:], nil
}

// setBytes stores a copy of a byte string, never nil.
func (f field) setBytes(v *[]byte) error {
	if err := f.d.budget.charge(int64(len(f.b))); err != nil {
		return f.fail(err)
	}
	*v = make([]byte, len(f.b))
	copy(*v, f.b)
	return nil
}
