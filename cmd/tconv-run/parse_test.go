package main

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tconv/tconv"
)

func TestParseShape(t *testing.T) {
	for text, want := range map[string][]int{"1x3x512x512": {1, 3, 512, 512}, "1,3": {1, 3}, "7": {7}, "0x2": {0, 2}, "scalar": {}} {
		got, err := parseShape(text)
		require.NoError(t, err, text)
		require.Equal(t, want, got)
	}
	for _, text := range []string{"", "x", "1xtwo", "-1x2", "1.5"} {
		_, err := parseShape(text)
		require.Error(t, err, text)
	}
}

func TestParseBytes(t *testing.T) {
	for text, want := range map[string]int{"100": 100, "1GiB": 1 << 30, "1.5KiB": 1536, "3 MB": 3000000, "1g": 1 << 30, "7B": 7} {
		got, err := parseBytes(text)
		require.NoError(t, err, text)
		require.Equal(t, want, got)
	}
	for _, text := range []string{"", "GiB", "0", "-1", "1XB", "1e30GiB", "nan"} {
		_, err := parseBytes(text)
		require.Error(t, err, text)
	}
}

func TestClosest(t *testing.T) {
	words := []string{"run", "inspect", "verify", "bench"}
	for word, want := range map[string]string{"inspct": "inspect", "Verify": "verify", "bnech": "bench", "rum": "run", "xyz": "", "conformance": ""} {
		require.Equal(t, want, closest(word, words), word)
	}
}

func TestTexts(t *testing.T) {
	require.Equal(t, "27.0 MiB", bytesText(27<<20))
	require.Equal(t, "512 B", bytesText(512))
	require.Equal(t, "6.34 M", macText(6340000))
	require.Equal(t, "950", macText(950))
	require.Equal(t, "'it'\\''s'", shellQuote("it's"))
	require.Equal(t, "/a/b.onnx", shellQuote("/a/b.onnx"))
	require.Equal(t, "é...", clip("éé", 3))
	require.Equal(t, []string{"1 Add,", "2 Mul"}, wrap([]string{"1 Add", "2 Mul"}, 8))
}

func TestSniff(t *testing.T) {
	for text, want := range map[string]string{
		"\x93NUMPY\x01": ".npy", "PK\x03\x04": ".npz", "\x89PNG\r\n": ".png", " [1, 2]": ".json", "{\"a\": 1}": ".json", "3.5": ".json",
		"\x08\x01\x10\x01": ".pb", "": ".pb",
	} {
		require.Equal(t, want, sniffInput([]byte(text)), "%q", text)
	}
	require.True(t, isText([]byte("caf\xc3\xa9 \xc3")))
	require.False(t, isText([]byte("a\x00b")))
}

func TestGuessSizes(t *testing.T) {
	info := tconv.Info{Name: "x", DType: tconv.Float32, Shape: []int{-1, 3, -1, -1}, Dims: []string{"batch", "3", "h", "?"}}
	shape, err := closeShape(info, map[string]int{"h": 8, "?": 9})
	require.NoError(t, err)
	require.Equal(t, []int{1, 3, 8, 9}, shape)
	_, err = closeShape(info, map[string]int{"h": 8})
	require.EqualError(t, err, `input "x" is float[batch, 3, h, ?]: some of its sizes are open`)
	require.Equal(t, []string{"--shape x=1x3x8x256 gives them, or an input from a file"}, hints(err))
	symbols := map[string]int{}
	learn(symbols, info, []int{2, 3, 4, 5})
	require.Equal(t, map[string]int{"batch": 2, "h": 4}, symbols)
}
