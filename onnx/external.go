package onnx

import (
	"bytes"
	"crypto/sha1"
	"encoding/hex"
	"fmt"
	"io"
	"io/fs"
	"math"
	"strings"
	"sync"
)

// ExternalData gives the elements of tensors whose data is in files beside the model. It is the only place that opens a
// file because a model says so, and it trusts neither the model nor the files:
//
//   - only files below one folder, named by a plain relative path without "..", backslash, colon or NUL
//   - only regular files, and no symbolic link on the way, so that neither a FIFO nor a device is ever opened
//   - no file with several hard links, unless ExternalOptions allows it
//   - offset and length inside the file, and the length exactly what type and shape of the tensor need, before anything
//     is allocated
//   - a file that was replaced or changed since it was first used is an error
//
// Only the range of a tensor is read, unless the file system can only read files from the start; such files are kept in
// memory. A nil *ExternalData is valid and refuses external data. All methods may be called concurrently.
type ExternalData struct {
	folder folder
	opt    ExternalOptions

	mu    sync.Mutex
	files map[string]*externalFile // by cleaned location
}

// ExternalOptions says what files a model may use. The zero value is the strictest.
type ExternalOptions struct {
	// AllowHardLinks accepts files with several hard links, which package managers and build caches make. A hard link in
	// the model's folder may show a file from anywhere on the same disk.
	AllowHardLinks bool
	// MaxBytes is how long the data of one tensor may be, and a file that is kept in memory; 0 is no limit.
	MaxBytes int64
}

// externalFile is what is remembered about a file between reads.
type externalFile struct {
	info  fs.FileInfo // when it was first used
	sha1  string      // of the contents, in hexadecimal; empty until asked for
	whole []byte      // the contents, if the file is not an io.ReaderAt; else nil
}

// OpenExternalData allows external data below a folder, which is the one that the model file is in.
func OpenExternalData(dir string, opt ExternalOptions) (*ExternalData, error) {
	root, err := openRoot(dir)
	if err != nil {
		return nil, fmt.Errorf("onnx: folder of external data: %w", err)
	}
	return newExternalData(root, opt), nil
}

// NewExternalData allows external data in a file system. For a folder on disk, OpenExternalData is safer: os.DirFS
// cannot rule out that a link is put in place between check and use.
func NewExternalData(fsys fs.FS, opt ExternalOptions) *ExternalData {
	return newExternalData(fsFolder{fsys}, opt)
}

func newExternalData(f folder, opt ExternalOptions) *ExternalData {
	return &ExternalData{folder: f, opt: opt, files: make(map[string]*externalFile)}
}

// Close releases the folder and what is kept in memory. Bytes must not be called afterwards.
func (x *ExternalData) Close() error {
	if x == nil {
		return nil
	}
	x.mu.Lock()
	defer x.mu.Unlock()
	x.files = nil
	return x.folder.Close()
}

// Bytes gives the elements of any tensor as [Tensor.Bytes] does, from the file if the data is external. The bytes must not be
// changed: they may be those of the model.
func (x *ExternalData) Bytes(t *Tensor) ([]byte, error) {
	if t.DataLocation != LocationExternal {
		return t.Bytes()
	}
	b, err := x.read(t)
	if err == nil {
		err = checkElements(t.DataType, b)
	}
	if err != nil {
		return nil, &TensorError{t.Name, err}
	}
	return b, nil
}

func (x *ExternalData) read(t *Tensor) ([]byte, error) {
	loc, size, err := t.location()
	if err != nil {
		return nil, err
	}
	if x == nil {
		return nil, refused("the data is in the file %s, which may not be read: "+
			"want the model opened from a folder, or a file system given with it", quote(loc.path))
	}
	if x.opt.MaxBytes > 0 && size > x.opt.MaxBytes {
		return nil, overLimit("the data takes %d bytes, want at most %d", size, x.opt.MaxBytes)
	}
	x.mu.Lock()
	defer x.mu.Unlock()
	b, err := x.readFile(loc, size)
	if err != nil {
		return nil, fmt.Errorf("external data %s: %w", quote(loc.path), err)
	}
	return b, nil
}

// location checks everything about external data that can be known without a file, and gives the place and the number of
// bytes.
func (t *Tensor) location() (location, int64, error) {
	size, err := denseSize(t.DataType, t.Dims)
	if err != nil {
		return location{}, 0, err
	}
	if err := t.checkSource(); err != nil {
		return location{}, 0, err
	}
	if t.RawData != nil || t.typedLen(dataTypes[t.DataType].data) > 0 {
		return location{}, 0, malformed("the data is in another file and in the model, want only one")
	}
	loc, err := parseLocation(t.External)
	if err != nil {
		return location{}, 0, err
	}
	if loc.length != restOfFile && loc.length != size {
		return location{}, 0, malformed("length of external data is %d, want %d for %v %d",
			loc.length, size, t.DataType, t.Dims)
	}
	return loc, size, nil
}

// readFile opens the file and reads size bytes of it.
func (x *ExternalData) readFile(loc location, size int64) ([]byte, error) {
	if x.files == nil {
		return nil, fs.ErrClosed
	}
	f, info, err := x.open(loc.path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	file, err := x.remember(loc.path, info)
	if err != nil {
		return nil, err
	}
	if err := loc.check(size, info.Size()); err != nil {
		return nil, err
	}
	r, err := x.readerAt(f, file)
	if err != nil {
		return nil, err
	}
	if err := file.verify(loc.sha1, r); err != nil {
		return nil, err
	}
	b := make([]byte, size)
	if _, err := io.ReadFull(io.NewSectionReader(r, loc.offset, size), b); err != nil {
		return nil, err
	}
	return b, nil
}

// open opens a regular file. It is looked at before it is opened, because opening a device or a FIFO has effects, and
// afterwards, because it may have been replaced in between.
func (x *ExternalData) open(path string) (fs.File, fs.FileInfo, error) {
	before, err := x.lookUp(path)
	if err != nil {
		return nil, nil, err
	}
	f, err := x.folder.open(path)
	if err != nil {
		return nil, nil, err
	}
	info, err := f.Stat()
	if err == nil {
		err = x.checkOpened(f, before, info)
	}
	if err != nil {
		f.Close()
		return nil, nil, err
	}
	return f, info, nil
}

// lookUp walks down to a file and refuses everything on the way that is not a folder, and at the end what is not a
// regular file.
func (x *ExternalData) lookUp(path string) (fs.FileInfo, error) {
	for i, c := range path {
		if c != '/' {
			continue
		}
		info, err := x.folder.lstat(path[:i])
		if err != nil {
			return nil, err
		}
		if !info.IsDir() {
			return nil, refused("%s is %s, want a folder", quote(path[:i]), describeMode(info.Mode()))
		}
	}
	info, err := x.folder.lstat(path)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, refused("it is %s, want a regular file", describeMode(info.Mode()))
	}
	return info, nil
}

// checkOpened compares an open file with what was there before it was opened.
func (x *ExternalData) checkOpened(f fs.File, before, info fs.FileInfo) error {
	if !info.Mode().IsRegular() {
		return refused("it is %s, want a regular file", describeMode(info.Mode()))
	}
	if !x.folder.same(before, info) {
		return refused("the file was replaced while it was opened")
	}
	if n := linkCount(f, info); n > 1 && !x.opt.AllowHardLinks {
		return refused("the file has %d hard links, want 1: copy it, or allow hard links (AllowHardLinks)", n)
	}
	return nil
}

// remember compares a file with what it was when it was first used.
func (x *ExternalData) remember(path string, info fs.FileInfo) (*externalFile, error) {
	file := x.files[path]
	if file == nil {
		file = &externalFile{info: info}
		x.files[path] = file
		return file, nil
	}
	unchanged := file.info.Size() == info.Size() && file.info.ModTime().Equal(info.ModTime())
	if !unchanged || !x.folder.same(file.info, info) {
		return nil, refused("the file has changed since it was first read")
	}
	return file, nil
}

// readerAt gives access to ranges of an open file: its own, or to its contents in memory.
func (x *ExternalData) readerAt(f fs.File, file *externalFile) (io.ReaderAt, error) {
	if r, ok := f.(io.ReaderAt); ok {
		return r, nil
	}
	if file.whole == nil {
		b, err := x.readWhole(f, file.info.Size())
		if err != nil {
			return nil, err
		}
		file.whole = b
	}
	return bytes.NewReader(file.whole), nil
}

// readWhole reads a file that says to have size bytes. Memory grows with what is really there.
func (x *ExternalData) readWhole(f io.Reader, size int64) ([]byte, error) {
	if limit := x.opt.MaxBytes; limit > 0 && size > limit {
		return nil, overLimit("the file takes %d bytes of memory, want at most %d", size, limit)
	}
	b, err := io.ReadAll(io.LimitReader(f, min(size, math.MaxInt64-1)+1))
	if err != nil {
		return nil, err
	}
	if int64(len(b)) != size {
		return nil, refused("the file does not have the %d bytes that it says to have", size)
	}
	return b, nil
}

// verify compares the SHA-1 of the whole file with the one that the model gives, if it gives one.
func (file *externalFile) verify(want string, r io.ReaderAt) error {
	if want == "" {
		return nil
	}
	if file.sha1 == "" {
		sum := sha1.New()
		if _, err := io.Copy(sum, io.NewSectionReader(r, 0, file.info.Size())); err != nil {
			return err
		}
		file.sha1 = hex.EncodeToString(sum.Sum(nil))
	}
	if !strings.EqualFold(file.sha1, want) {
		return refused("the checksum of the file is %s, want %s", file.sha1, want)
	}
	return nil
}

// describeMode says what a file is that is not a regular one.
func describeMode(mode fs.FileMode) string {
	switch {
	case mode.IsRegular():
		return "a regular file"
	case mode.IsDir():
		return "a folder"
	case mode&fs.ModeSymlink != 0:
		return "a symbolic link"
	case mode&fs.ModeNamedPipe != 0:
		return "a FIFO"
	case mode&fs.ModeSocket != 0:
		return "a socket"
	default:
		return "a device or another special file"
	}
}
