package main

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestPrefix(t *testing.T) {
	for _, c := range []struct {
		name  string
		depth int
		want  string
	}{
		{"/down.0/down.0.0/Conv", 1, "/down.0"},
		{"/down.0/down.0.0/Conv", 2, "/down.0/down.0.0"},
		{"/down.0/down.0.0/Conv", 9, "/down.0/down.0.0"},
		{"/Concat_1", 1, "/"},
		{"a/b/Conv", 1, "/a"},
		{"node_conv2d_12", 3, "node_conv2d"},
		{"", 1, ""},
	} {
		require.Equal(t, c.want, prefix(c.name, c.depth), c.name)
	}
}

func TestTellingDepth(t *testing.T) {
	row := func(name string) profileRow { return profileRow{Name: name} }
	wide := []profileRow{row("/a/x/Conv"), row("/b/x/Conv"), row("/c/x/Conv"), row("/d/x/Conv")}
	require.Equal(t, 1, tellingDepth(wide))
	deep := []profileRow{row("/net/a/Conv"), row("/net/b/Conv"), row("/net/c/Conv"), row("/net/d/Conv")}
	require.Equal(t, 2, tellingDepth(deep))
	require.Equal(t, 1, tellingDepth([]profileRow{row("/Conv"), row("/Relu")}))
	require.Equal(t, 1, tellingDepth(nil))
}

// Times 3 ms and 1 ms: shares of 3/4 and 1/4. 1.5 million multiply-adds in 3 ms are 1 GFLOP/s.
func TestGrouped(t *testing.T) {
	rows := []profileRow{
		{Name: "x", Op: "Add", Kernel: "vec", Nodes: 1, MS: 1},
		{Name: "y", Op: "Conv", Kernel: "f4", Nodes: 1, MS: 1, MACs: 1_000_000},
		{Name: "z", Op: "Conv", Kernel: "f4", Nodes: 1, MS: 2, MACs: 500_000},
	}
	require.Equal(t, []profileRow{
		{Name: "Conv", Kernel: "f4", Nodes: 2, MS: 3, Share: 0.75, MACs: 1_500_000, GFLOPs: 1},
		{Name: "Add", Kernel: "vec", Nodes: 1, MS: 1, Share: 0.25},
	}, grouped(rows, func(r profileRow) (string, string) { return r.Op, r.Kernel }))
	require.Equal(t, []string{"z", "x", "y"}, []string{ranked(rows)[0].Name, ranked(rows)[1].Name, ranked(rows)[2].Name})
	require.Zero(t, rows[0].Share, "the rows themselves stay as they are")
}
