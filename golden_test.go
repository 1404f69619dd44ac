package tconv_test

import (
	"context"
	"crypto/sha256"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tconv/tconv"
	"github.com/tconv/tconv/backend/cpu"
	"github.com/tconv/tconv/npy"
)

// tolerance is |got - want| <= rtol·|want| + ofMax·max|want|.
type tolerance struct{ rtol, ofMax float64 }

// golden holds the inputs of a model, the outputs that onnxruntime gave and, where
// the reference evaluator of the onnx package gave others, those.
type golden struct{ in, out, ref tconv.Tensors }

// readGolden reads an .npz with the keys in:NAME and out:NAME.
func readGolden(t testing.TB, path string) golden {
	a, err := npy.OpenZipFile(path)
	require.NoError(t, err)
	defer a.Close()
	g := goldenOf(t, a)
	require.NotEmpty(t, g.out, "%s has no outputs", path)
	return g
}

// goldenOf sorts the arrays of an archive by the prefixes of their keys.
func goldenOf(t testing.TB, a *npy.Archive) golden {
	g := golden{tconv.Tensors{}, tconv.Tensors{}, tconv.Tensors{}}
	for _, key := range a.Keys() {
		array, err := a.Read(key)
		require.NoError(t, err)
		tensor, err := tconv.FromBytes(npyType(t, array.DType), array.Data, array.Shape...)
		require.NoError(t, err)
		if name, ok := strings.CutPrefix(key, "in:"); ok {
			g.in[name] = tensor
		} else if name, ok := strings.CutPrefix(key, "out:"); ok {
			g.out[name] = tensor
		} else if name, ok := strings.CutPrefix(key, "ref:"); ok {
			g.ref[name] = tensor
		}
	}
	return g
}

// npyType maps a numpy type to an element type.
func npyType(t testing.TB, name string) tconv.DType {
	types := map[string]tconv.DType{
		"<f4": tconv.Float32, "<f8": tconv.Float64, "<f2": tconv.Float16, "|b1": tconv.Bool,
		"|i1": tconv.Int8, "<i2": tconv.Int16, "<i4": tconv.Int32, "<i8": tconv.Int64,
		"|u1": tconv.Uint8, "<u2": tconv.Uint16, "<u4": tconv.Uint32, "<u8": tconv.Uint64,
	}
	d, ok := types[name]
	require.True(t, ok, "numpy type %q", name)
	return d
}

// check runs the model and holds every output against the golden ones.
func (g golden) check(t testing.TB, m *tconv.Model, tol tolerance) tconv.Tensors {
	t.Helper()
	got, err := m.Run(context.Background(), g.in)
	require.NoError(t, err)
	for name, want := range g.out {
		require.Contains(t, got, name)
		require.Equal(t, want.String(), got[name].String(), "output %s", name)
		if worst := excess(t, got[name], want, tol); worst > 0 {
			t.Errorf("output %s is beyond the tolerance by %.2g of max|want|", name, worst)
		}
	}
	return got
}

// excess is by how much the worst element misses the tolerance, over max|want|;
// 0 when all are within it.
func excess(t testing.TB, got, want *tconv.Tensor, tol tolerance) float64 {
	a, err := got.Float64s()
	require.NoError(t, err)
	b, err := want.Float64s()
	require.NoError(t, err)
	largest := 0.0
	for _, v := range b {
		largest = math.Max(largest, math.Abs(v))
	}
	worst := 0.0
	for i, w := range b {
		if a[i] == w || math.IsNaN(a[i]) && math.IsNaN(w) {
			continue
		}
		miss := math.Abs(a[i]-w) - tol.rtol*math.Abs(w) - tol.ofMax*largest
		if math.IsNaN(miss) {
			miss = math.Inf(1)
		}
		worst = math.Max(worst, miss/math.Max(largest, math.SmallestNonzeroFloat32))
	}
	return worst
}

// digest is a hash of all outputs, by name.
func digest(out tconv.Tensors) string {
	names := make([]string, 0, len(out))
	for name := range out {
		names = append(names, name)
	}
	slices.Sort(names)
	h := sha256.New()
	for _, name := range names {
		fmt.Fprint(h, name, out[name].Shape())
		h.Write(out[name].Bytes())
	}
	return fmt.Sprintf("%x", h.Sum(nil))
}

// architectureTolerance is that of testdata/architectures/README.
var architectureTolerance = tolerance{1e-3, 1e-4}

// TestArchitectures runs one tiny model per decoder architecture on every kernel
// tier of this machine and on 1, 2 and 4 threads: results agree with
// onnxruntime's, and their bits do not depend on the number of threads.
func TestArchitectures(t *testing.T) {
	models := modelFiles(t, "testdata/architectures")
	require.Len(t, models, 21)
	for _, path := range models {
		t.Run(strings.TrimSuffix(filepath.Base(path), ".onnx"), func(t *testing.T) {
			checkOnTiers(t, path, readGolden(t, strings.TrimSuffix(path, ".onnx")+".npz"), architectureTolerance)
		})
	}
}

// modelFiles lists the models of a folder.
func modelFiles(t testing.TB, dir string) []string {
	models, err := filepath.Glob(filepath.Join(dir, "*.onnx"))
	require.NoError(t, err)
	require.NotEmpty(t, models)
	return models
}

// checkOnTiers checks a model on every tier and number of threads, and on the
// reference path.
func checkOnTiers(t *testing.T, path string, g golden, tol tolerance) {
	eachTier(t, func(tier cpu.Tier) {
		first := ""
		for _, threads := range []int{1, 2, 4} {
			m, err := tconv.Open(path, tconv.WithThreads(threads))
			require.NoError(t, err)
			sum := digest(g.check(t, m, tol))
			require.NoError(t, m.Close())
			if first == "" {
				first = sum
			}
			require.Equal(t, first, sum, "%s: the bits differ on %d threads", tier, threads)
		}
	})
}

// eachTier calls f with every kernel tier of this processor and build, and with the
// reference path, as the one that models loaded in f use.
func eachTier(t *testing.T, f func(cpu.Tier)) {
	for _, tier := range append(cpu.Available(), cpu.Reference) {
		t.Setenv(cpu.TierVariable, string(tier))
		f(tier)
	}
}

// TestOwnModels checks the trained models of models/ against onnxruntime: at most
// 1e-4 of the largest value, on every tier and number of threads.
func TestOwnModels(t *testing.T) {
	found := 0
	for _, dir := range []string{"models/espcn_x2", "models/unet_coins"} {
		for _, path := range modelFiles(t, dir) {
			refs, err := filepath.Glob(filepath.Join(dir, "*.npz"))
			require.NoError(t, err)
			for _, ref := range refs {
				found++
				t.Run(filepath.Base(ref), func(t *testing.T) { checkOnTiers(t, path, readGolden(t, ref), tolerance{0, 1e-4}) })
			}
		}
	}
	require.GreaterOrEqual(t, found, 2)
}

// TestZoo runs real models of others, where TCONV_ZOO names their folder.
func TestZoo(t *testing.T) {
	dir := os.Getenv("TCONV_ZOO")
	if dir == "" {
		t.Skip("TCONV_ZOO is not set: it names a folder with models and refs/*.npz")
	}
	for _, path := range modelFiles(t, dir) {
		name := strings.TrimSuffix(filepath.Base(path), ".onnx")
		t.Run(name, func(t *testing.T) {
			m, err := tconv.Open(path)
			require.NoError(t, err)
			defer m.Close()
			tol := tolerance{1e-3, 1e-4}
			if strings.Contains(name, "int8") {
				tol = tolerance{1e-2, 2e-2}
			}
			readGolden(t, filepath.Join(dir, "refs", name+".npz")).check(t, m, tol)
		})
	}
}
