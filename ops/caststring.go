package ops

import (
	"math"
	"strconv"
	"strings"
	"sync"
)

// storeStrings writes values as text.
func storeStrings(y *Tensor, at int, v *castValues, _ castRules) {
	for i := range v.n {
		y.strings[at+i] = v.text(i)
	}
}

// text writes value i as onnxruntime does.
func (v *castValues) text(i int) string {
	switch v.form {
	case castSigned:
		return strconv.FormatInt(v.ints[i], 10)
	case castUnsigned:
		return strconv.FormatUint(uint64(v.ints[i]), 10)
	}
	switch f := v.reals[i]; {
	case math.IsNaN(f):
		return "NaN"
	case math.IsInf(f, 1):
		return "INF"
	case math.IsInf(f, -1):
		return "-INF"
	default:
		return strconv.FormatFloat(f, 'g', 8, 64)
	}
}

// parseStrings converts text to numbers; the error names the first element that is
// none.
func parseStrings(c *Call, y, x *Tensor, rules castRules) error {
	to := castTypes[y.dtype]
	n := x.Len()
	var mu sync.Mutex
	first, bad := n, error(nil)
	c.Parallel((n+castRun-1)/castRun, castRun*50, func(lo, hi int) {
		var v castValues
		for ; lo < hi; lo++ {
			at := lo * castRun
			v.n = min(castRun, n-at)
			for i := range v.n {
				if v.parse(i, x.strings[at+i], y.dtype) {
					continue
				}
				mu.Lock()
				if at+i < first {
					first, bad = at+i, castText(x.strings[at+i], at+i, y.dtype)
				}
				mu.Unlock()
			}
			to.store(y, at, &v, rules)
		}
	})
	return bad
}

// parse reads value i from text, as a real when the target is one.
func (v *castValues) parse(i int, text string, to DType) bool {
	text = strings.TrimSpace(text)
	if strings.Contains(text, "_") {
		return false // Go allows 1_000
	}
	var err error
	switch {
	case to == Uint64 || to == Uint32 || to == Bool:
		v.form = castUnsigned
		var u uint64
		u, err = strconv.ParseUint(strings.TrimPrefix(text, "+"), 10, 64)
		v.ints[i] = int64(u)
	case to.IsInteger() || to == Int4 || to == Uint4 || to == Int2 || to == Uint2:
		v.form = castSigned
		v.ints[i], err = strconv.ParseInt(text, 10, 64)
	default:
		v.form = castReal
		v.reals[i], err = strconv.ParseFloat(text, 64)
	}
	return err == nil
}
