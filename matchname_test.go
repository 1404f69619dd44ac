package tconv

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestMatchName(t *testing.T) {
	for _, c := range []struct {
		pattern, name string
		want          bool
	}{
		{"", "", true},
		{"", "a", false},
		{"*", "", true},
		{"*", "/a/b", true},
		{"*Conv*", "/a/b/Conv_output_0", true},
		{"/a/*/Conv", "/a/b/c/Conv", true},
		{"/a/*/Conv", "/a/Conv", false},
		{"a*b*c", "aXbYbZc", true},
		{"a*b*c", "aXbYbZ", false},
		{"?", "y", true},
		{"?", "é", true},
		{"?", "", false},
		{"x??", "xy", false},
		{"x[0]*", "x[0]*", true}, // brackets are letters like others
		{"x[0]", "x0", false},
		{"a**", "a", true},
	} {
		require.Equal(t, c.want, matchName(c.pattern, c.name), "%q, %q", c.pattern, c.name)
	}
}
