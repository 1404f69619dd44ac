package npy

import (
	"encoding/binary"
	"io"
)

// magic starts every .npy file.
const magic = "\x93NUMPY"

// maxHeader bounds the header's text, which names one type and at most 64 dimensions.
const maxHeader = 64 << 10

// header is what stands before the elements, checked.
type header struct {
	dtype
	swap    bool // elements are big-endian
	fortran bool // first dimension fastest
	shape   []int
	bytes   int64 // of all elements
}

// readHeader reads up to the first byte of the elements, which may take at most maxBytes.
func readHeader(r io.Reader, maxBytes int64) (header, error) {
	n, err := readPreamble(r)
	if err != nil {
		return header{}, err
	}
	text := make([]byte, n)
	if _, err := io.ReadFull(r, text); err != nil {
		return header{}, readError("header", err)
	}
	f, err := parseDict(string(text))
	if err != nil {
		return header{}, err
	}
	h := header{fortran: f.fortran, shape: f.shape}
	if h.dtype, h.swap, err = parseDescr(f.descr); err != nil {
		return header{}, err
	}
	h.bytes, err = volume(h.shape, h.size, maxBytes)
	return h, err
}

// readPreamble reads magic, version and the length of the header's text, which it gives.
func readPreamble(r io.Reader) (int, error) {
	var b [len(magic) + 2]byte
	if _, err := io.ReadFull(r, b[:]); err != nil {
		return 0, readError("first 8 bytes", err)
	}
	if string(b[:len(magic)]) != magic {
		return 0, formatf("the file starts with %q, want %q", b[:len(magic)], magic)
	}
	major, minor := b[len(magic)], b[len(magic)+1]
	if major < 1 || major > 3 || minor != 0 {
		return 0, unsupportedf("version %d.%d of the format, want 1.0, 2.0 or 3.0", major, minor)
	}
	return readLength(r, major)
}

// readLength reads the length of the header's text: 2 bytes in version 1, 4 bytes later.
func readLength(r io.Reader, major byte) (int, error) {
	var b [4]byte
	width := 4
	if major == 1 {
		width = 2
	}
	if _, err := io.ReadFull(r, b[:width]); err != nil {
		return 0, readError("header's length", err)
	}
	n := binary.LittleEndian.Uint32(b[:])
	if n > maxHeader {
		return 0, limitf("a header of %d bytes, want at most %d", n, maxHeader)
	}
	return int(n), nil
}
