package ops

import (
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tconv/tconv/backend/cpu"
)

// TestQuantizeKernels holds the bound steps of QuantizeLinear and DequantizeLinear on
// every tier and 1 and 3 threads against the plain definition, to the last bit: per
// tensor, per channel, per element of the last axis, in blocks.
func TestQuantizeKernels(t *testing.T) {
	r := rand.New(rand.NewPCG(22, 1))
	for _, d := range []DType{Int8, Uint8} {
		for name, c := range map[string]struct {
			scales Shape
			attrs  []Attr
		}{
			"tensor":    {Shape{}, nil},
			"channel":   {Shape{3}, []Attr{IntAttr("axis", 1)}},
			"last axis": {Shape{101}, []Attr{IntAttr("axis", 3)}},
			"blocks":    {Shape{2, 3, 41, 3}, []Attr{IntAttr("axis", 3), IntAttr("block_size", 40)}},
		} {
			x, scale := randomReals(r, 30, 2, 3, 41, 101), randomReals(r, 0.2, c.scales...)
			for i, v := range Data[float32](scale) {
				Data[float32](scale)[i] = max(v, -v) + 0.25
			}
			zero := castTo(t, randomReals(r, 1, c.scales...), d)
			q := checkKernels(t, name, opCase{op: "QuantizeLinear", attrs: c.attrs, inputs: []*Tensor{x, scale, zero}})
			checkKernels(t, name, opCase{op: "DequantizeLinear", attrs: c.attrs, inputs: []*Tensor{q, scale, zero}})
		}
	}
}

// checkKernels runs a case on every tier, wants a kernel and the bytes of Run, and
// gives the output.
func checkKernels(t *testing.T, name string, c opCase) *Tensor {
	built, _, err := c.build()
	require.NoError(t, err)
	op, specs := built.(Binder), specsOf(c.inputs)
	want, err := op.Infer(specs)
	require.NoError(t, err)
	plain := c.mustRun(t)[0]
	for _, tier := range cpu.Available() {
		step, err := op.Bind(&Binding{In: specs, Out: want, Kernels: cpu.KernelsFor(tier), Threads: 1})
		require.NoError(t, err)
		require.Contains(t, step.Kernel(), "quantize "+string(tier))
		for _, threads := range []int{1, 3} {
			got := bindAndRun(t, op, specs, want, c.inputs, tier, threads)[0]
			require.Equal(t, plain.Bytes(), got.Bytes(), "%s, %s, %s, %d threads", c.op, name, tier, threads)
		}
	}
	return plain
}
