package ops

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// tfIdfAttrs describe the pool 1, 2 and [1, 2].
func tfIdfAttrs(mode string, more ...Attr) []Attr {
	return append([]Attr{
		StringAttr("mode", mode), IntsAttr("ngram_counts", 0, 2), IntsAttr("ngram_indexes", 1, 0, 2), IntsAttr("pool_int64s", 1, 2, 1, 2),
	}, more...)
}

func TestTfIdfVectorizer(t *testing.T) {
	x := Of([]int64{1, 1, 2, 3, 1, 2}, 6)
	run := func(x *Tensor, attrs []Attr) []float32 {
		attrs = append(attrs, IntAttr("min_gram_length", 1), IntAttr("max_gram_length", 2), IntAttr("max_skip_count", 1))
		return Data[float32](opCase{op: "TfIdfVectorizer", attrs: attrs, inputs: []*Tensor{x}}.mustRun(t)[0])
	}
	weights := FloatsAttr("weights", 10, 20, 30)
	// By onnxruntime 1.30.
	require.Equal(t, []float32{2, 3, 3}, run(x, tfIdfAttrs("TF", weights)))
	require.Equal(t, []float32{20, 10, 30}, run(x, tfIdfAttrs("IDF", weights)))
	require.Equal(t, []float32{40, 30, 90}, run(x, tfIdfAttrs("TFIDF", weights)))
	require.Equal(t, []float32{1, 2, 2, 1, 1, 1}, run(Of([]int32{1, 1, 2, 3, 1, 2}, 2, 3), tfIdfAttrs("TF")), "rows")
	require.Equal(t, []float32{0, 0, 0}, run(NewTensor(Int64, Shape{0}), tfIdfAttrs("TF")))

	words := []Attr{
		StringAttr("mode", "TF"), IntsAttr("ngram_counts", 0), IntsAttr("ngram_indexes", 0, 1), StringsAttr("pool_strings", "a", "b"),
	}
	require.Equal(t, []float32{1, 2}, run(OfStrings([]string{"b", "a", "c", "b"}, 4), words))

	fail := func(text string, x *Tensor, attrs ...Attr) {
		t.Helper()
		opCase{op: "TfIdfVectorizer", attrs: attrs, inputs: []*Tensor{x}}.mustFail(t, text)
	}
	fail("X is tensor(string)", OfStrings(nil, 0), tfIdfAttrs("TF")...)
	fail("X is tensor(int64), want one of [string]", x, words...)
	fail("X has shape [1, 1, 1]", Of([]int64{1}, 1, 1, 1), tfIdfAttrs("TF")...)
	fail("are wanted", x, tfIdfAttrs("TF")[1:]...)
	fail("attribute mode is \"X\"", x, tfIdfAttrs("X")...)
	fail("there are 1 weights and 3 ngram_indexes", x, tfIdfAttrs("IDF", FloatsAttr("weights", 1))...)
	fail("min_gram_length is 2, max_gram_length 1", x, tfIdfAttrs("TF", IntAttr("min_gram_length", 2))...)
	fail("ngram_counts is [0 3]", x, StringAttr("mode", "TF"), IntsAttr("ngram_counts", 0, 3), IntsAttr("ngram_indexes", 0), IntsAttr("pool_int64s", 1, 2, 3, 4))
	fail("the pool holds 4 n-grams and ngram_indexes 1", x, StringAttr("mode", "TF"), IntsAttr("ngram_counts", 0), IntsAttr("ngram_indexes", 0), IntsAttr("pool_int64s", 1, 2, 3, 4))
	fail("ngram_indexes hold -1", x, StringAttr("mode", "TF"), IntsAttr("ngram_counts", 0), IntsAttr("ngram_indexes", -1), IntsAttr("pool_int64s", 1))
}
