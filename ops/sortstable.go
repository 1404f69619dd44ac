package ops

import "slices"

// sortPiece is how many elements are sorted or merged between two looks at
// whether the run was canceled: well below a millisecond.
const sortPiece = 4096

// sortStable sorts like slices.SortStableFunc, by merging sorted pieces, and gives
// up when the run is canceled: the order is arbitrary then.
func sortStable[T any](c *Call, list []T, compare func(a, b T) int) {
	for lo := 0; lo < len(list) && !c.stop.Load(); lo += sortPiece {
		slices.SortStableFunc(list[lo:min(lo+sortPiece, len(list))], compare)
	}
	if len(list) <= sortPiece {
		return
	}
	from, to := list, make([]T, len(list))
	for width := sortPiece; width < len(list); width *= 2 {
		for lo := 0; lo < len(list); lo += 2 * width {
			mid, hi := min(lo+width, len(list)), min(lo+2*width, len(list))
			mergeStable(c, to[lo:hi], from[lo:mid], from[mid:hi], compare)
		}
		from, to = to, from
	}
	copy(list, from)
}

// mergeStable merges two sorted lists into one; of equal elements those of a come
// first.
func mergeStable[T any](c *Call, to, a, b []T, compare func(a, b T) int) {
	for k := range to {
		if k%sortPiece == 0 && c.stop.Load() {
			return
		}
		if len(b) == 0 || len(a) > 0 && compare(a[0], b[0]) <= 0 {
			to[k], a = a[0], a[1:]
		} else {
			to[k], b = b[0], b[1:]
		}
	}
}
