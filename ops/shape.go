package ops

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
)

// MaxRank is the largest number of axes a tensor may have.
const MaxRank = 16

// MaxElements bounds the number of elements of one tensor, so that sizes in
// bytes cannot overflow an int.
const MaxElements = math.MaxInt / 16

// Unknown stands for a dimension that only the data decides.
const Unknown = -1

// Shape is the extent of each axis, in elements. A nil Shape means that not even
// the rank is known; a scalar has the empty, non-nil Shape{}.
type Shape []int

// Scalar is the shape of a tensor of rank 0.
func Scalar() Shape { return Shape{} }

// Rank is the number of axes.
func (s Shape) Rank() int { return len(s) }

// Ranked reports whether at least the rank is known.
func (s Shape) Ranked() bool { return s != nil }

// Known reports whether every dimension is known.
func (s Shape) Known() bool { return s != nil && !slices.Contains(s, Unknown) }

// Elements is the product of the dimensions: 1 for a scalar. It panics when a
// dimension is unknown; shapes that were not built by [Shape.Check]ed code must
// be checked first.
func (s Shape) Elements() int {
	n := 1
	for _, d := range s {
		if d < 0 {
			panic(fmt.Sprintf("BUG: Elements of %v", s))
		}
		n *= d
	}
	return n
}

// Check reports a rank above [MaxRank], a negative dimension, or a number of
// elements above [MaxElements].
func (s Shape) Check() error {
	if len(s) > MaxRank {
		return fmt.Errorf("rank %d, want at most %d", len(s), MaxRank)
	}
	for _, d := range s {
		if d < 0 {
			return fmt.Errorf("shape %v has the dimension %d, want 0 or more", s, d)
		}
	}
	if slices.Contains(s, 0) {
		return nil
	}
	n := 1
	for _, d := range s {
		if n > MaxElements/d {
			return fmt.Errorf("shape %v has more than %d elements: %w", s, MaxElements, ErrLimit)
		}
		n *= d
	}
	return nil
}

// Equal reports whether both shapes are known or unknown alike, axis by axis.
func (s Shape) Equal(t Shape) bool { return (s == nil) == (t == nil) && slices.Equal(s, t) }

// Clone gives a copy that does not share memory; nil stays nil.
func (s Shape) Clone() Shape {
	if s == nil {
		return nil
	}
	return append(Shape{}, s...)
}

// Strides gives the distance, in elements, between neighbours along each axis of
// a row-major tensor of this shape.
func (s Shape) Strides() []int {
	st := make([]int, len(s))
	n := 1
	for i := len(s) - 1; i >= 0; i-- {
		st[i] = n
		n *= s[i]
	}
	return st
}

// String writes the shape as [1, 3, ?, ?]; an unknown rank is written [...].
func (s Shape) String() string {
	if s == nil {
		return "[...]"
	}
	var b strings.Builder
	b.WriteByte('[')
	for i, d := range s {
		if i > 0 {
			b.WriteString(", ")
		}
		if d == Unknown {
			b.WriteByte('?')
		} else {
			b.WriteString(strconv.Itoa(d))
		}
	}
	b.WriteByte(']')
	return b.String()
}

// product is the number of elements of a run of axes.
func product(dims []int) int {
	n := 1
	for _, d := range dims {
		n *= d
	}
	return n
}

// normAxis maps an axis in [-rank, rank) to [0, rank).
func normAxis(axis, rank int) (int, error) {
	if axis < -rank || axis >= rank {
		return 0, fmt.Errorf("axis is %d, want one in [%d, %d) for rank %d", axis, -rank, rank, rank)
	}
	if axis < 0 {
		axis += rank
	}
	return axis, nil
}

// normAxes maps axes to [0, rank), ascending; a repeated axis is an error.
func normAxes(axes []int, rank int) ([]int, error) {
	out := make([]int, 0, len(axes))
	for _, a := range axes {
		n, err := normAxis(a, rank)
		if err != nil {
			return nil, err
		}
		if slices.Contains(out, n) {
			return nil, fmt.Errorf("axes %v name axis %d twice", axes, n)
		}
		out = append(out, n)
	}
	slices.Sort(out)
	return out, nil
}
