package npy

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
)

// golden reads a file that testdata/make_golden.py wrote with NumPy.
func golden(t *testing.T, name string) []byte {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("testdata", name))
	require.NoError(t, err)
	return b
}

// checkGolden reads a (2, 3) array of 0..5, compares it, and writes it again: NumPy's bytes must come out.
func checkGolden[T Element](t *testing.T, name, dtype string, want ...T) {
	t.Helper()
	a, err := ReadFile(filepath.Join("testdata", name))
	require.NoError(t, err)
	require.Equal(t, dtype, a.DType)
	require.Equal(t, []int{2, 3}, a.Shape)
	got, err := As[T](a)
	require.NoError(t, err)
	require.Equal(t, want, got)
	var out bytes.Buffer
	require.NoError(t, Write(&out, a))
	require.Equal(t, golden(t, name), out.Bytes())
}

func TestGoldenTypes(t *testing.T) {
	checkGolden(t, "b1.npy", "|b1", false, true, false, true, false, true)
	checkGolden[int8](t, "i1.npy", "|i1", 0, 1, 2, 3, 4, 5)
	checkGolden[uint8](t, "u1.npy", "|u1", 0, 1, 2, 3, 4, 5)
	checkGolden[int16](t, "i2.npy", "<i2", 0, 1, 2, 3, 4, 5)
	checkGolden[uint16](t, "u2.npy", "<u2", 0, 1, 2, 3, 4, 5)
	checkGolden[int32](t, "i4.npy", "<i4", 0, 1, 2, 3, 4, 5)
	checkGolden[uint32](t, "u4.npy", "<u4", 0, 1, 2, 3, 4, 5)
	checkGolden[int64](t, "i8.npy", "<i8", 0, 1, 2, 3, 4, 5)
	checkGolden[uint64](t, "u8.npy", "<u8", 0, 1, 2, 3, 4, 5)
	checkGolden[uint16](t, "f2.npy", "<f2", 0, 0x3c00, 0x4000, 0x4200, 0x4400, 0x4500)
	checkGolden[float32](t, "f4.npy", "<f4", 0, 1, 2, 3, 4, 5)
	checkGolden[float64](t, "f8.npy", "<f8", 0, 1, 2, 3, 4, 5)
	checkGolden[complex64](t, "c8.npy", "<c8", 0, 1, 2, 3, 4, 5)
	checkGolden[complex128](t, "c16.npy", "<c16", 0, 1, 2, 3, 4, 5)
}

func TestGoldenForms(t *testing.T) {
	ints := make([]int32, 24)
	for i := range ints {
		ints[i] = int32(i)
	}
	for _, tc := range []struct {
		file, dtype string
		shape       []int
		want        any
	}{
		{"scalar.npy", "<f4", []int{}, []float32{1.5}},
		{"vector.npy", "<f4", []int{6}, []float32{0, 1, 2, 3, 4, 5}},
		{"empty.npy", "<f4", []int{0, 4}, []float32{}},
		{"fortran.npy", "<i4", []int{2, 3, 4}, ints},
		{"big.npy", "<i4", []int{2, 3}, []int32{0, 1, 2, 3, 4, 5}},
		{"big_complex.npy", "<c8", []int{2, 3}, []complex64{1i, 1 + 1i, 2 + 1i, 3 + 1i, 4 + 1i, 5 + 1i}},
		{"v2.npy", "<f4", []int{2, 3}, []float32{0, 1, 2, 3, 4, 5}},
		{"v3.npy", "<f4", []int{2, 3}, []float32{0, 1, 2, 3, 4, 5}},
		{"unicode.npy", "<U6", []int{3}, []string{"a", "Zürich", "日本"}},
		{"bytes.npy", "|S3", []int{2}, []string{"a", "xyz"}},
	} {
		t.Run(tc.file, func(t *testing.T) {
			file := golden(t, tc.file)
			kept := slices.Clone(file)
			decoded, err := Decode(file)
			require.NoError(t, err)
			read, err := Read(bytes.NewReader(file))
			require.NoError(t, err)
			require.Equal(t, decoded, read)
			require.Equal(t, kept, file, "Decode changed its input")
			require.Equal(t, tc.dtype, read.DType)
			require.Equal(t, tc.shape, read.Shape)
			require.Equal(t, tc.want, values(t, read))
		})
	}
}

// values gives an array's elements in their own type.
func values(t *testing.T, a *Array) any {
	t.Helper()
	var v any
	var err error
	switch a.DType {
	case "<f4":
		v, err = As[float32](a)
	case "<f8":
		v, err = As[float64](a)
	case "<i4":
		v, err = As[int32](a)
	case "<i8":
		v, err = As[int64](a)
	case "<c8":
		v, err = As[complex64](a)
	default:
		v, err = Strings(a)
	}
	require.NoError(t, err)
	return v
}

func TestGoldenUnsupported(t *testing.T) {
	for name, want := range map[string]string{
		"object.npy": "Python objects",
		"struct.npy": "structured type",
		"time.npy":   `type "M8[s]"`,
	} {
		_, err := Decode(golden(t, name))
		require.ErrorIs(t, err, ErrUnsupported, name)
		require.ErrorContains(t, err, want, name)
	}
}

func TestGoldenZip(t *testing.T) {
	for _, name := range []string{"stored.npz", "deflated.npz"} {
		a, err := OpenZipFile(filepath.Join("testdata", name))
		require.NoError(t, err)
		require.Equal(t, []string{"x", "in:a/b", ""}, a.Keys())
		for key, want := range map[string]any{
			"x":      []float32{0, 1, 2, 3, 4, 5},
			"in:a/b": []int64{0, 1, 2, 3, 4, 5},
			"":       []float64{2.5},
		} {
			array, err := a.Read(key)
			require.NoError(t, err)
			require.Equal(t, want, values(t, array))
		}
		require.NoError(t, a.Close())
	}
}
