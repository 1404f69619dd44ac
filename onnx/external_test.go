package onnx

import (
	"archive/zip"
	"bytes"
	"crypto/sha1"
	"encoding/hex"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/require"
)

// at is the external_data of a file, followed by pairs of a key and a value.
func at(path string, pairs ...string) []StringEntry {
	entries := []StringEntry{{"location", path}}
	for i := 0; i < len(pairs); i += 2 {
		entries = append(entries, StringEntry{pairs[i], pairs[i+1]})
	}
	return entries
}

// externalTensor has n elements of one byte.
func externalTensor(n int64, entries []StringEntry) *Tensor {
	return &Tensor{Name: "W", DataType: Uint8, Dims: []int64{n}, DataLocation: LocationExternal, External: entries}
}

// modelFolder is a folder with files to use and to stay away from.
func modelFolder(t *testing.T) string {
	t.Helper()
	parent := t.TempDir()
	dir := filepath.Join(parent, "model")
	require.NoError(t, os.MkdirAll(filepath.Join(dir, "sub", "folder"), 0o700))
	for path, content := range map[string]string{
		"w.bin":          "0123456789",
		"sub/w.bin":      "abcdef",
		"empty.bin":      "",
		"bool.bin":       "\x00\x01\x02",
		"..hidden":       "hid",
		"../outside.bin": "secret",
	} {
		require.NoError(t, os.WriteFile(filepath.Join(dir, filepath.FromSlash(path)), []byte(content), 0o600))
	}
	return dir
}

func sha1Of(s string) string {
	sum := sha1.Sum([]byte(s))
	return hex.EncodeToString(sum[:])
}

// externalCase is external data of n bytes, and what reading it gives: bytes or an error.
type externalCase struct {
	name    string
	n       int64
	entries []StringEntry
	want    string
	kind    error
	text    string
}

var externalCases = []externalCase{
	{name: "whole file", n: 10, entries: at("w.bin"), want: "0123456789"},
	{name: "offset", n: 7, entries: at("w.bin", "offset", "3"), want: "3456789"},
	{name: "offset and length", n: 2, entries: at("w.bin", "offset", "3", "length", "2"), want: "34"},
	{name: "overlapping range", n: 3, entries: at("w.bin", "offset", "4", "length", "3"), want: "456"},
	{name: "leading zeros", n: 2, entries: at("w.bin", "offset", "0003", "length", "02"), want: "34"},
	{name: "nothing at the end", n: 0, entries: at("w.bin", "offset", "10", "length", "0"), want: ""},
	{name: "empty file", n: 0, entries: at("empty.bin"), want: ""},
	{name: "below a folder", n: 6, entries: at("sub/w.bin"), want: "abcdef"},
	{name: "dots that mean nothing", n: 6, entries: at("./sub/.//w.bin"), want: "abcdef"},
	{name: "name that starts with dots", n: 3, entries: at("..hidden"), want: "hid"},
	{name: "unknown keys", n: 10, entries: at("w.bin", "basepath", "/etc", "prepacked", "x"), want: "0123456789"},
	{name: "checksum", n: 2, entries: at("w.bin", "length", "2", "checksum", sha1Of("0123456789")), want: "01"},
	{name: "checksum in capitals", n: 10, entries: at("w.bin", "checksum", strings.ToUpper(sha1Of("0123456789"))), want: "0123456789"},

	{name: "no entries", n: 1, kind: ErrMalformed, text: "no location"},
	{name: "no location", n: 1, entries: []StringEntry{{"offset", "0"}}, kind: ErrMalformed, text: "no location"},
	{name: "empty location", n: 1, entries: at(""), kind: ErrMalformed, text: "location of external data is empty"},
	{name: "long location", n: 1, entries: at(strings.Repeat("a/", 3000) + "w"), kind: ErrLimit, text: "want at most 4096"},
	{name: "name too long for the disk", n: 1, entries: at(strings.Repeat("a", 1000)), kind: errAny, text: "external data"},
	{name: "parent", n: 6, entries: at("../outside.bin"), kind: ErrExternal, text: `has ".."`},
	{name: "parent in the middle", n: 10, entries: at("sub/../w.bin"), kind: ErrExternal, text: `has ".."`},
	{name: "parent of a folder that does not exist", n: 10, entries: at("none/../w.bin"), kind: ErrExternal, text: `has ".."`},
	{name: "only parent", n: 1, entries: at(".."), kind: ErrExternal, text: `has ".."`},
	{name: "folder itself", n: 1, entries: at("."), kind: ErrExternal, text: "is no file name"},
	{name: "absolute", n: 1, entries: at("/etc/passwd"), kind: ErrExternal, text: "is absolute"},
	{name: "double slash", n: 1, entries: at("//host/share/f"), kind: ErrExternal, text: "is absolute"},
	{name: "slash at the end", n: 10, entries: at("w.bin/"), kind: ErrExternal, text: "ends in a slash"},
	{name: "backslash", n: 6, entries: at(`..\outside.bin`), kind: ErrExternal, text: "backslash"},
	{name: "backslash below", n: 6, entries: at(`sub\w.bin`), kind: ErrExternal, text: "backslash"},
	{name: "drive", n: 1, entries: at("C:/w.bin"), kind: ErrExternal, text: "colon"},
	{name: "drive, relative", n: 1, entries: at("C:w.bin"), kind: ErrExternal, text: "colon"},
	{name: "stream", n: 1, entries: at("w.bin:secret"), kind: ErrExternal, text: "colon"},
	{name: "URL", n: 1, entries: at("file:///etc/passwd"), kind: ErrExternal, text: "colon"},
	{name: "NUL", n: 10, entries: at("w.bin\x00.txt"), kind: ErrExternal, text: "NUL"},
	{name: "NUL alone", n: 1, entries: at("\x00"), kind: ErrExternal, text: "NUL"},
	{name: "no such file", n: 1, entries: at("none.bin"), kind: fs.ErrNotExist, text: `external data "none.bin"`},
	{name: "no such folder", n: 1, entries: at("none/w.bin"), kind: fs.ErrNotExist, text: "external data"},
	{name: "folder", n: 1, entries: at("sub"), kind: ErrExternal, text: "it is a folder, want a regular file"},
	{name: "file used as a folder", n: 1, entries: at("w.bin/x"), kind: ErrExternal, text: `"w.bin" is a regular file, want a folder`},
	{name: "negative offset", n: 1, entries: at("w.bin", "offset", "-1"), kind: ErrMalformed, text: `offset of external data is "-1"`},
	{name: "negative length", n: 1, entries: at("w.bin", "length", "-1"), kind: ErrMalformed, text: `length of external data is "-1"`},
	{name: "offset with sign", n: 1, entries: at("w.bin", "offset", "+1"), kind: ErrMalformed, text: "want a decimal number"},
	{name: "offset in hexadecimal", n: 1, entries: at("w.bin", "offset", "0x1"), kind: ErrMalformed, text: "want a decimal number"},
	{name: "offset with space", n: 1, entries: at("w.bin", "offset", " 1"), kind: ErrMalformed, text: "want a decimal number"},
	{name: "offset with point", n: 1, entries: at("w.bin", "offset", "1.0"), kind: ErrMalformed, text: "want a decimal number"},
	{name: "offset with underscore", n: 1, entries: at("w.bin", "offset", "1_0"), kind: ErrMalformed, text: "want a decimal number"},
	{name: "empty offset", n: 1, entries: at("w.bin", "offset", ""), kind: ErrMalformed, text: "want a decimal number"},
	{name: "offset of 2^63", n: 1, entries: at("w.bin", "offset", "9223372036854775808"), kind: ErrMalformed, text: "want a decimal number"},
	{name: "offset of 2^64", n: 1, entries: at("w.bin", "offset", "18446744073709551616"), kind: ErrMalformed, text: "want a decimal number"},
	{name: "offset and length overflow", n: 2, entries: at("w.bin", "offset", "9223372036854775807", "length", "2"), kind: ErrExternal,
		text: "offset is 9223372036854775807, want at most the file's 10 bytes"},
	{name: "offset past the end", n: 0, entries: at("w.bin", "offset", "11"), kind: ErrExternal, text: "offset is 11, want at most"},
	{name: "range past the end", n: 3, entries: at("w.bin", "offset", "8", "length", "3"), kind: ErrExternal,
		text: "3 bytes from offset 8 reach past the file's 10 bytes"},
	{name: "huge tensor", n: 1 << 40, entries: at("w.bin"), kind: errAny, text: "tensor"},
	{name: "huge length", n: 1, entries: at("w.bin", "length", "9223372036854775807"), kind: ErrMalformed, text: "want 1 for UINT8 [1]"},
	{name: "length of another size", n: 3, entries: at("w.bin", "length", "4"), kind: ErrMalformed, text: "length of external data is 4, want 3"},
	{name: "rest of another size", n: 6, entries: at("w.bin", "offset", "3"), kind: ErrExternal, text: "there are 7 bytes from offset 3"},
	{name: "location twice", n: 10, entries: at("w.bin", "location", "w.bin"), kind: ErrMalformed, text: `the key "location" twice`},
	{name: "offset twice", n: 10, entries: at("w.bin", "offset", "0", "offset", "0"), kind: ErrMalformed, text: `the key "offset" twice`},
	{name: "unknown key twice", n: 10, entries: at("w.bin", "x", "0", "x", "0"), kind: ErrMalformed, text: `the key "x" twice`},
	{name: "wrong checksum", n: 10, entries: at("w.bin", "checksum", sha1Of("")), kind: ErrExternal, text: "the checksum of the file is " + sha1Of("0123456789")},
	{name: "no checksum", n: 10, entries: at("w.bin", "checksum", "abc"), kind: ErrMalformed, text: "want the 40 hexadecimal digits"},
	{name: "checksum of other letters", n: 10, entries: at("w.bin", "checksum", strings.Repeat("g", 40)), kind: ErrMalformed, text: "hexadecimal"},
}

// errAny stands for an error of any kind: it depends on the system.
var errAny error

func TestExternal(t *testing.T) {
	dir := modelFolder(t)
	x, err := OpenExternalData(dir, ExternalOptions{})
	require.NoError(t, err)
	defer func() { require.NoError(t, x.Close()) }()
	checkExternal(t, x, externalCases)
}

func checkExternal(t *testing.T, x *ExternalData, cases []externalCase) {
	t.Helper()
	for _, test := range cases {
		t.Run(test.name, func(t *testing.T) {
			got, err := x.Bytes(externalTensor(test.n, test.entries))
			if test.text == "" {
				require.NoError(t, err)
				require.Equal(t, test.want, string(got))
				return
			}
			require.ErrorContains(t, err, `onnx: tensor "W": `)
			require.ErrorContains(t, err, test.text)
			if test.kind != errAny {
				require.ErrorIs(t, err, test.kind)
			}
		})
	}
}

// TestExternalFS runs the same cases on the same files in a file system, as a folder and as a zip, whose files can only
// be read from the start.
func TestExternalFS(t *testing.T) {
	dir := modelFolder(t)
	t.Run("DirFS", func(t *testing.T) {
		checkExternal(t, NewExternalData(os.DirFS(dir), ExternalOptions{}), externalCases)
	})
	var archive bytes.Buffer
	w := zip.NewWriter(&archive)
	require.NoError(t, w.AddFS(os.DirFS(dir)))
	require.NoError(t, w.Close())
	r, err := zip.NewReader(bytes.NewReader(archive.Bytes()), int64(archive.Len()))
	require.NoError(t, err)
	t.Run("zip", func(t *testing.T) {
		checkExternal(t, NewExternalData(r, ExternalOptions{}), externalCases)
	})
	t.Run("zip over the limit", func(t *testing.T) {
		_, err := NewExternalData(r, ExternalOptions{MaxBytes: 9}).Bytes(externalTensor(1, at("w.bin", "length", "1")))
		require.ErrorIs(t, err, ErrLimit)
		require.ErrorContains(t, err, "the file takes 10 bytes of memory, want at most 9")
	})
}

func TestExternalRefusedWithoutFolder(t *testing.T) {
	var x *ExternalData
	_, err := x.Bytes(externalTensor(10, at("w.bin")))
	require.ErrorIs(t, err, ErrExternal)
	require.ErrorContains(t, err, `the data is in the file "w.bin", which may not be read: want the model opened from a folder`)
	_, err = externalTensor(10, at("w.bin")).Bytes()
	require.ErrorIs(t, err, ErrExternal)
	got, err := x.Bytes(&Tensor{DataType: Uint8, RawData: []byte{7}})
	require.NoError(t, err)
	require.Equal(t, []byte{7}, got)
	require.NoError(t, x.Close())
}

func TestExternalTensorErrors(t *testing.T) {
	x := NewExternalData(fstest.MapFS{"f": {Data: []byte{0, 1, 2}}}, ExternalOptions{MaxBytes: 4})
	tests := map[string]Tensor{
		"the data is in another file and in the model": {DataType: Uint8, Dims: []int64{3}, RawData: []byte{}},
		"another file and in the model, want only one": {DataType: Uint8, Dims: []int64{3}, Int32Data: []int32{1, 2, 3}},
		"elements are given in float_data":             {DataType: Uint8, Dims: []int64{3}, FloatData: []float32{1}},
		"data_type is STRING":                          {DataType: String, Dims: []int64{3}},
		"data_type is UNDEFINED":                       {},
		"segment":                                      {DataType: Uint8, Dims: []int64{3}, Segment: &Segment{}},
		"dimension 0 is -3":                            {DataType: Uint8, Dims: []int64{-3}},
		"BOOL element 2 is 2":                          {DataType: Bool, Dims: []int64{3}},
		"the data takes 5 bytes, want at most 4":       {DataType: Uint8, Dims: []int64{5}},
	}
	for want, tensor := range tests {
		t.Run(want, func(t *testing.T) {
			tensor.Name, tensor.DataLocation, tensor.External = "W", LocationExternal, at("f")
			_, err := x.Bytes(&tensor)
			require.ErrorContains(t, err, `onnx: tensor "W": `)
			require.ErrorContains(t, err, want)
		})
	}
}

func TestExternalFileChanged(t *testing.T) {
	dir := modelFolder(t)
	path := filepath.Join(dir, "w.bin")
	x, err := OpenExternalData(dir, ExternalOptions{})
	require.NoError(t, err)
	defer x.Close()
	read := func() error {
		_, err := x.Bytes(externalTensor(4, at("w.bin", "length", "4")))
		return err
	}
	require.NoError(t, read())
	require.NoError(t, read(), "the same file may be read again")

	require.NoError(t, os.WriteFile(path, []byte("another size"), 0o600))
	err = read()
	require.ErrorIs(t, err, ErrExternal)
	require.ErrorContains(t, err, "the file has changed since it was first read")

	require.NoError(t, os.Remove(path))
	require.ErrorIs(t, read(), fs.ErrNotExist)
}

func TestExternalFileReplaced(t *testing.T) {
	dir := modelFolder(t)
	path, other := filepath.Join(dir, "w.bin"), filepath.Join(dir, "other.bin")
	require.NoError(t, os.WriteFile(other, []byte("ABCDEFGHIJ"), 0o600))
	x, err := OpenExternalData(dir, ExternalOptions{})
	require.NoError(t, err)
	defer x.Close()
	_, err = x.Bytes(externalTensor(10, at("w.bin")))
	require.NoError(t, err)

	info, err := os.Stat(path)
	require.NoError(t, err)
	require.NoError(t, os.Rename(other, path))
	require.NoError(t, os.Chtimes(path, info.ModTime(), info.ModTime()))
	_, err = x.Bytes(externalTensor(10, at("w.bin")))
	require.ErrorContains(t, err, "the file has changed since it was first read", "same size and time, but another file")
}

// swapFolder replaces the file between the look at it and its opening.
type swapFolder struct {
	folder
	swap func()
}

func (s swapFolder) open(path string) (fs.File, error) {
	s.swap()
	return s.folder.open(path)
}

func TestExternalSwappedWhileOpening(t *testing.T) {
	dir := modelFolder(t)
	root, err := openRoot(dir)
	require.NoError(t, err)
	path, other := filepath.Join(dir, "w.bin"), filepath.Join(dir, "other.bin")
	require.NoError(t, os.WriteFile(other, []byte("ABCDEFGHIJ"), 0o600))
	x := newExternalData(swapFolder{root, func() { require.NoError(t, os.Rename(other, path)) }}, ExternalOptions{})
	defer x.Close()
	_, err = x.Bytes(externalTensor(10, at("w.bin")))
	require.ErrorIs(t, err, ErrExternal)
	require.ErrorContains(t, err, "replaced while it was opened")
}

// lyingFS has one file that says to be larger than it is, and cannot be read at an offset.
type lyingFS struct{ size int64 }

type lyingFile struct {
	io.Reader
	fs.FileInfo
	size int64
}

func (l lyingFS) Open(name string) (fs.File, error) {
	info, err := fstest.MapFS{name: {}}.Stat(name)
	return lyingFile{strings.NewReader("1234"), info, l.size}, err
}

func (f lyingFile) Stat() (fs.FileInfo, error) { return f, nil }
func (f lyingFile) Size() int64                { return f.size }
func (f lyingFile) Close() error               { return nil }

func TestExternalLyingSize(t *testing.T) {
	for _, size := range []int64{3, 5, 1 << 62} {
		var err error
		got := allocatedBy(func() {
			_, err = NewExternalData(lyingFS{size}, ExternalOptions{}).Bytes(externalTensor(2, at("f", "length", "2")))
		})
		require.ErrorIs(t, err, ErrExternal)
		require.ErrorContains(t, err, "does not have the "+strconv.FormatInt(size, 10)+" bytes that it says")
		require.Less(t, got, uint64(1<<20))
	}
}

func TestExternalNoSuchFolder(t *testing.T) {
	_, err := OpenExternalData(filepath.Join(t.TempDir(), "none"), ExternalOptions{})
	require.ErrorIs(t, err, fs.ErrNotExist)
}

func TestExternalClosed(t *testing.T) {
	x, err := OpenExternalData(modelFolder(t), ExternalOptions{})
	require.NoError(t, err)
	require.NoError(t, x.Close())
	_, err = x.Bytes(externalTensor(10, at("w.bin")))
	require.ErrorIs(t, err, fs.ErrClosed)
}

// TestExternalConcurrent is for the race detector.
func TestExternalConcurrent(t *testing.T) {
	x, err := OpenExternalData(modelFolder(t), ExternalOptions{})
	require.NoError(t, err)
	defer x.Close()
	errs := make(chan error)
	for i := range 8 {
		go func() {
			_, err := x.Bytes(externalTensor(1, at("w.bin", "offset", strconv.Itoa(i), "length", "1", "checksum", sha1Of("0123456789"))))
			errs <- err
		}()
	}
	for range 8 {
		require.NoError(t, <-errs)
	}
}
