package conformance

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestSkipList(t *testing.T) {
	l, err := ParseSkipList("# comment\n\nnode/test_a*  random\n  node/test_b_exact why not  \n")
	require.NoError(t, err)
	reason, ok := l.Reason("node/test_abc")
	require.True(t, ok)
	require.Equal(t, "random", reason)
	_, ok = l.Reason("node/test_b_exactly")
	require.False(t, ok)
	require.Equal(t, []string{"node/test_b_exact"}, l.Unused())

	require.False(t, l.Chance("node/test_abc"))

	l, err = ParseSkipList("~node/test_random*  draws numbers\nnode/test_a why")
	require.NoError(t, err)
	require.True(t, l.Chance("node/test_random_seed"))
	require.False(t, l.Chance("node/test_a"))
	require.False(t, l.Chance("node/test_other"))
	reason, ok = l.Reason("node/test_random_seed")
	require.True(t, ok)
	require.Equal(t, "draws numbers", reason)

	_, err = ParseSkipList("node/test_a")
	require.ErrorContains(t, err, "has no reason")
}

func TestMatch(t *testing.T) {
	for _, c := range []struct {
		pattern, name string
		want          bool
	}{
		{"abc", "abc", true}, {"abc", "abcd", false}, {"a*", "abc", true}, {"*c", "abc", true}, {"a*c", "abc", true},
		{"a*c", "ac", true}, {"a*b*c", "a1b2c", true}, {"a*b*c", "a1c", false}, {"*", "", true}, {"a*a", "a", false},
	} {
		require.Equal(t, c.want, Match(c.pattern, c.name), "%q on %q", c.pattern, c.name)
	}
}

func TestTable(t *testing.T) {
	results := []Result{
		{Test: "node/test_max_pool_2d", Ops: []string{"Max", "MaxPool"}, Status: Passed},
		{Test: "node/test_maxpool_bad", Ops: []string{"MaxPool"}, Status: Failed},
		{Test: "node/test_maxpool_other", Ops: []string{"MaxPool"}, Status: Unsupported},
		{Test: "node/test_maxpool_random", Ops: []string{"MaxPool"}, Status: Failed},
		{Test: "node/test_sum_expanded", Ops: []string{"MaxPool"}, Status: Passed},
		{Test: "node/test_pooling", Ops: []string{"MaxPool"}, Status: Passed},
		{Test: "node/test_pooling", Ops: []string{"Max", "MaxPool"}, Status: Passed},
	}
	table := Table(results, func(test string) bool { return test == "node/test_maxpool_random" })
	require.Equal(t, map[string]Counts{"MaxPool": {Passed: 2, Failed: 1, Skipped: 1, Unsupported: 1}}, table)
}

func TestTypes(t *testing.T) {
	results := []Result{
		{Test: "node/test_add", Ops: []string{"Add"}, Types: []string{"float"}, Status: Passed},
		{Test: "node/test_add_int", Ops: []string{"Add"}, Types: []string{"float", "int64"}, Status: Passed},
		{Test: "node/test_add_string", Ops: []string{"Add"}, Types: []string{"string"}, Status: Failed},
		{Test: "node/test_sum_expanded", Ops: []string{"Add"}, Types: []string{"bool"}, Status: Passed},
	}
	require.Equal(t, map[string][]string{"Add": {"float", "int64"}}, Types(results))
}
