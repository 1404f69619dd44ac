package onnx

import (
	"io/fs"
	"os"
)

// folder is where external data may be read from. Paths are relative, with slashes, and valid for fs.ValidPath.
type folder interface {
	lstat(path string) (fs.FileInfo, error) // does not follow a link at the end of the path
	open(path string) (fs.File, error)      // never blocks
	same(a, b fs.FileInfo) bool             // false if they are surely not of the same file
	Close() error
}

// rootFolder is a folder on disk; os.Root keeps every path inside, whatever links are made meanwhile.
type rootFolder struct {
	root *os.Root
}

func openRoot(dir string) (rootFolder, error) {
	root, err := os.OpenRoot(dir)
	return rootFolder{root}, err
}

func (r rootFolder) lstat(path string) (fs.FileInfo, error) { return r.root.Lstat(path) }
func (r rootFolder) same(a, b fs.FileInfo) bool             { return os.SameFile(a, b) }
func (r rootFolder) Close() error                           { return r.root.Close() }

func (r rootFolder) open(path string) (fs.File, error) {
	return r.root.OpenFile(path, os.O_RDONLY|openNonblock, 0)
}

// fsFolder is a file system given by the caller.
type fsFolder struct {
	fsys fs.FS
}

func (f fsFolder) lstat(path string) (fs.FileInfo, error) { return fs.Lstat(f.fsys, path) }
func (f fsFolder) open(path string) (fs.File, error)      { return f.fsys.Open(path) }
func (f fsFolder) Close() error                           { return nil }

func (f fsFolder) same(a, b fs.FileInfo) bool {
	return a.Size() == b.Size() && a.ModTime().Equal(b.ModTime())
}
