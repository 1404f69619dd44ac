package graph

import (
	"bytes"
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tconv/tconv/ops"
)

// TestLayoutOfRandomGraphs runs elementwise graphs, in which nearly every value
// could take the memory of another one, and holds them against the reference path,
// where no memory is shared: twice, with other inputs between.
func TestLayoutOfRandomGraphs(t *testing.T) {
	inPlace := 0
	for seed := range uint64(150) {
		b, inputs := randomDAG(seed, 24)
		want := b.run(t, RunOptions{Reference: true}, inputs...)
		m := b.loaded(t, RunOptions{Threads: 1})
		s := m.NewSession()
		for round := range 3 {
			in := inputs
			if round == 1 {
				in = nil
				for _, x := range inputs {
					in = append(in, ops.NewTensor(ops.Float32, x.Shape()))
				}
			}
			out := zeros(len(want))
			require.NoError(t, s.Run(context.Background(), in, out))
			for i := range want {
				if round != 1 {
					require.True(t, bytes.Equal(want[i].Bytes(), out[i].Bytes()), "seed %d, output %d, round %d", seed, i, round)
				}
			}
		}
		for i, x := range inputs {
			require.True(t, bytes.Equal(ramp(x.Shape()...).Bytes(), x.Bytes()), "seed %d: input %d was written", seed, i)
		}
		for i := range s.entry.plan.Steps {
			for id := range given(s.entry.plan.Steps[i].Node.Outputs) {
				if s.entry.plan.places[id].kind == placeView {
					inPlace++
				}
			}
		}
		s.Close()
		m.Close()
	}
	require.Greater(t, inPlace, 100, "values that took the memory of another one")
}

// checkPlaces asserts of a plan that no value is written while the memory that it
// gets holds one that is still to be read; what is written around another one is not
// written over it.
func checkPlaces(t *testing.T, p *Plan) {
	t.Helper()
	type span struct {
		from, to int // bytes
		last     int // the last step that reads it
		name     string
	}
	last := map[ValueID]int{}
	for i, s := range p.Steps {
		for id := range given(s.Node.Inputs) {
			last[id] = i
		}
	}
	for _, id := range p.Graph.Outputs {
		last[id] = len(p.Steps)
	}
	memory := func(id ValueID) (Range, bool) {
		for p.places[id].kind == placeView {
			id = p.places[id].of
		}
		kind := p.places[id].kind
		return p.rangeOf(id), kind == placeArena || kind == placePart
	}
	var live []span
	for i, s := range p.Steps {
		if w := s.Workspace; w != nil {
			for _, l := range live {
				require.False(t, l.last >= i && w.Offset < l.to && l.from < w.Offset+w.Size, "the workspace of step %d lies over %s", i, l.name)
			}
		}
		for id := range given(s.Node.Outputs) {
			r, ok := memory(id)
			if !ok {
				continue
			}
			for _, l := range live {
				inPlace := l.last == i
				overlap := r.Offset < l.to && l.from < r.Offset+r.Size
				if !overlap || l.last < i || s.View || p.places[id].kind == placeView && inPlace {
					continue
				}
				around := s.Node.Op == "Pad" && p.places[id].kind == placeView && p.Graph.Value(p.places[id].of).Name == l.name
				if around || p.insideOf(id) || p.partsOf(id) {
					continue // parts are made before the whole, on purpose
				}
				t.Fatalf("step %d writes %s over %s, which step %d still reads", i, p.Graph.Value(id).Name, l.name, l.last)
			}
			live = append(live, span{r.Offset, r.Offset + r.Size, last[id], p.Graph.Value(id).Name})
		}
	}
}

// insideOf reports whether id lies in a later value.
func (p *Plan) insideOf(id ValueID) bool { return p.places[id].kind == placePart }

// partsOf reports whether other values lie in id.
func (p *Plan) partsOf(id ValueID) bool {
	for _, at := range p.places {
		if at.kind == placePart && at.of == id {
			return true
		}
	}
	return false
}

func TestPlacesDoNotCollide(t *testing.T) {
	for seed := range uint64(100) {
		b, inputs := randomDAG(seed, 30)
		m := b.loaded(t, RunOptions{})
		var specs []ops.Spec
		for _, x := range inputs {
			specs = append(specs, x.Spec())
		}
		p, err := m.Plan(specs)
		require.NoError(t, err)
		checkPlaces(t, p)
		require.LessOrEqual(t, p.PeakBytes, p.ArenaBytes)
		m.Close()
	}
}

// TestInPlaceOnlyWhenDead: an input that is read later, or twice, or by the
// caller, keeps its memory.
func TestInPlaceOnlyWhenDead(t *testing.T) {
	places := func(b *builder) map[string]string { return planPlaces(t, b, ramp(64)) }
	base := func() *builder { return newBuilder().input("x", ops.Float32, 64).node("a", "Floor", "x") }

	got := places(base().node("b", "Relu", "a").node("y", "Neg", "b").output("y"))
	require.Equal(t, `in place of "a"`, got["b"])
	require.Equal(t, "output", got["y"], "an output has memory of its own")

	got = places(base().node("b", "Relu", "a").node("y", "Add", "b a").output("y"))
	require.Contains(t, got["b"], "arena[", "a is read later")

	got = places(base().node("b", "Relu", "a").node("y", "Neg", "b").output("y", "a"))
	require.Contains(t, got["b"], "arena[", "a is the caller's")

	got = places(newBuilder().input("x", ops.Float32, 64).node("b", "Relu", "x").node("y", "Neg", "b").output("y"))
	require.Contains(t, got["b"], "arena[", "x is the caller's")
}
