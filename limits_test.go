package tconv_test

import (
	"context"
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tconv/tconv"
	"github.com/tconv/tconv/onnx"
)

// allocated is how many bytes f allocates.
func allocated(f func()) int {
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	f()
	runtime.ReadMemStats(&after)
	return int(after.TotalAlloc - before.TotalAlloc)
}

// loadMemory is what loading may allocate in all, what is garbage at once included:
// 3 times the bytes given and 16 MiB, and 6 KiB for each node, which a file can write
// in 20 bytes.
func loadMemory(data []byte) int {
	nodes := 0
	if m, err := onnx.Unmarshal(data); err == nil {
		nodes = len(m.Graph.Nodes)
	}
	return 3*len(data) + 16<<20 + 6*nodes<<10
}

// TestLoadMemory measures what loading allocates, over all small models of the
// tree and over files that ask for as much as they can.
func TestLoadMemory(t *testing.T) {
	models := map[string][]byte{}
	for _, dir := range []string{"testdata/architectures", "models/espcn_x2", "models/unet_coins"} {
		for _, path := range modelFiles(t, dir) {
			data, err := os.ReadFile(path)
			require.NoError(t, err)
			models[filepath.Base(path)] = data
		}
	}
	for name, b := range greedyModels(t) {
		models[name] = b.bytes()
	}
	for name, data := range models {
		t.Run(name, func(t *testing.T) {
			start := time.Now()
			n := allocated(func() {
				if err := loadOnly(data, tconv.WithThreads(1)); err != nil {
					require.Empty(t, fault(err))
				}
			})
			t.Logf("%d bytes: %d allocated in %v", len(data), n, time.Since(start))
			require.LessOrEqual(t, n, loadMemory(data))
			require.Less(t, time.Since(start), time.Second)
		})
	}
}

// greedyModels are small files that ask for gigabytes, or for years.
func greedyModels(t testing.TB) map[string]*modelBuilder {
	one := func() *modelBuilder { return newModel().constant(t, "one", wave(1)) }
	many := func(n int, node func(b *modelBuilder, i int)) *modelBuilder {
		b := newModel().constant(t, "small", vector(512, 500)).constant(t, "one", wave(1)).constant(t, "row", wave(4096))
		for i := range n {
			node(b, i)
			b.output(fmt.Sprint("y", i))
		}
		return b
	}
	huge := vector(1<<15, 1<<15)
	sparse := newModel().node("y", "Identity", "s").output("y")
	sparse.model.Graph.SparseInitializers = []*onnx.SparseTensor{{
		Values:  &onnx.Tensor{Name: "s", DataType: onnx.Float, Dims: []int64{1}, FloatData: []float32{1}},
		Indices: &onnx.Tensor{DataType: onnx.Int64, Dims: []int64{1}, Int64Data: []int64{3}}, Dims: []int64{1 << 28}}}
	manySparse := newModel()
	for i := range 200 {
		name := fmt.Sprint("s", i)
		manySparse.model.Graph.SparseInitializers = append(manySparse.model.Graph.SparseInitializers, &onnx.SparseTensor{
			Values:  &onnx.Tensor{Name: name, DataType: onnx.Float, Dims: []int64{1}, FloatData: []float32{1}},
			Indices: &onnx.Tensor{DataType: onnx.Int64, Dims: []int64{1}, Int64Data: []int64{3}}, Dims: []int64{1 << 18}})
		manySparse.node(fmt.Sprint("y", i), "Identity", name).output(fmt.Sprint("y", i))
	}
	calls := newModel().input("x", tconv.Float32, 1).node("y", "F0", "x").output("y")
	calls.model.OpsetImports = append(calls.model.OpsetImports, onnx.OperatorSetID{Domain: "l", Version: 1})
	calls.model.Graph.Nodes[0].Domain = "l"
	for i := range 30 {
		inner := func(in, out string) *onnx.Node {
			if i == 29 {
				return &onnx.Node{OpType: "Relu", Inputs: []string{in}, Outputs: []string{out}}
			}
			return &onnx.Node{OpType: fmt.Sprint("F", i+1), Domain: "l", Inputs: []string{in}, Outputs: []string{out}}
		}
		calls.model.Functions = append(calls.model.Functions, &onnx.Function{
			Name: fmt.Sprint("F", i), Domain: "l", Inputs: []string{"x"}, Outputs: []string{"y"},
			OpsetImports: []onnx.OperatorSetID{{Version: 20}, {Domain: "l", Version: 1}},
			Nodes:        []*onnx.Node{inner("x", "t"), inner("t", "y")}})
	}
	return map[string]*modelBuilder{
		"ConstantOfShape": newModel().constant(t, "n", huge).node("y", "ConstantOfShape", "n").output("y"),
		"Expand":          one().constant(t, "n", huge).node("y", "Expand", "one n").output("y"),
		"Tile":            one().constant(t, "n", vector(1<<30)).node("y", "Tile", "one n").output("y"),
		"Range":           newModel().constant(t, "a", scalar(0)).constant(t, "b", scalar(1<<40)).constant(t, "c", scalar(1)).node("y", "Range", "a b c").output("y"),
		"OneHot":          newModel().constant(t, "i", vector(1, 2, 3)).constant(t, "n", scalar(1<<28)).constant(t, "v", vector(0, 1)).node("y", "OneHot", "i n v").output("y"),
		"Pad":             one().constant(t, "p", vector(0, 1<<28)).node("y", "Pad", "one p").output("y"),
		"Resize":          newModel().constant(t, "x", wave(1, 1, 1, 1)).constant(t, "n", vector(1, 1, 1<<14, 1<<14)).node("y", "Resize", "x _ _ n").output("y"),
		"Upsampled input": newModel().input("x", tconv.Float32, 1, 1, 1, 1).constant(t, "n", vector(1, 1, 1<<14, 1<<14)).node("y", "Resize", "x _ _ n", textAttr("mode", "cubic")).output("y"),
		"EyeLike":         newModel().constant(t, "n", huge).node("s", "ConstantOfShape", "n").node("y", "EyeLike", "s").output("y"),
		"a graph input":   newModel().input("x", tconv.Float32, 1<<15, 1<<15).node("y", "Relu", "x").output("y"),
		"ConstantOfShape, many": many(2000, func(b *modelBuilder, i int) {
			b.node(fmt.Sprint("y", i), "ConstantOfShape", "small")
		}),
		"Expand, many": many(2000, func(b *modelBuilder, i int) { b.node(fmt.Sprint("y", i), "Expand", "one small") }),
		"Transpose, many": many(4000, func(b *modelBuilder, i int) {
			b.node(fmt.Sprint("y", i), "Concat", "row row row row", intAttr("axis", 0))
		}),
		"doubling": many(40, func(b *modelBuilder, i int) {
			from := fmt.Sprint("y", i-1)
			if i == 0 {
				from = "row"
			}
			b.node(fmt.Sprint("y", i), "Concat", from+" "+from, intAttr("axis", 0))
		}),
		"MatMul of constants": newModel().constant(t, "a", wave(2048, 8)).constant(t, "b", wave(8, 2048)).
			node("c", "MatMul", "a b").node("d", "MatMul", "c c").node("y", "MatMul", "d d").output("y"),
		"Conv of constants": newModel().constant(t, "x", wave(1, 1, 256, 256)).constant(t, "w", wave(1, 1, 128, 128)).
			node("y", "Conv", "x w", intsAttr("pads", 64, 64, 64, 64)).output("y"),
		"MaxPool of constants": newModel().constant(t, "x", wave(1, 1, 256, 256)).
			node("y", "MaxPool", "x", intsAttr("kernel_shape", 200, 200), intsAttr("pads", 100, 100, 100, 100)).output("y"),
		"AveragePool of constants": newModel().constant(t, "x", wave(1, 1, 256, 256)).
			node("y", "AveragePool", "x", intsAttr("kernel_shape", 200, 200), intsAttr("pads", 100, 100, 100, 100)).output("y"),
		"Resize of constants": newModel().constant(t, "x", wave(1, 1, 512, 512)).constant(t, "n", vector(1, 1, 500, 500)).
			node("y", "Resize", "x _ _ n", textAttr("mode", "cubic"), intAttr("antialias", 1)).output("y"),
		"Einsum of constants": newModel().constant(t, "a", wave(64, 64)).
			node("y", "Einsum", "a a a a", textAttr("equation", "ij,kl,mn,op->ip")).output("y"),
		"Unique of constants":                   newModel().constant(t, "x", wave(1<<16)).node("y", "Unique", "x").output("y"),
		"sparse initializer":                    sparse,
		"sparse initializers, many":             manySparse,
		"functions that call each other":        calls,
		"GatherND of constants":                 newModel().constant(t, "x", wave(64, 64)).constant(t, "i", vector(make([]int64, 1<<14)...)).node("y", "Gather", "x i").output("y"),
		"Conv with a huge W of the caller":      newModel().input("x", tconv.Float32, 1, 1, 8, 8).input("w", tconv.Float32, 1<<20, 1, 8, 8).node("y", "Conv", "x w").output("y"),
		"Conv with huge pads":                   newModel().input("x", tconv.Float32, 1, 1, 8, 8).constant(t, "w", wave(1, 1, 3, 3)).node("y", "Conv", "x w", intsAttr("pads", 1<<13, 1<<13, 1<<13, 1<<13)).output("y"),
		"ConvTranspose with huge strides":       newModel().input("x", tconv.Float32, 1, 1, 8, 8).constant(t, "w", wave(1, 1, 3, 3)).node("y", "ConvTranspose", "x w", intsAttr("strides", 1<<11, 1<<11)).output("y"),
		"ConvTranspose with odd strides":        newModel().input("x", tconv.Float32, 1, 1, 8, 8).constant(t, "w", wave(1, 1, 3, 3)).node("y", "ConvTranspose", "x w", intsAttr("strides", 61, 61)).output("y"),
		"ConvTranspose with huge dilations":     newModel().input("x", tconv.Float32, 1, 3, 1, 1).constant(t, "w", wave(3, 4, 4, 4)).node("y", "ConvTranspose", "x w", intsAttr("dilations", 65536, 1)).output("y"),
		"AveragePool of the caller":             newModel().input("x", tconv.Float32, 1, 1, 1<<12, 1<<12).node("y", "AveragePool", "x", intsAttr("kernel_shape", 2000, 2000)).output("y"),
		"Split into many":                       newModel().input("x", tconv.Float32, 1<<20).node("y", "Split", "x", intAttr("num_outputs", 1<<20)).output("y"),
		"dilations as large as they can be":     newModel().input("x", tconv.Float32, 1, 1, 1<<14, 1<<14).constant(t, "w", wave(1, 1, 2, 2)).node("y", "Conv", "x w", intsAttr("dilations", 16000, 16000)).output("y"),
		"ReverseSequence, CumSum, a few others": newModel().constant(t, "x", wave(1, 1<<15)).constant(t, "a", scalar(1)).node("z", "CumSum", "x a").node("y", "Trilu", "z").output("y"),
	}
}

// scalar is an integer of rank 0.
func scalar(v int64) *tconv.Tensor {
	t, err := tconv.Wrap([]int64{v})
	if err != nil {
		panic(err)
	}
	return t
}

// TestGreedyRuns runs the same models with a memory limit of 64 MiB and half a
// second: they fail with an error that says which limit, or work.
func TestGreedyRuns(t *testing.T) {
	for name, b := range greedyModels(t) {
		t.Run(name, func(t *testing.T) {
			n := 0
			text := guarded(time.Second, func() error {
				m, err := tconv.Load(b.bytes(), tconv.WithMemoryLimit(64<<20), tconv.WithThreads(1))
				if err != nil {
					return err
				}
				defer m.Close()
				in := tconv.Tensors{}
				for _, v := range m.Inputs() {
					if elements(v.Shape) > 1<<22 {
						return nil
					}
					in[v.Name] = wave(v.Shape...)
				}
				n = allocated(func() { _, err = runLimited(m, in) })
				return err
			})
			require.Empty(t, text)
			require.Less(t, n, 200<<20)
		})
	}
}

// TestTinyFileHugeTensor is the file of some 100 bytes that once made another
// runtime allocate 287 MB when it loaded it.
func TestTinyFileHugeTensor(t *testing.T) {
	data := newModel().constant(t, "n", vector(1<<14, 1<<12)).node("y", "ConstantOfShape", "n").output("y").bytes()
	require.Less(t, len(data), 160)
	n := allocated(func() { require.NoError(t, loadOnly(data, tconv.WithThreads(1))) })
	require.Less(t, n, 1<<20)
	_, err := tconv.Load(data, tconv.WithMemoryLimit(64<<20))
	require.ErrorIs(t, err, tconv.ErrLimit)
	require.ErrorContains(t, err, "256.0 MiB")
	m, err := tconv.Load(data, tconv.WithMemoryLimit(257<<20))
	require.NoError(t, err)
	defer m.Close()
	out, err := m.Run(context.Background(), nil)
	require.NoError(t, err)
	require.Equal(t, []int{1 << 14, 1 << 12}, out["y"].Shape())
}

func TestMemoryLimit(t *testing.T) {
	b := newModel().input("x", tconv.Float32, 64, 1024).node("a", "Relu", "x").node("y", "Sigmoid", "a").output("y")
	_, err := tconv.Load(b.bytes(), tconv.WithMemoryLimit(300<<10))
	require.ErrorIs(t, err, tconv.ErrLimit, "all shapes are known: at load")
	require.ErrorContains(t, err, "needs 512.0 KiB")
	require.ErrorContains(t, err, "the limit is 300.0 KiB")
	m := b.load(t, tconv.WithMemoryLimit(512<<10))
	_, err = m.Run(context.Background(), tconv.Tensors{"x": wave(64, 1024)})
	require.NoError(t, err)

	b.model.Graph.Inputs[0].Type.Shape.Dims[0] = onnx.Dimension{Kind: onnx.DimParam, Param: "n"}
	m = b.load(t, tconv.WithMemoryLimit(300<<10))
	_, err = m.Run(context.Background(), tconv.Tensors{"x": wave(64, 1024)})
	require.ErrorIs(t, err, tconv.ErrLimit, "shapes come with the run")
	_, err = m.Run(context.Background(), tconv.Tensors{"x": wave(8, 1024)})
	require.NoError(t, err)
}

// externalModel adds a constant from a file to its input.
func externalModel(location string) []byte {
	b := newModel().input("x", tconv.Float32, 2).node("y", "Add", "x w").output("y")
	b.model.Graph.Initializers = []*onnx.Tensor{{Name: "w", DataType: onnx.Float, Dims: []int64{2}, DataLocation: onnx.LocationExternal,
		External: []onnx.StringEntry{{Key: "location", Value: location}, {Key: "offset", Value: "4"}, {Key: "length", Value: "8"}}}}
	return b.bytes()
}

func TestExternalData(t *testing.T) {
	weights := make([]byte, 12)
	binary.LittleEndian.PutUint32(weights[4:], 0x3f800000) // 1
	binary.LittleEndian.PutUint32(weights[8:], 0x40000000) // 2
	dir := t.TempDir()
	inside := filepath.Join(dir, "model")
	require.NoError(t, os.MkdirAll(filepath.Join(inside, "data"), 0o755))
	write := func(path string, data []byte) { require.NoError(t, os.WriteFile(path, data, 0o644)) }
	write(filepath.Join(inside, "w.bin"), weights)
	write(filepath.Join(inside, "data", "w.bin"), weights)
	write(filepath.Join(inside, "short.bin"), weights[:11])
	write(filepath.Join(dir, "outside.bin"), weights)
	model := filepath.Join(inside, "m.onnx")
	fsys := fstest.MapFS{"model/m.onnx": {}, "model/w.bin": {Data: weights}, "model/data/w.bin": {Data: weights}, "outside.bin": {Data: weights},
		"model/short.bin": {Data: weights[:11]}}

	check := func(t *testing.T, m *tconv.Model, err error) {
		require.NoError(t, err)
		defer m.Close()
		x, _ := tconv.Wrap([]float32{10, 20}, 2)
		out, err := m.Run(context.Background(), tconv.Tensors{"x": x})
		require.NoError(t, err)
		got, _ := tconv.Data[float32](out["y"])
		require.Equal(t, []float32{11, 22}, got)
	}
	for _, location := range []string{"w.bin", "data/w.bin", "./w.bin"} {
		t.Run(location, func(t *testing.T) {
			data := externalModel(location)
			write(model, data)
			fsys["model/m.onnx"].Data = data
			m, err := tconv.Open(model)
			check(t, m, err)
			m, err = tconv.OpenFS(fsys, "model/m.onnx")
			check(t, m, err)
			_, err = tconv.Load(data)
			require.ErrorIs(t, err, tconv.ErrInvalidModel, "bytes have no folder")
			require.Empty(t, fault(err))
		})
	}
	for _, location := range []string{"../outside.bin", filepath.Join(dir, "outside.bin"), "missing.bin", "data", "short.bin", "", "data/../../outside.bin",
		"/etc/passwd", "C:\\w.bin", "w.bin\x00", ".", strings.Repeat("a/", 3000)} {
		t.Run(fmt.Sprintf("refuse %.20q", location), func(t *testing.T) {
			data := externalModel(location)
			write(model, data)
			fsys["model/m.onnx"].Data = data
			_, err := tconv.Open(model)
			require.ErrorIs(t, err, tconv.ErrInvalidModel)
			require.Empty(t, fault(err))
			require.ErrorContains(t, err, `"w"`, "the tensor is named")
			_, err = tconv.OpenFS(fsys, "model/m.onnx")
			require.ErrorIs(t, err, tconv.ErrInvalidModel)
			require.Empty(t, fault(err))
		})
	}
}
