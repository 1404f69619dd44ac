package ops

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
)

// counting gives 0, 1, 2, ... in a shape.
func counting[T Number](dims ...int) *Tensor {
	data := make([]T, product(dims))
	for i := range data {
		data[i] = T(i)
	}
	return Of(data, dims...)
}

func TestDepthToSpaceByHand(t *testing.T) {
	x := counting[float32](1, 8, 1, 1)
	two := IntAttr("blocksize", 2)
	dcr := opCase{op: "DepthToSpace", attrs: []Attr{two}, inputs: []*Tensor{x}}.mustRun(t)
	require.Equal(t, Shape{1, 2, 2, 2}, dcr[0].Shape())
	require.Equal(t, []float32{0, 2, 4, 6, 1, 3, 5, 7}, Data[float32](dcr[0]), "DCR is the default")
	crd := opCase{op: "DepthToSpace", attrs: []Attr{two, StringAttr("mode", "CRD")}, inputs: []*Tensor{x}}.mustRun(t)
	require.Equal(t, []float32{0, 1, 2, 3, 4, 5, 6, 7}, Data[float32](crd[0]))
	old := opCase{op: "DepthToSpace", opset: 1, attrs: []Attr{two}, inputs: []*Tensor{x}}.mustRun(t)
	require.Equal(t, dcr[0].Bytes(), old[0].Bytes())
	back := opCase{op: "SpaceToDepth", attrs: []Attr{two}, inputs: dcr}.mustRun(t)
	require.Equal(t, x.Bytes(), back[0].Bytes())
}

func TestDepthToSpaceRandom(t *testing.T) {
	rng := rand.New(rand.NewPCG(15, 16))
	for range 60 {
		b, crd := 1+rng.IntN(4), rng.IntN(2) == 1
		n, c, h, w := rng.IntN(3), 1+rng.IntN(4), 1+rng.IntN(20), rng.IntN(20)
		x := counting[int32](n, c*b*b, h, w)
		mode := "DCR"
		if crd {
			mode = "CRD"
		}
		out := opCase{op: "DepthToSpace", attrs: []Attr{IntAttr("blocksize", b), StringAttr("mode", mode)}, inputs: []*Tensor{x}}.mustRun(t)
		require.Equal(t, Shape{n, c, h * b, w * b}, out[0].Shape())
		xs, ys := Data[int32](x), Data[int32](out[0])
		for at := range ys {
			col, row, ch, img := at%(w*b), at/(w*b)%(h*b), at/(w*h*b*b)%c, at/(w*h*b*b*c)
			from := (row%b*b+col%b)*c + ch
			if crd {
				from = ch*b*b + row%b*b + col%b
			}
			require.Equal(t, xs[((img*c*b*b+from)*h+row/b)*w+col/b], ys[at], "%s b=%d [%d %d %d %d] at %d", mode, b, n, c, h, w, at)
		}
		if !crd {
			back := opCase{op: "SpaceToDepth", attrs: []Attr{IntAttr("blocksize", b)}, inputs: out}.mustRun(t)
			require.Equal(t, x.Bytes(), back[0].Bytes())
		}
	}
}

func TestDepthToSpaceTypes(t *testing.T) {
	two := []Attr{IntAttr("blocksize", 2)}
	out := opCase{op: "DepthToSpace", attrs: two, inputs: []*Tensor{OfStrings([]string{"a", "b", "c", "d"}, 1, 4, 1, 1)}}.mustRun(t)
	require.Equal(t, []string{"a", "b", "c", "d"}, out[0].Strings())
	out = opCase{op: "SpaceToDepth", attrs: two, inputs: []*Tensor{Of([]complex128{1, 2i, 3, 4}, 1, 1, 2, 2)}}.mustRun(t)
	require.Equal(t, []complex128{1, 2i, 3, 4}, Data[complex128](out[0]))
}

func TestDepthToSpaceErrors(t *testing.T) {
	x := counting[float32](1, 3, 2, 3)
	b := func(n int) []Attr { return []Attr{IntAttr("blocksize", n)} }
	opCase{op: "DepthToSpace", attrs: b(2), inputs: []*Tensor{x}}.mustFail(t, "3 channels are no multiple of blocksize² = 4")
	opCase{op: "DepthToSpace", attrs: b(0), inputs: []*Tensor{x}}.mustFail(t, "blocksize must be at least 1")
	opCase{op: "DepthToSpace", attrs: b(math.MaxInt), inputs: []*Tensor{x}}.mustFail(t, "want at most")
	opCase{op: "DepthToSpace", inputs: []*Tensor{x}}.mustFail(t, "attribute blocksize is missing")
	opCase{op: "DepthToSpace", attrs: b(1), inputs: []*Tensor{counting[float32](3)}}.mustFail(t, "want [N, C, H, W]")
	opCase{op: "DepthToSpace", opset: 10, attrs: append(b(1), StringAttr("mode", "CRD")), inputs: []*Tensor{x}}.mustFail(t, "attribute mode")
	opCase{op: "SpaceToDepth", attrs: b(2), inputs: []*Tensor{x}}.mustFail(t, "2 x 3 pixels, want multiples of blocksize = 2")
	opCase{op: "SpaceToDepth", attrs: b(maxBlock), inputs: []*Tensor{NewTensor(Uint8, Shape{0, math.MaxInt / 4, maxBlock, maxBlock})}}.mustFail(t, "limit exceeded")
}
