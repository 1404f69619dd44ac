package npy

import (
	"archive/zip"
	"bytes"
	"encoding/binary"
	"fmt"
	"runtime"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// open opens an archive from its bytes.
func open(b []byte, opts ...Option) (*Archive, error) {
	return OpenZip(bytes.NewReader(b), int64(len(b)), opts...)
}

// archive writes a zip file of entries with these names and contents, as no ZipWriter would.
func archive(t *testing.T, method uint16, entries ...[2]string) []byte {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for _, e := range entries {
		w, err := z.CreateHeader(&zip.FileHeader{Name: e[0], Method: method})
		require.NoError(t, err)
		_, err = w.Write([]byte(e[1]))
		require.NoError(t, err)
	}
	require.NoError(t, z.Close())
	return b.Bytes()
}

func TestZipRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		keys := rapid.SliceOfNDistinct(rapid.StringMatching(`[a-z:/.\\é]{0,8}`), 0, 5, rapid.ID).Draw(t, "keys")
		deflate := rapid.Bool().Draw(t, "deflate")
		arrays := map[string]*Array{}
		write := func() []byte {
			var b bytes.Buffer
			w := NewZipWriter(&b)
			if deflate {
				w.Deflate()
			}
			for _, key := range keys {
				require.NoError(t, w.Write(key, arrays[key]))
			}
			require.NoError(t, w.Close())
			return b.Bytes()
		}
		for _, key := range keys {
			arrays[key] = drawArray(t)
		}
		file := write()
		require.Equal(t, file, write(), "equal arrays, other bytes")
		a, err := open(file)
		require.NoError(t, err)
		require.Equal(t, len(keys), len(a.Keys()))
		for i, key := range keys {
			require.Equal(t, key, a.Keys()[i])
			got, err := a.Read(key)
			require.NoError(t, err)
			require.Equal(t, arrays[key].Data, got.Data)
		}
	})
}

func TestZipErrors(t *testing.T) {
	npy := string(golden(t, "f4.npy"))
	a, err := open(archive(t, zip.Store, [2]string{"x.npy", npy}, [2]string{"notes.txt", "hello"}))
	require.NoError(t, err)
	_, err = a.Read("y")
	require.ErrorContains(t, err, `no array named "y", want one of ["x" "notes.txt"]`)
	_, err = a.Read("notes.txt")
	require.ErrorIs(t, err, ErrFormat)

	_, err = open(archive(t, zip.Store, [2]string{"x.npy", npy}, [2]string{"x.npy", npy}))
	require.ErrorContains(t, err, `two arrays named "x"`)
	_, err = open(archive(t, zip.Store, [2]string{"x.npy", npy}, [2]string{"x", npy}))
	require.ErrorIs(t, err, ErrFormat)
	_, err = open([]byte("no archive"))
	require.ErrorIs(t, err, ErrFormat)
	_, err = open(nil)
	require.ErrorIs(t, err, ErrFormat)
}

func TestZipPathsAreOnlyKeys(t *testing.T) {
	a, err := open(archive(t, zip.Deflate, [2]string{"../../x.npy", string(golden(t, "f4.npy"))}))
	require.NoError(t, err)
	_, err = a.Read("../../x")
	require.NoError(t, err)
}

func TestZipEntryCount(t *testing.T) {
	for _, n := range []int{maxEntries, maxEntries + 1} {
		var entries [][2]string
		for i := range n {
			entries = append(entries, [2]string{fmt.Sprintf("%d.npy", i), ""})
		}
		_, err := open(archive(t, zip.Store, entries...))
		if n <= maxEntries {
			require.NoError(t, err)
		} else {
			require.ErrorIs(t, err, ErrLimit)
		}
	}
}

func TestZipRefusesOtherMethods(t *testing.T) {
	b := archive(t, zip.Store, [2]string{"x.npy", string(golden(t, "f4.npy"))})
	directory := bytes.Index(b, []byte("PK\x01\x02"))
	encrypted, other := bytes.Clone(b), bytes.Clone(b)
	encrypted[directory+8] |= 1
	binary.LittleEndian.PutUint16(other[directory+10:], 12)
	for _, file := range [][]byte{encrypted, other} {
		_, err := open(file)
		require.ErrorIs(t, err, ErrUnsupported)
	}
}

func TestZipChecksum(t *testing.T) {
	b := archive(t, zip.Store, [2]string{"x.npy", string(golden(t, "f4.npy"))})
	at := bytes.Index(b, []byte("\x00\x00\x80\x3f")) // the element 1
	b[at] ^= 1
	a, err := open(b)
	require.NoError(t, err)
	_, err = a.Read("x")
	require.ErrorIs(t, err, ErrFormat)
	require.ErrorContains(t, err, "checksum")
}

// A few kilobytes that inflate to a gibibyte stop at the limit, before memory is spent.
func TestZipBomb(t *testing.T) {
	text := "{'descr': '|u1', 'fortran_order': False, 'shape': (67108864,)}"
	b := archive(t, zip.Deflate, [2]string{"x.npy", string(file(text, make([]byte, 64<<20)...))})
	require.Less(t, len(b), 100<<10)
	a, err := open(b, MaxBytes(1<<20))
	require.NoError(t, err)
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	_, err = a.Read("x")
	runtime.ReadMemStats(&after)
	require.ErrorIs(t, err, ErrLimit)
	require.Less(t, after.TotalAlloc-before.TotalAlloc, uint64(1<<20))
}

func TestZipWriterErrors(t *testing.T) {
	x, err := New([]int8{1}, 1)
	require.NoError(t, err)
	var b bytes.Buffer
	w := NewZipWriter(&b)
	require.NoError(t, w.Write("x", x))
	require.ErrorIs(t, w.Write("x", x), ErrFormat)
	require.ErrorIs(t, w.Write("y", &Array{DType: "<f4"}), ErrFormat)
}
