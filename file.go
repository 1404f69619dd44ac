package tconv

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"

	"github.com/tconv/tconv/graph"
)

// openModelFile opens a regular file.
func openModelFile(path string) (graph.File, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, ioError(path, err)
	}
	if err := checkRegular(info); err != nil {
		return nil, ioError(path, err)
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, ioError(path, err)
	}
	return namedFile{f, path}, nil
}

// checkRegular refuses what is no regular file.
func checkRegular(info fs.FileInfo) error {
	if info.IsDir() {
		return errors.New("is a folder, want a model file")
	}
	if !info.Mode().IsRegular() {
		return fmt.Errorf("is %v, want a regular file", info.Mode().Type())
	}
	return nil
}

// openFSFile opens a file of a file system. One that cannot be read at any place, in a
// zip, is read whole.
func openFSFile(fsys fs.FS, name string) (graph.File, error) {
	f, err := fsys.Open(name)
	if err != nil {
		return nil, ioError(name, err)
	}
	info, err := f.Stat()
	if err == nil {
		err = checkRegular(info)
	}
	if file, ok := f.(graph.File); ok && err == nil {
		return namedFile{file, name}, nil
	}
	defer f.Close()
	if err != nil {
		return nil, ioError(name, err)
	}
	data, err := io.ReadAll(f)
	if err != nil {
		return nil, ioError(name, err)
	}
	return memoryFile{bytes.NewReader(data), sized{info, int64(len(data))}}, nil
}

// namedFile is a file whose errors are of the kind [ErrIO].
type namedFile struct {
	graph.File
	path string
}

func (f namedFile) ReadAt(dst []byte, off int64) (int, error) {
	n, err := f.File.ReadAt(dst, off)
	if err != nil && err != io.EOF {
		err = ioError(f.path, err)
	}
	return n, err
}

func (f namedFile) Stat() (fs.FileInfo, error) {
	info, err := f.File.Stat()
	if err != nil {
		return nil, ioError(f.path, err)
	}
	return info, nil
}

// memoryFile is a file that was read whole.
type memoryFile struct {
	*bytes.Reader
	info fs.FileInfo
}

// Stat gives what was known of the file when it was read.
func (f memoryFile) Stat() (fs.FileInfo, error) { return f.info, nil }

// Close does nothing: the file is closed already.
func (memoryFile) Close() error { return nil }

// sized is what is known of a file, with the size that it turned out to have.
type sized struct {
	fs.FileInfo
	size int64
}

func (s sized) Size() int64 { return s.size }
