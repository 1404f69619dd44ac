package npy

import (
	"bytes"
	"fmt"
	"io"
	"math"
	"os"
	"slices"
)

// defaultMaxBytes bounds the elements of one array where no option says otherwise.
const defaultMaxBytes = 4 << 30

// Option changes how arrays are read.
type Option func(*config)

// config is what the options set.
type config struct {
	maxBytes int64
}

// MaxBytes bounds the bytes of the elements of one array; the default is 4 GiB. More is an ErrLimit.
func MaxBytes(n int64) Option {
	return func(c *config) { c.maxBytes = n }
}

// newConfig applies options to the defaults. No array is larger than what an int counts.
func newConfig(opts []Option) config {
	c := config{maxBytes: defaultMaxBytes}
	for _, opt := range opts {
		opt(&c)
	}
	c.maxBytes = min(max(c.maxBytes, 0), math.MaxInt)
	return c
}

// Read reads one .npy file to its end: bytes after the last element are an error. Big-endian elements and
// Fortran order are turned into the Array's form.
func Read(r io.Reader, opts ...Option) (*Array, error) {
	return read(r, -1, newConfig(opts))
}

// ReadFile reads the .npy file of that name, which must be a regular file.
func ReadFile(name string, opts ...Option) (*Array, error) {
	f, size, err := openRegular(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return read(f, size, newConfig(opts))
}

// Decode reads one .npy file from its bytes. The array shares their memory where no conversion is needed.
func Decode(file []byte, opts ...Option) (*Array, error) {
	r := bytes.NewReader(file)
	h, err := readHeader(r, newConfig(opts).maxBytes)
	if err != nil {
		return nil, err
	}
	if err := h.checkLeft(int64(r.Len())); err != nil {
		return nil, err
	}
	data := file[len(file)-r.Len():]
	if h.swap {
		data = slices.Clone(data)
	}
	return h.array(data)
}

// openRegular opens a regular file and gives its size. Others are refused before they are opened: opening a
// pipe would wait for a writer.
func openRegular(name string) (*os.File, int64, error) {
	info, err := os.Stat(name)
	if err != nil {
		return nil, 0, fmt.Errorf("npy: %w", err)
	}
	if !info.Mode().IsRegular() {
		return nil, 0, formatf("%s is a %s, want a regular file", quote(name), info.Mode().Type())
	}
	f, err := os.Open(name)
	if err != nil {
		return nil, 0, fmt.Errorf("npy: %w", err)
	}
	return f, info.Size(), nil
}

// counter counts the bytes that were read through it.
type counter struct {
	r io.Reader
	n int64
}

// Read reads and counts.
func (c *counter) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	c.n += int64(n)
	return n, err
}

// read reads a file of a known size, or of an unknown one (-1).
func read(r io.Reader, fileSize int64, c config) (*Array, error) {
	cr := &counter{r: r}
	h, err := readHeader(cr, c.maxBytes)
	if err != nil {
		return nil, err
	}
	chunk := int64(firstChunk)
	if fileSize >= 0 {
		if err := h.checkLeft(fileSize - cr.n); err != nil {
			return nil, err
		}
		chunk = h.bytes
	}
	data, err := readElements(cr, h, chunk)
	if err != nil {
		return nil, err
	}
	return h.array(data)
}

// checkLeft compares the bytes left in the file with what the shape needs.
func (h header) checkLeft(left int64) error {
	if left != h.bytes {
		return formatf("shape %v of %s needs %d bytes, the file has %d", h.shape, h.name, h.bytes, left)
	}
	return nil
}

// firstChunk is what is allocated before any element was read, where the file's size is not known.
const firstChunk = 1 << 20

// readElements reads the elements and makes sure that nothing follows. It allocates the first chunk, and then
// at most as much as was already read, until the file has proved the size that its header declares.
func readElements(r io.Reader, h header, chunk int64) ([]byte, error) {
	data := make([]byte, min(h.bytes, chunk))
	for have := 0; ; {
		n, err := io.ReadFull(r, data[have:])
		if have += n; err != nil {
			if err == io.EOF || err == io.ErrUnexpectedEOF {
				return nil, h.checkLeft(int64(have))
			}
			return nil, readError("elements", err)
		}
		if int64(have) == h.bytes {
			return data, wantEnd(r, h)
		}
		data = append(data, make([]byte, min(h.bytes-int64(have), int64(have)))...)
	}
}

// wantEnd makes sure that the reader is at its end.
func wantEnd(r io.Reader, h header) error {
	var b [1]byte
	switch _, err := io.ReadFull(r, b[:]); err {
	case nil:
		return formatf("bytes follow the %d that shape %v of %s needs", h.bytes, h.shape, h.name)
	case io.EOF:
		return nil
	default:
		return readError("end", err)
	}
}

// array turns the file's elements into an Array. It may change data in place if the header asks for a swap.
func (h header) array(data []byte) (*Array, error) {
	if h.swap {
		swapBytes(data, h.unit)
	}
	if h.fortran {
		data = fromFortran(data, h.shape, h.size)
	}
	a := &Array{DType: h.name, Shape: h.shape, Data: data}
	if err := a.checkBools(h.dtype); err != nil {
		return nil, err
	}
	return a, nil
}
