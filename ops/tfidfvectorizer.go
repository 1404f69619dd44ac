package ops

import (
	"fmt"
	"slices"
)

// TfIdfVectorizer: how often n-grams of a pool occur in sequences.
//
//	X: string, int32 or int64, [C] or [N, C]; a scalar counts as [1].
//	Y: float, [K] or [N, K], K = the largest of ngram_indexes + 1.
//
// The pool (pool_strings, or pool_int64s) holds first the 1-grams, then the 2-grams, ...:
// those of n elements begin at ngram_counts[n-1]. ngram_indexes says which output each
// n-gram counts for. N-grams of min_gram_length to max_gram_length elements are looked
// for, whose elements lie s+1 apart for each s up to max_skip_count; single elements
// count once. mode TF: Y is the number of occurrences; IDF: the weight of the n-gram
// where there are any; TFIDF: the product of both. weights has one for each n-gram (as
// onnxruntime 1.30 reads them), default 1.
//
// https://onnx.ai/onnx/operators/onnx__TfIdfVectorizer.html (version 9).
type tfIdfVectorizer struct {
	mode        string
	least, most int // elements of an n-gram
	skips       int
	outputs     []int
	weights     []float32 // nil: 1
	words       *gram[string]
	numbers     *gram[int64]
	width       int
}

// gram is a node of the tree of n-grams: what it is reached by is one when id is not 0.
type gram[K comparable] struct {
	id   int // its number, from 1 on
	next map[K]*gram[K]
}

func init() {
	Register(Def{Name: "TfIdfVectorizer", Since: 9, Inputs: []string{"X"}, Outputs: []string{"Y"}, New: newTfIdfVectorizer})
}

func newTfIdfVectorizer(n *Node) (Op, error) {
	o := &tfIdfVectorizer{
		mode:  n.Str("mode", "", "TF", "IDF", "TFIDF"),
		least: n.Int("min_gram_length", 1), most: n.Int("max_gram_length", 1), skips: n.Int("max_skip_count", 0),
		outputs: n.Ints("ngram_indexes"), weights: n.Floats("weights"),
	}
	counts, words := n.Ints("ngram_counts"), n.Strings("pool_strings")
	var numbers []int64
	if a := n.find("pool_int64s", AttrInts); a != nil {
		numbers = a.Ints
	}
	if o.mode == "" || len(o.outputs) == 0 || len(counts) == 0 || (words == nil) == (numbers == nil) {
		n.Fail("mode, ngram_indexes, ngram_counts and one of pool_strings and pool_int64s are wanted")
		return nil, n.Err()
	}
	if o.least < 1 || o.most < o.least || o.skips < 0 {
		n.Fail("min_gram_length is %d, max_gram_length %d and max_skip_count %d, want 1 or more, no less, 0 or more", o.least, o.most, o.skips)
	}
	if o.weights != nil && len(o.weights) != len(o.outputs) {
		n.Fail("there are %d weights and %d ngram_indexes, want the same number", len(o.weights), len(o.outputs))
	}
	o.width = slices.Max(o.outputs) + 1
	if slices.Min(o.outputs) < 0 || o.width > maxExtent {
		n.Fail("ngram_indexes hold %d and %d, want 0 to %d", slices.Min(o.outputs), o.width-1, maxExtent-1)
	}
	var err error
	if words != nil {
		o.words, err = plantGrams(words, counts, len(o.outputs))
	} else {
		o.numbers, err = plantGrams(numbers, counts, len(o.outputs))
	}
	if err != nil {
		n.Fail("%v", err)
	}
	return o, n.Err()
}

// plantGrams makes the tree of a pool of so many n-grams.
func plantGrams[K comparable](pool []K, counts []int, grams int) (*gram[K], error) {
	root, id := &gram[K]{}, 0
	for i, from := range counts {
		to := len(pool)
		if i+1 < len(counts) {
			to = counts[i+1]
		}
		if from < 0 || to < from || to > len(pool) || (to-from)%(i+1) != 0 {
			return nil, fmt.Errorf("ngram_counts is %v: want rising places in a pool of %d, whole n-grams apart", counts[:min(len(counts), maxListed)], len(pool))
		}
		for ; from < to; from += i + 1 {
			id++
			at := root
			for _, k := range pool[from : from+i+1] {
				if at.next == nil {
					at.next = map[K]*gram[K]{}
				}
				if at.next[k] == nil {
					at.next[k] = &gram[K]{}
				}
				at = at.next[k]
			}
			at.id = id
		}
	}
	if id != grams {
		return nil, fmt.Errorf("the pool holds %d n-grams and ngram_indexes %d numbers, want the same number", id, grams)
	}
	return root, nil
}

// Infer gives the width of the rows.
func (o *tfIdfVectorizer) Infer(in []Spec) ([]Spec, error) {
	want := []DType{Int64, Int32}
	if o.words != nil {
		want = []DType{String}
	}
	if err := wantType("X", in[0], want...); err != nil {
		return nil, err
	}
	switch s := in[0].Shape; len(s) {
	case 0, 1:
		return one(Float32, Shape{o.width})
	case 2:
		return one(Float32, Shape{s[0], o.width})
	default:
		return nil, fmt.Errorf("X has shape %v, want [C] or [N, C]", s)
	}
}

// Run counts row by row.
func (o *tfIdfVectorizer) Run(c *Call, in, out []*Tensor) error {
	if o.words != nil {
		countGrams(c, o, o.words, in[0].strings, out[0])
		return nil
	}
	numbers := make([]int64, in[0].Len())
	for i, v := range in[0].Ints() {
		numbers[i] = int64(v)
	}
	countGrams(c, o, o.numbers, numbers, out[0])
	return nil
}

func countGrams[K comparable](c *Call, o *tfIdfVectorizer, root *gram[K], xs []K, out *Tensor) {
	ys := Data[float32](out)
	clear(ys)
	rows := len(ys) / o.width
	if rows == 0 {
		return
	}
	size := len(xs) / rows
	cost := int(min(1<<30, multiplied(20, size, min(o.most, size), min(o.skips, size)+1)))
	c.Parallel(rows, cost, func(lo, hi int) {
		for ; lo < hi; lo++ {
			y := ys[lo*o.width:][:o.width]
			eachGram(c, o, root, xs[lo*size:][:size], func(id int) { o.count(y, id-1) })
		}
	})
}

// count enters an occurrence of n-gram i.
func (o *tfIdfVectorizer) count(y []float32, i int) {
	weight := float32(1)
	if o.weights != nil && o.mode != "TF" {
		weight = o.weights[i]
	}
	if o.mode == "IDF" {
		y[o.outputs[i]] = weight
	} else {
		y[o.outputs[i]] += weight
	}
}

// eachGram calls found for every n-gram of the tree in xs.
func eachGram[K comparable](c *Call, o *tfIdfVectorizer, root *gram[K], xs []K, found func(id int)) {
	least := o.least
	for step := 1; step <= min(o.skips, len(xs))+1 && !c.stop.Load(); step++ {
		for first := range xs {
			at := root
			for n, i := 1, first; n <= o.most && i < len(xs); n, i = n+1, i+step {
				if at = at.next[xs[i]]; at == nil {
					break
				}
				if n >= least && at.id != 0 {
					found(at.id)
				}
			}
		}
		if least = max(least, 2); least > o.most {
			return
		}
	}
}
