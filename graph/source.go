package graph

import (
	"fmt"
	"hash/crc32"
	"io"
	"io/fs"
	"sync"

	"github.com/tconv/tconv/backend/cpu"
	"github.com/tconv/tconv/onnx"
	"github.com/tconv/tconv/ops"
)

// File is what a model is read from.
type File interface {
	io.ReaderAt
	io.Closer
	Stat() (fs.FileInfo, error)
}

// Source reads the large weights of a model from its file when somebody wants them:
// packed weights are larger than the file, and both together are what a process
// weighs. Its methods may be called from any goroutine.
type Source struct {
	open func() (File, error)

	mu      sync.Mutex
	file    File // nil while it is closed
	users   int  // that want it open
	weights []*weight
	scratch *cpu.Arena
}

// NewSource reads from files that open gives. They are closed when nobody wants
// weights.
func NewSource(open func() (File, error)) *Source { return &Source{open: open} }

// castagnoli is the polynomial for which processors have an instruction.
var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// Hold keeps the file open, once something was read of it, until Release.
func (s *Source) Hold() {
	if s == nil {
		return
	}
	s.mu.Lock()
	s.users++
	s.mu.Unlock()
}

// Release is the end of what Hold began.
func (s *Source) Release() {
	if s == nil {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.users--; s.users > 0 {
		return
	}
	if s.file != nil {
		s.file.Close() // it was only read
		s.file = nil
	}
	if s.scratch != nil {
		s.scratch.Close()
		s.scratch = nil
	}
}

// opened gives the file, for who holds the source.
func (s *Source) opened() (f File, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.file != nil {
		return s.file, nil
	}
	if f, err = s.open(); err != nil {
		return nil, err
	}
	s.file = f
	return f, nil
}

// Unmarshal reads the model; its large weights stay in the file.
func (s *Source) Unmarshal() (*onnx.Model, error) {
	s.Hold()
	defer s.Release()
	f, err := s.opened()
	if err != nil {
		return nil, err
	}
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	return onnx.UnmarshalFile(f, info.Size())
}

// Settle makes sure that all weights are those of the file as it is now: it reads what
// nobody wanted yet. The file may be closed afterwards.
func (s *Source) Settle() error {
	if s == nil {
		return nil
	}
	buf := make([]byte, settleBytes)
	for _, w := range s.weights {
		if err := w.settle(buf); err != nil {
			return err
		}
	}
	return nil
}

// settleBytes is how much Settle reads at a time: it stays in the second cache.
const settleBytes = 256 << 10

// ReadAt reads from the file, opening it if need be.
func (s *Source) ReadAt(dst []byte, off int64) (int, error) {
	s.Hold()
	defer s.Release()
	f, err := s.opened()
	if err != nil {
		return 0, err
	}
	return f.ReadAt(dst, off)
}

// tensor makes a constant of a tensor whose elements were left in the file.
func (s *Source) tensor(t *onnx.Tensor, shape ops.Shape) (*ops.Tensor, error) {
	w := &weight{source: s, name: t.Name, extent: *t.Left, word: wordSize(ops.DType(t.DataType))}
	s.weights = append(s.weights, w)
	return ops.Defer(ops.DType(t.DataType), shape, w.read)
}

// weight is a constant in the file.
type weight struct {
	source *Source
	name   string
	extent onnx.Extent
	word   int // bytes of a number

	mu    sync.Mutex
	known bool // sum is that of the file as it was opened
	sum   uint32
}

// read fills dst with the elements and checks that they are those of before.
func (w *weight) read(dst []byte) error {
	if err := w.readAt(dst, 0); err != nil {
		return err
	}
	sum := crc32.Checksum(dst, castagnoli)
	if !littleEndian {
		swapBytes(dst, w.word)
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.known && w.sum != sum {
		return w.changed()
	}
	w.known, w.sum = true, sum
	return nil
}

// readAt reads from the file.
func (w *weight) readAt(dst []byte, at int64) error {
	n, err := w.source.ReadAt(dst, w.extent.Offset+at)
	switch {
	case n == len(dst):
		return nil
	case err == nil || err == io.EOF:
		return w.changed()
	}
	return fmt.Errorf("reading the weights %s: %w", quote(w.name), err)
}

// settle notes the sum of weights that nobody read yet.
func (w *weight) settle(buf []byte) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.known {
		return nil
	}
	for at := int64(0); at < w.extent.Size; at += int64(len(buf)) {
		buf = buf[:min(int64(len(buf)), w.extent.Size-at)]
		if err := w.readAt(buf, at); err != nil {
			return err
		}
		w.sum = crc32.Update(w.sum, castagnoli, buf)
	}
	w.known = true
	return nil
}

func (w *weight) changed() error {
	return fmt.Errorf("%w: the weights %s changed in the model's file since it was opened", ErrInvalidModel, quote(w.name))
}

// lend gives memory for weights that are packed at once. It is valid until the next
// call, by whoever compiles a plan: one goroutine at a time.
func (s *Source) lend(size int) []byte {
	if s.scratch == nil || s.scratch.Len() < size {
		if s.scratch != nil {
			s.scratch.Close()
			s.scratch = nil
		}
		scratch, err := cpu.NewScratch(size)
		if err != nil {
			return make([]byte, size)
		}
		s.scratch = scratch
	}
	return s.scratch.Bytes(0, size)
}
