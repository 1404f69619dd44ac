package npy

import (
	"archive/zip"
	"compress/flate"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
)

// maxEntries bounds the arrays of one .npz file.
const maxEntries = 1024

// Archive gives the arrays of a .npz file by key, each read when it is asked for. Nothing is extracted to disk.
// It is safe for concurrent use.
type Archive struct {
	keys    []string
	entries map[string]*zip.File
	config  config
	close   func() error
}

// OpenZip reads the directory of a .npz file of size bytes. Its entries may be stored or deflated; two arrays
// of one name and more than 1,024 entries are errors. MaxBytes holds for each array.
func OpenZip(r io.ReaderAt, size int64, opts ...Option) (*Archive, error) {
	z, err := zip.NewReader(bounded{r, size}, size)
	if err != nil && !errors.Is(err, zip.ErrInsecurePath) { // names are keys here, never paths
		return nil, zipError("directory", err)
	}
	if len(z.File) > maxEntries {
		return nil, limitf("the archive has %d entries, want at most %d", len(z.File), maxEntries)
	}
	a := &Archive{entries: map[string]*zip.File{}, config: newConfig(opts), close: func() error { return nil }}
	for _, f := range z.File {
		if err := a.add(f); err != nil {
			return nil, err
		}
	}
	return a, nil
}

// bounded is a file whose every read must lie inside it: a directory may point anywhere.
type bounded struct {
	r    io.ReaderAt
	size int64
}

// ReadAt reads at an offset that a directory gave.
func (b bounded) ReadAt(p []byte, at int64) (int, error) {
	if at < 0 || at > b.size {
		return 0, formatf("the archive's directory points to byte %d of %d", at, b.size)
	}
	return b.r.ReadAt(p, at)
}

// OpenZipFile opens the .npz file of that name, which must be a regular file, until Close.
func OpenZipFile(name string, opts ...Option) (*Archive, error) {
	f, size, err := openRegular(name)
	if err != nil {
		return nil, err
	}
	a, err := OpenZip(f, size, opts...)
	if err != nil {
		f.Close()
		return nil, err
	}
	a.close = f.Close
	return a, nil
}

// add enters one file of the archive under its key.
func (a *Archive) add(f *zip.File) error {
	key := strings.TrimSuffix(f.Name, ".npy")
	if _, ok := a.entries[key]; ok {
		return formatf("the archive has two arrays named %s", quote(key))
	}
	if f.Flags&1 != 0 {
		return unsupportedf("array %s is encrypted", quote(key))
	}
	if f.Method != zip.Store && f.Method != zip.Deflate {
		return unsupportedf("array %s has compression method %d, want stored (0) or deflated (8)", quote(key), f.Method)
	}
	a.keys = append(a.keys, key)
	a.entries[key] = f
	return nil
}

// Keys gives the names of the arrays, without .npy, in the order of the file.
func (a *Archive) Keys() []string {
	return slices.Clone(a.keys)
}

// Read reads the array of that key.
func (a *Archive) Read(key string) (*Array, error) {
	f, ok := a.entries[key]
	if !ok {
		return nil, formatf("the archive has no array named %s, want one of %q", quote(key), a.someKeys())
	}
	array, err := a.readEntry(f)
	if err != nil {
		return nil, fmt.Errorf("array %s: %w", quote(key), err)
	}
	return array, nil
}

// Close closes the file that OpenZipFile opened.
func (a *Archive) Close() error {
	return a.close()
}

// someKeys gives as many keys as a message can hold.
func (a *Archive) someKeys() []string {
	return a.keys[:min(len(a.keys), 20)]
}

// readEntry reads one file of the archive to its end, so that its checksum is compared too. The declared size is
// not believed.
func (a *Archive) readEntry(f *zip.File) (*Array, error) {
	r, err := f.Open()
	if err != nil {
		return nil, zipError("entry", err)
	}
	defer r.Close()
	array, err := read(r, -1, a.config)
	if err != nil {
		return nil, zipError("entry", err)
	}
	return array, nil
}

// zipError turns what the zip and flate readers say about bad bytes into an ErrFormat.
func zipError(part string, err error) error {
	var corrupt flate.CorruptInputError
	switch {
	case errors.Is(err, ErrFormat), errors.Is(err, ErrLimit), errors.Is(err, ErrUnsupported):
		return err
	case errors.Is(err, zip.ErrFormat), errors.Is(err, zip.ErrChecksum), errors.As(err, &corrupt):
		return formatf("the archive's %s: %w", part, err)
	}
	return readError("archive's "+part, err)
}
