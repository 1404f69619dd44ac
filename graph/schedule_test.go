package graph

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tconv/tconv/ops"
)

// randomDAG is a model of n elementwise nodes of maps of different sizes: each
// reads one or two earlier values of its size, or makes one of another size.
func randomDAG(seed uint64, n int) (*builder, []*ops.Tensor) {
	rng := rand.New(rand.NewPCG(seed, 7))
	sizes := []int{1, 16, 256, 1024}
	b := newBuilder()
	var inputs []*ops.Tensor
	values := map[int][]string{}
	for _, size := range sizes {
		in := fmt.Sprint("x", size)
		b.input(in, ops.Float32, size)
		values[size] = []string{in}
		inputs = append(inputs, ramp(size))
	}
	read := map[string]bool{}
	for i := range n {
		size := sizes[rng.IntN(len(sizes))]
		list := values[size]
		x, y := list[rng.IntN(len(list))], list[rng.IntN(len(list))]
		out := fmt.Sprint("v", i)
		switch rng.IntN(5) {
		case 0:
			b.node(out, "Add", x+" "+y)
		case 1:
			b.node(out, "Sub", x+" "+y)
		case 2: // another size: a scalar broadcasts
			other := sizes[rng.IntN(len(sizes))]
			y = values[1][rng.IntN(len(values[1]))]
			x = values[other][rng.IntN(len(values[other]))]
			size = other
			b.node(out, "Add", x+" "+y)
		default:
			y = x
			b.node(out, []string{"Relu", "Neg", "Floor", "Abs"}[rng.IntN(4)], x)
		}
		read[x], read[y] = true, true
		values[size] = append(values[size], out)
	}
	for i := range n {
		if name := fmt.Sprint("v", i); !read[name] || rng.IntN(15) == 0 {
			b.output(name)
		}
	}
	return b, inputs
}

// TestScheduleIsTopological asserts that the order of a plan makes every value
// before it is read, keeps every node, and needs no more memory than the file's
// order.
func TestScheduleIsTopological(t *testing.T) {
	better := 0
	for seed := range uint64(200) {
		b, _ := randomDAG(seed, 30)
		g := b.graph(t)
		require.NoError(t, g.Infer(Limits{}))
		require.NoError(t, dropDead(g))
		before, nodes := g.orderPeak(g.Nodes), map[*Node]bool{}
		for _, n := range g.Nodes {
			nodes[n] = true
		}
		g.schedule()
		require.Len(t, g.Nodes, len(nodes))
		made := map[ValueID]bool{}
		for _, id := range g.Inputs {
			made[id] = true
		}
		for _, n := range g.Nodes {
			require.True(t, nodes[n])
			delete(nodes, n)
			for id := range given(n.Inputs) {
				require.True(t, made[id] || g.Const(id) != nil, "seed %d: %s is read before it is made", seed, g.Value(id).Name)
			}
			for id := range given(n.Outputs) {
				made[id] = true
			}
		}
		after := g.orderPeak(g.Nodes)
		require.LessOrEqual(t, after, before)
		if after < before {
			better++
		}
	}
	require.Positive(t, better, "orders that got better")
}

// TestScheduleByHand: two large values that are each reduced at once need one's
// memory, where the file makes both first.
func TestScheduleByHand(t *testing.T) {
	b := newBuilder().input("x", ops.Float32, 1, 1000).
		node("a", "Relu", "x").node("b", "Tanh", "x").
		node("p", "ReduceMax", "a", testInts("axes", 1)).node("q", "ReduceMax", "b", testInts("axes", 1)).
		node("y", "Add", "p q").output("y")
	g := b.graph(t)
	require.NoError(t, g.Infer(Limits{}))
	require.Equal(t, 4*(1000+1000+1), g.orderPeak(g.Nodes))
	g.schedule()
	require.Equal(t, 4*(1000+1+1), g.orderPeak(g.Nodes))
	require.Equal(t, []string{"make_a", "make_p", "make_b", "make_q", "make_y"}, nodeNames(g))
}

func nodeNames(g *Graph) []string {
	var out []string
	for _, n := range g.Nodes {
		out = append(out, n.Name)
	}
	return out
}
