package ops

import (
	"context"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tconv/tconv/backend/cpu"
)

// blockedHalos are the halos beyond what an operator asks for that its blocked
// operands get in turn: none, the same everywhere, another one for every operand.
var blockedHalos = []func(operand int) cpu.Halo{
	func(int) cpu.Halo { return cpu.Halo{} },
	func(int) cpu.Halo { return cpu.Halo{Before: [3]int{0, 1, 1}, After: [3]int{0, 1, 2}} },
	func(operand int) cpu.Halo {
		return cpu.Halo{Before: [3]int{operand % 2, operand, 2}, After: [3]int{1, 0, 3 * operand}}
	},
}

// checkBlocked holds an operator that works on channel blocks against its plain
// definition: with halos of several sizes, on one thread and on three, in place
// where it allows that. What no operator may look at is NaN: halos of inputs beyond
// what it asked for, and all of an output. Padding lanes of an output must come out
// zero unless the step says otherwise.
func checkBlocked(t testing.TB, op Binder, specs, want []Spec, in, plain []*Tensor, tier cpu.Tier) {
	t.Helper()
	blocker, ok := op.(Blocker)
	if !ok {
		return
	}
	kernels := cpu.KernelsFor(tier)
	choice, ok := blocker.Blocked(specs, want, kernels)
	if !ok {
		return
	}
	require.Len(t, choice.In, len(specs), "Choice.In")
	require.Len(t, choice.Out, len(want), "Choice.Out")
	for variant, halo := range blockedHalos {
		for _, planarOut := range []bool{false, true}[:1+oneIf(choice.PlanarOut)] {
			b := blockedCase{op: op, tier: tier, name: fmt.Sprintf("%s, halos %d, planar output %v", tier, variant, planarOut)}
			b.place(t, choice, specs, want, in, kernels.Block, halo, planarOut)
			first := b.run(t, 1, nil, plain)
			require.Equal(t, first, b.run(t, 3, nil, plain), "%s: bits differ between 1 and 3 threads", b.name)
			for _, p := range b.step.Needs().InPlace {
				x, y := b.specs[p.In], b.want[p.Out]
				if !x.Omitted() && x.Const == nil && x.DType == y.DType && x.Layout == y.Layout && x.Bytes() == y.Bytes() {
					require.Equal(t, first, b.run(t, 3, &p, plain), "%s: bits differ in place of input %d", b.name, p.In)
				}
			}
		}
	}
}

func oneIf(b bool) int {
	if b {
		return 1
	}
	return 0
}

// blockedCase is an operator bound with one set of layouts.
type blockedCase struct {
	op          Binder
	tier        cpu.Tier
	name        string
	specs, want []Spec
	in          []*Tensor
	step        Step
	use         *PackedUse
}

// place gives operands their layouts, converts the inputs and binds.
func (b *blockedCase) place(t testing.TB, c Choice, specs, want []Spec, in []*Tensor, block int, halo func(int) cpu.Halo, planarOut bool) {
	t.Helper()
	b.specs, b.want = append([]Spec(nil), specs...), append([]Spec(nil), want...)
	b.in = append([]*Tensor(nil), in...)
	for i := range b.specs {
		if !c.In[i] {
			continue
		}
		require.True(t, Blockable(b.specs[i]), "input %d cannot lie in blocks", i)
		var asked cpu.Halo
		if i < len(c.Halo) {
			asked = c.Halo[i]
		}
		b.specs[i].Const = nil
		b.specs[i].Layout = Layout{Block: block, Halo: alongAxes(in[i].Shape(), addHalos(asked, halo(i)))}
		b.in[i] = blockedCopy(in[i], b.specs[i], asked)
	}
	for i := range b.want {
		if c.Out[i] && !(planarOut && i == 0) {
			b.want[i].Layout = Layout{Block: block, Halo: alongAxes(b.want[i].Shape, halo(len(specs)+i))}
		}
	}
	b.use = NewPacked().Use()
	step, err := b.op.Bind(&Binding{In: b.specs, Out: b.want, Kernels: cpu.KernelsFor(b.tier), Threads: 3, Packed: b.use})
	require.NoError(t, err, b.name)
	b.step = step
}

// run runs the step, in place where share says so, compares the outputs with plain
// and gives their bytes, margins cleared.
func (b *blockedCase) run(t testing.TB, threads int, share *Pair, plain []*Tensor) [][]byte {
	t.Helper()
	needs := b.step.Needs()
	if len(needs.Views) > 0 {
		return nil
	}
	pool := cpu.NewPool(threads)
	defer pool.Close()
	call := NewCall(context.Background(), pool)
	call.SetWorkspace(garbage(needs.Workspace))
	in, out := append([]*Tensor(nil), b.in...), make([]*Tensor, len(b.want))
	for i, s := range b.want {
		out[i] = new(Tensor)
		out[i].ResetLayout(s, garbage(s.Bytes()))
	}
	if share != nil {
		out[share.Out].ResetLayout(b.want[share.Out], append(alignedBytes(0), b.in[share.In].Bytes()...))
		in[share.In] = new(Tensor)
		in[share.In].ResetLayout(b.specs[share.In], out[share.Out].Bytes())
	}
	require.NoError(t, b.step.Run(call, in, out), b.name)
	var bytes [][]byte
	for i, y := range out {
		msg := fmt.Sprintf("%s, output %d", b.name, i)
		if !y.Layout().Planar() {
			m := y.Map()
			requireZeroLanes(t, &m, needs.DirtyLanes, msg)
			m.ZeroMargins(nil, true, needs.DirtyLanes)
			planar := NewTensor(Float32, y.Shape())
			m.ToPlanar(nil, Data[float32](planar))
			requireClose(t, plain[i], planar, 1e-4, msg)
		} else {
			requireClose(t, plain[i], y, 1e-4, msg)
		}
		bytes = append(bytes, y.Bytes())
	}
	return bytes
}

// requireZeroLanes asserts that the channels beyond C are zeros, unless they may be
// anything.
func requireZeroLanes(t testing.TB, m *cpu.Map, dirty bool, msg string) {
	t.Helper()
	if dirty || m.C%m.Block == 0 {
		return
	}
	for n := range m.N {
		for z := range m.Size[0] {
			for y := range m.Size[1] {
				for x := range m.Size[2] {
					for lane, v := range m.Data[m.At(n, m.Groups()-1, z, y, x):][:m.Block] {
						if lane >= m.C%m.Block && v != 0 {
							require.Failf(t, "a padding lane is not zero", "%s: image %d, pixel %d,%d,%d, lane %d is %v", msg, n, z, y, x, lane, v)
						}
					}
				}
			}
		}
	}
}

// blockedCopy copies a planar tensor into blocks. The halo is zero as far as the
// operator asked for it and NaN beyond.
func blockedCopy(x *Tensor, s Spec, asked cpu.Halo) *Tensor {
	y := new(Tensor)
	y.ResetLayout(s, garbage(s.Bytes()))
	m := y.Map()
	if m.N*m.C == 0 {
		return y
	}
	inner := m
	inner.FromPlanar(nil, Data[float32](x))
	for i := range m.Data { // FromPlanar made the whole halo zero
		pixel := i % m.Group
		at := [3]int{pixel / m.Plane, pixel % m.Plane / m.Row, pixel % m.Row / m.Block}
		for axis := range 3 {
			p := at[axis] - m.Halo.Before[axis]
			if p < -asked.Before[axis] || p >= m.Size[axis]+asked.After[axis] {
				m.Data[i] = nan32
			}
		}
	}
	return y
}

// alongAxes leaves a halo only around the spatial axes that a value has.
func alongAxes(shape Shape, h cpu.Halo) cpu.Halo {
	for axis := range 3 - (len(shape) - 2) {
		h.Before[axis], h.After[axis] = 0, 0
	}
	return h
}

func addHalos(a, b cpu.Halo) cpu.Halo {
	for i := range 3 {
		a.Before[i] += b.Before[i]
		a.After[i] += b.After[i]
	}
	return a
}

// garbage gives n bytes that are NaN as floats.
func garbage(n int) []byte {
	b := alignedBytes(n)
	for i := range b {
		b[i] = 0xFF
	}
	return b
}

// checkInPlace runs a bound planar operator in place of each input that it allows.
func checkInPlace(t testing.TB, op Binder, specs, want []Spec, in, plain []*Tensor, tier cpu.Tier) {
	t.Helper()
	use := NewPacked().Use()
	defer use.Release()
	step, err := op.Bind(&Binding{In: specs, Out: want, Kernels: cpu.KernelsFor(tier), Threads: 1, Packed: use})
	require.NoError(t, err)
	needs := step.Needs()
	for _, p := range needs.InPlace {
		if specs[p.In].Omitted() || specs[p.In].Const != nil || specs[p.In].Bytes() != want[p.Out].Bytes() {
			continue
		}
		mine, out := append([]*Tensor(nil), in...), allocate(want)
		mine[p.In] = in[p.In].Clone()
		out[p.Out].mem = mine[p.In].Bytes()
		call := NewCall(context.Background(), nil)
		call.SetWorkspace(alignedBytes(needs.Workspace))
		require.NoError(t, step.Run(call, mine, out))
		for i := range out {
			requireClose(t, plain[i], out[i], 1e-4, fmt.Sprintf("%s, in place of input %d, output %d", tier, p.In, i))
		}
	}
}
