package npy

import (
	"archive/zip"
	"fmt"
	"io"
)

// ZipWriter writes a .npz file array by array.
type ZipWriter struct {
	z      *zip.Writer
	method uint16
	keys   map[string]bool
}

// NewZipWriter starts a .npz file of stored arrays, as numpy.savez writes it. Equal arrays under equal keys give
// equal bytes: no time and no machine is recorded.
func NewZipWriter(w io.Writer) *ZipWriter {
	return &ZipWriter{z: zip.NewWriter(w), method: zip.Store, keys: map[string]bool{}}
}

// Deflate makes the arrays written from now on deflated, as numpy.savez_compressed does.
func (w *ZipWriter) Deflate() {
	w.method = zip.Deflate
}

// Write adds an array under a key that the file does not have yet.
func (w *ZipWriter) Write(key string, a *Array) error {
	if _, err := a.check(); err != nil {
		return fmt.Errorf("array %s: %w", quote(key), err)
	}
	if w.keys[key] {
		return formatf("two arrays named %s for one archive", quote(key))
	}
	if len(w.keys) == maxEntries {
		return limitf("more than %d arrays for one archive", maxEntries)
	}
	w.keys[key] = true
	f, err := w.z.CreateHeader(w.fileHeader(key))
	if err != nil {
		return fmt.Errorf("npy: starting array %s: %w", quote(key), err)
	}
	return Write(f, a)
}

// Close writes the directory, without which the file is not valid. It does not close the underlying writer.
func (w *ZipWriter) Close() error {
	if err := w.z.Close(); err != nil {
		return fmt.Errorf("npy: writing the archive's directory: %w", err)
	}
	return nil
}

// zipEpoch is 1 January 1980, the first day that the zip format knows; NumPy writes it too.
const zipEpoch = 1<<5 | 1

// fileHeader describes the next entry. The date is set in its packed form: the other form adds a second one.
func (w *ZipWriter) fileHeader(key string) *zip.FileHeader {
	return &zip.FileHeader{Name: key + ".npy", Method: w.method, ModifiedDate: zipEpoch}
}
