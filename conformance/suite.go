// Package conformance runs the ONNX backend test data: for each test a model,
// inputs, and the outputs that the standard wants.
//
// The data is that of the `onnx` Python package, read in place: its wheel, a zip
// of the same folders, or a folder on disk. A test passes when every output has
// the wanted type and shape and |got - want| <= atol + rtol·|want|, NaN equal to
// NaN, integers, booleans and strings equal.
package conformance

import (
	"archive/zip"
	"fmt"
	"io/fs"
	"os"
	"path"
	"slices"
	"strings"
)

// Suite is a collection of tests.
type Suite struct {
	files fs.FS
	close func() error
	Tests []Test

	// Constants makes every tensor input but the first a constant of the model, as
	// weights and sizes are in exported models: operators then take the paths that
	// prepare for known values. It concerns tests in folders only.
	Constants bool

	// Alone runs a model with several outputs once for each, without the others. It
	// concerns tests in folders only.
	Alone bool
}

// Test is one folder of a suite, a model and data sets, or one light model.
type Test struct {
	Name  string // kind and folder or file: node/test_relu, light/light_vgg19
	path  string // in the file system of the suite: the folder, or the model without ".onnx"
	light bool
}

// kinds are the folders of the test data that hold a folder for each test.
var kinds = []string{"node", "simple", "pytorch-converted", "pytorch-operator"}

// Open reads the table of contents of test data: a wheel or zip, or a folder.
func Open(name string) (*Suite, error) {
	info, err := os.Stat(name)
	if err != nil {
		return nil, err
	}
	s := &Suite{close: func() error { return nil }}
	if info.IsDir() {
		s.files = os.DirFS(name)
	} else {
		z, err := zip.OpenReader(name)
		if err != nil {
			return nil, fmt.Errorf("%s: %w; want a zip or wheel with ONNX test data, or a folder", name, err)
		}
		s.files, s.close = z, z.Close
	}
	if err := s.find(); err != nil {
		s.Close()
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return s, nil
}

// Close closes the file that the suite reads.
func (s *Suite) Close() error { return s.close() }

// find collects the folders KIND/TEST with a model.onnx and the files
// light/MODEL.onnx, at any depth.
func (s *Suite) find() error {
	err := fs.WalkDir(s.files, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		dir, base := path.Dir(name), path.Base(name)
		kind := path.Base(path.Dir(dir))
		model, isModel := strings.CutSuffix(base, ".onnx")
		switch {
		case base == "model.onnx" && slices.Contains(kinds, kind):
			s.Tests = append(s.Tests, Test{Name: kind + "/" + path.Base(dir), path: dir})
		case isModel && path.Base(dir) == lightKind:
			s.Tests = append(s.Tests, Test{Name: lightKind + "/" + model, path: path.Join(dir, model), light: true})
		}
		return nil
	})
	if err != nil {
		return err
	}
	if len(s.Tests) == 0 {
		return fmt.Errorf("no folder like node/test_relu with a model.onnx in it")
	}
	slices.SortFunc(s.Tests, func(a, b Test) int { return strings.Compare(a.Name, b.Name) })
	return nil
}

// model is the file that holds the model of a test.
func (t Test) model() string {
	if t.light {
		return t.path + ".onnx"
	}
	return path.Join(t.path, "model.onnx")
}

// dataSets lists the folders of the data sets of a test, such as
// node/test_relu/test_data_set_0.
func (s *Suite) dataSets(t Test) ([]string, error) {
	entries, err := fs.ReadDir(s.files, t.path)
	if err != nil {
		return nil, err
	}
	var sets []string
	for _, e := range entries {
		if e.IsDir() && strings.HasPrefix(e.Name(), "test_data_set_") {
			sets = append(sets, path.Join(t.path, e.Name()))
		}
	}
	if len(sets) == 0 {
		return nil, fmt.Errorf("test %s has no test_data_set_0", t.Name)
	}
	return sets, nil
}
