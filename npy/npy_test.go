package npy

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// file makes a version 1.0 file by hand: this header text, then these bytes.
func file(text string, data ...byte) []byte {
	b := append([]byte("\x93NUMPY\x01\x00"), byte(len(text)), byte(len(text)>>8))
	return append(append(b, text...), data...)
}

func TestHandMade(t *testing.T) {
	for name, tc := range map[string]struct {
		text  string
		data  []byte
		dtype string
		shape []int
	}{
		"one byte":         {"{'descr': '|u1', 'fortran_order': False, 'shape': (1,), }\n", []byte{7}, "|u1", []int{1}},
		"no padding":       {"{'descr':'<u1','fortran_order':False,'shape':(2,1)}", []byte{7, 8}, "|u1", []int{2, 1}},
		"other order":      {`{"shape": ( 2 , ), "descr": ">u2", "fortran_order": True}   `, []byte{1, 2, 3, 4}, "<u2", []int{2}},
		"python 2":         {"{'descr': '<i2', 'fortran_order': False, 'shape': (1L, 2L)}", []byte{1, 2, 3, 4}, "<i2", []int{1, 2}},
		"scalar":           {"{'descr': '|b1', 'fortran_order': False, 'shape': ()}", []byte{1}, "|b1", []int{}},
		"rank 64":          {"{'descr': '|b1', 'fortran_order': True, 'shape': (" + strings.Repeat("1,", 64) + ")}", []byte{1}, "|b1", ones(64)},
		"nothing in it":    {"{'descr': '<f8', 'fortran_order': True, 'shape': (0, 1000000)}", nil, "<f8", []int{0, 1000000}},
		"big-endian bytes": {"{'descr': '>i1', 'fortran_order': False, 'shape': (1,)}", []byte{255}, "|i1", []int{1}},
	} {
		t.Run(name, func(t *testing.T) {
			a, err := Decode(file(tc.text, tc.data...))
			require.NoError(t, err)
			require.Equal(t, tc.dtype, a.DType)
			require.Equal(t, tc.shape, a.Shape)
			require.Len(t, a.Data, len(tc.data))
		})
	}
}

func ones(n int) []int {
	s := make([]int, n)
	for i := range s {
		s[i] = 1
	}
	return s
}

func TestHeaderErrors(t *testing.T) {
	dict := func(descr, order, shape string) string {
		return fmt.Sprintf("{'descr': %s, 'fortran_order': %s, 'shape': %s}", descr, order, shape)
	}
	for name, tc := range map[string]struct {
		text string
		want error
		says string
	}{
		"empty":               {"", ErrFormat, "want '{'"},
		"not a dict":          {"[1, 2]", ErrFormat, "want '{'"},
		"no end":              {"{'descr': '<f4'", ErrFormat, "want '}'"},
		"missing key":         {"{'descr': '<f4', 'shape': (1,)}", ErrFormat, "2 keys"},
		"unknown key":         {"{'descr': '<f4', 'sharp': (1,)}", ErrFormat, `key "sharp"`},
		"key twice":           {"{'descr': '<f4', 'descr': '<f4'}", ErrFormat, `key "descr" twice`},
		"code behind it":      {dict("'<f4'", "False", "(1,)") + ".pop()", ErrFormat, "after the dictionary"},
		"comma missing":       {"{'descr': '<f4' 'shape': (1,)}", ErrFormat, "want '}'"},
		"two commas":          {"{'descr': '<f4',, 'shape': (1,)}", ErrFormat, "quotes"},
		"call":                {dict("open('x')", "False", "(1,)"), ErrFormat, "quotes"},
		"escape":              {dict(`'<f\x34'`, "False", "(1,)"), ErrFormat, "no escapes"},
		"open string":         {dict(`'<f4`, "False", "(1,)"), ErrFormat, "want '}'"},
		"order in lower case": {dict("'<f4'", "false", "(1,)"), ErrFormat, "True or False"},
		"order as a number":   {dict("'<f4'", "0", "(1,)"), ErrFormat, "True or False"},
		"shape as a number":   {dict("'<f4'", "False", "1"), ErrFormat, "want '('"},
		"shape in brackets":   {dict("'<f4'", "False", "(1)"), ErrFormat, "is a number"},
		"shape as a list":     {dict("'<f4'", "False", "[1]"), ErrFormat, "want '('"},
		"negative":            {dict("'<f4'", "False", "(-1,)"), ErrFormat, "want a dimension"},
		"leading zero":        {dict("'<f4'", "False", "(01,)"), ErrFormat, "want a dimension"},
		"dimension missing":   {dict("'<f4'", "False", "(1,,2)"), ErrFormat, "want a dimension"},
		"dimension too long":  {dict("'<f4'", "False", "(99999999999999999999,)"), ErrLimit, "999"},
		"product overflows":   {dict("'<f4'", "False", "(4294967296, 4294967296)"), ErrLimit, ""},
		"overflow beside 0":   {dict("'<f4'", "False", "(0, 4294967296, 4294967296)"), ErrLimit, ""},
		"over 4 GiB":          {dict("'<f4'", "False", "(1073741825,)"), ErrLimit, ""},
		"rank 65":             {dict("'<f4'", "False", "("+strings.Repeat("1,", 65)+")"), ErrLimit, "64 dimensions"},
		"too few bytes":       {dict("'<f4'", "False", "(2,)"), ErrFormat, "needs 8 bytes, the file has 4"},
		"too many bytes":      {dict("'<i2'", "False", "(1,)"), ErrFormat, "needs 2"},
		"not a bool":          {dict("'|b1'", "False", "(4,)"), ErrFormat, "byte 2"},
		"native order":        {dict("'=f4'", "False", "(1,)"), ErrUnsupported, "byte order"},
		"no order":            {dict("'f4'", "False", "(1,)"), ErrUnsupported, "byte order"},
		"order missing":       {dict("'|f4'", "False", "(1,)"), ErrFormat, "no byte order"},
		"no type":             {dict("''", "False", "(1,)"), ErrUnsupported, "byte order"},
		"long double":         {dict("'<f16'", "False", "(1,)"), ErrUnsupported, `type "f16"`},
		"void":                {dict("'|V4'", "False", "(1,)"), ErrUnsupported, `type "V4"`},
		"sub-array":           {dict("('<f4', (2,))", "False", "(1,)"), ErrUnsupported, "structured"},
		"string of length 0":  {dict("'<U0'", "False", "(1000000000,)"), ErrUnsupported, "1 to"},
		"string without end":  {dict("'<U'", "False", "(1,)"), ErrUnsupported, "1 to"},
		"string of length 01": {dict("'|S01'", "False", "(1,)"), ErrUnsupported, "1 to"},
		"string, negative":    {dict("'|S-1'", "False", "(1,)"), ErrUnsupported, "1 to"},
	} {
		t.Run(name, func(t *testing.T) {
			b := file(tc.text, 0, 1, 2, 3)
			_, err := Decode(b)
			require.ErrorIs(t, err, tc.want)
			require.ErrorContains(t, err, tc.says)
			_, err = Read(bytes.NewReader(b))
			require.ErrorIs(t, err, tc.want)
		})
	}
}

func TestPreambleErrors(t *testing.T) {
	for name, tc := range map[string]struct {
		file []byte
		want error
	}{
		"text":         {[]byte("hello, world"), ErrFormat},
		"version 0":    {[]byte("\x93NUMPY\x00\x00\x00\x00"), ErrUnsupported},
		"version 4":    {[]byte("\x93NUMPY\x04\x00\x00\x00\x00\x00"), ErrUnsupported},
		"version 1.1":  {[]byte("\x93NUMPY\x01\x01\x00\x00"), ErrUnsupported},
		"header 4 GiB": {[]byte("\x93NUMPY\x02\x00\xff\xff\xff\xff{"), ErrLimit},
		"header 65537": {[]byte("\x93NUMPY\x03\x00\x01\x00\x01\x00{"), ErrLimit},
	} {
		_, err := Decode(tc.file)
		require.ErrorIs(t, err, tc.want, name)
	}
}

func TestMaxBytes(t *testing.T) {
	b := golden(t, "f4.npy")
	_, err := Decode(b, MaxBytes(23))
	require.ErrorIs(t, err, ErrLimit)
	_, err = Decode(b, MaxBytes(24))
	require.NoError(t, err)
	_, err = Decode(b, MaxBytes(-1))
	require.ErrorIs(t, err, ErrLimit)
}

// A declared size is believed only as far as bytes have come.
func TestReadAllocatesByEvidence(t *testing.T) {
	const gib = 1 << 30
	b := file("{'descr': '|u1', 'fortran_order': False, 'shape': (1073741824,)}", make([]byte, 100)...)
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	_, err := Read(bytes.NewReader(b), MaxBytes(gib))
	runtime.ReadMemStats(&after)
	require.ErrorIs(t, err, ErrFormat)
	require.Less(t, after.TotalAlloc-before.TotalAlloc, uint64(2*firstChunk))
}

func TestReadLargerThanAChunk(t *testing.T) {
	want := make([]uint16, firstChunk+77)
	for i := range want {
		want[i] = uint16(i * 7)
	}
	a, err := New(want, len(want))
	require.NoError(t, err)
	var b bytes.Buffer
	require.NoError(t, Write(&b, a))
	a, err = Read(iotest.HalfReader(&b))
	require.NoError(t, err)
	got, err := As[uint16](a)
	require.NoError(t, err)
	require.Equal(t, want, got)
}

func TestReaderErrorsComeThrough(t *testing.T) {
	broken := errors.New("broken disk")
	whole := golden(t, "f4.npy")
	for n := range len(whole) + 1 {
		_, err := Read(io.MultiReader(bytes.NewReader(whole[:n]), iotest.ErrReader(broken)))
		require.ErrorIs(t, err, broken, "after %d bytes", n)
	}
}

func TestEveryPrefixIsAnError(t *testing.T) {
	files, err := filepath.Glob("testdata/*.np[yz]")
	require.NoError(t, err)
	for _, name := range files {
		b, err := os.ReadFile(name)
		require.NoError(t, err)
		for n := range len(b) {
			require.True(t, typed(readAny(b[:n])), "%s cut at %d: %v", name, n, err)
		}
	}
}

// readAny reads everything in a file of either kind.
func readAny(b []byte) error {
	if !bytes.HasPrefix(b, []byte("PK")) {
		_, err := Decode(b, MaxBytes(1<<20))
		return err
	}
	a, err := OpenZip(bytes.NewReader(b), int64(len(b)), MaxBytes(1<<20))
	if err != nil {
		return err
	}
	for _, key := range a.Keys() {
		if _, err := a.Read(key); err != nil {
			return err
		}
	}
	return nil
}

// typed tells whether an error is one of the three that callers branch on.
func typed(err error) bool {
	return errors.Is(err, ErrFormat) || errors.Is(err, ErrLimit) || errors.Is(err, ErrUnsupported)
}

func TestReadFileWantsRegularFiles(t *testing.T) {
	_, err := ReadFile("testdata")
	require.ErrorIs(t, err, ErrFormat)
	_, err = OpenZipFile("testdata")
	require.ErrorIs(t, err, ErrFormat)
	_, err = ReadFile("testdata/missing.npy")
	require.ErrorIs(t, err, os.ErrNotExist)
}

func TestAsSharesMemory(t *testing.T) {
	data := []float32{1, 2, 3, 4}
	a, err := New(data, 2, 2)
	require.NoError(t, err)
	got, err := As[float32](a)
	require.NoError(t, err)
	got[3] = 9
	require.Equal(t, float32(9), data[3])
}

func TestAsCopiesUnalignedBytes(t *testing.T) {
	b := make([]byte, 9)
	binary.LittleEndian.PutUint32(b[1:], 7)
	binary.LittleEndian.PutUint32(b[5:], 8)
	got, err := As[uint32](&Array{DType: "<u4", Shape: []int{2}, Data: b[1:]})
	require.NoError(t, err)
	require.Equal(t, []uint32{7, 8}, got)
}

func TestArrayErrors(t *testing.T) {
	for name, a := range map[string]*Array{
		"size":      {DType: "<f4", Shape: []int{2}, Data: make([]byte, 4)},
		"type":      {DType: "float32", Shape: []int{1}, Data: make([]byte, 4)},
		"canonical": {DType: ">f4", Shape: []int{1}, Data: make([]byte, 4)},
		"negative":  {DType: "<f4", Shape: []int{-1, -1}, Data: make([]byte, 4)},
		"bool":      {DType: "|b1", Shape: []int{1}, Data: []byte{2}},
	} {
		require.True(t, typed(Write(io.Discard, a)), name)
		_, err := As[float32](a)
		require.True(t, typed(err), name)
	}
	_, err := New([]float32{1, 2}, 3)
	require.ErrorIs(t, err, ErrFormat)
	_, err = As[float64](&Array{DType: "<f4", Shape: []int{1}, Data: make([]byte, 4)})
	require.ErrorContains(t, err, "the array holds <f4, want <f8")
}

func TestStrings(t *testing.T) {
	want := []string{"", "ö", "two words", "日本"}
	a, err := NewStrings(want, 2, 2)
	require.NoError(t, err)
	require.Equal(t, "<U9", a.DType)
	got, err := Strings(a)
	require.NoError(t, err)
	require.Equal(t, want, got)
	for _, bad := range []string{"\xff", "a\x00"} {
		_, err = NewStrings([]string{bad}, 1)
		require.ErrorIs(t, err, ErrFormat)
	}
	_, err = Strings(&Array{DType: "<U1", Shape: []int{1}, Data: []byte{0, 0xd8, 0, 0}})
	require.ErrorContains(t, err, "code point 0xd800")
}

func TestFloat16Bits(t *testing.T) {
	type half uint16
	a, err := NewFloat16([]half{0x3c00}, 1)
	require.NoError(t, err)
	require.Equal(t, "<f2", a.DType)
	got, err := As[half](a)
	require.NoError(t, err)
	require.Equal(t, []half{0x3c00}, got)
}

// drawArray draws an array of any numeric type.
func drawArray(t *rapid.T) *Array {
	code := rapid.SampledFrom([]string{"b1", "i1", "u1", "i2", "u2", "i4", "u4", "i8", "u8", "f2", "f4", "f8", "c8", "c16"}).Draw(t, "type")
	shape := rapid.SliceOfN(rapid.IntRange(0, 4), 0, 5).Draw(t, "shape")
	a := &Array{DType: dtypes[code].name, Shape: shape}
	size := a.Len() * dtypes[code].size
	top := byte(255)
	if code == "b1" {
		top = 1
	}
	a.Data = rapid.SliceOfN(rapid.ByteRange(0, top), size, size).Draw(t, "data")
	return a
}

func TestRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		want := drawArray(t)
		var b bytes.Buffer
		require.NoError(t, Write(&b, want))
		require.Zero(t, (b.Len()-len(want.Data))%headerAlign)
		for _, again := range []func() (*Array, error){
			func() (*Array, error) { return Decode(b.Bytes()) },
			func() (*Array, error) { return Read(bytes.NewReader(b.Bytes())) },
		} {
			got, err := again()
			require.NoError(t, err)
			require.Equal(t, want.DType, got.DType)
			require.Equal(t, len(want.Shape), len(got.Shape))
			require.Equal(t, want.Data, got.Data)
		}
	})
}

// Fortran order against the formula: element (i, j, k) lies at i + d0 (j + d1 k).
func TestFortranOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d := rapid.SliceOfN(rapid.IntRange(0, 5), 3, 3).Draw(t, "shape")
		size := rapid.SampledFrom([]int{1, 2, 4, 8, 16}).Draw(t, "size")
		data := make([]byte, d[0]*d[1]*d[2]*size)
		for i := range data {
			data[i] = byte(i*31 + i/256)
		}
		var want []byte
		for i := range d[0] {
			for j := range d[1] {
				for k := range d[2] {
					at := (i + d[0]*(j+d[1]*k)) * size
					want = append(want, data[at:at+size]...)
				}
			}
		}
		require.True(t, bytes.Equal(want, fromFortran(data, d, size)))
	})
}
