package npy

import (
	"encoding/binary"
	"fmt"
	"io"
	"strconv"
	"strings"
)

// Write writes an array as a .npy file of version 1.0: the bytes that NumPy writes.
func Write(w io.Writer, a *Array) error {
	t, err := a.check()
	if err != nil {
		return err
	}
	if _, err := w.Write(appendHeader(nil, t.name, a.Shape)); err != nil {
		return fmt.Errorf("npy: writing the header: %w", err)
	}
	if _, err := w.Write(a.Data); err != nil {
		return fmt.Errorf("npy: writing the elements: %w", err)
	}
	return nil
}

// NumPy's layout of a header: the elements start at a multiple of 64 bytes, and the first dimension could
// grow to 21 digits in place.
const (
	headerAlign  = 64
	growthDigits = 21
)

// appendHeader appends everything that stands before the elements. A rank of at most 64 keeps the text far
// below the 64 KiB of version 1.0.
func appendHeader(b []byte, descr string, shape []int) []byte {
	text := "{'descr': '" + descr + "', 'fortran_order': False, 'shape': " + tuple(shape) + ", }"
	if len(shape) > 0 {
		text += strings.Repeat(" ", growthDigits-len(strconv.Itoa(shape[0])))
	}
	start := len(magic) + 4
	text += strings.Repeat(" ", headerAlign-(start+len(text)+1)%headerAlign) + "\n"
	b = append(b, magic+"\x01\x00"...)
	b = binary.LittleEndian.AppendUint16(b, uint16(len(text)))
	return append(b, text...)
}

// tuple prints a shape as Python does: (), (3,), (2, 3).
func tuple(shape []int) string {
	if len(shape) == 1 {
		return "(" + strconv.Itoa(shape[0]) + ",)"
	}
	dims := make([]string, len(shape))
	for i, d := range shape {
		dims[i] = strconv.Itoa(d)
	}
	return "(" + strings.Join(dims, ", ") + ")"
}
