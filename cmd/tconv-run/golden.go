package main

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/tconv/tconv"
)

// readGolden reads expected outputs from a .npz file: arrays out:NAME, or plain NAME. Arrays in:NAME, or plain names of
// inputs, are the inputs (nil if there are none).
func readGolden(a *app, m *tconv.Model, path string) (*feed, tconv.Tensors, error) {
	z, err := openNpz(path)
	if err != nil {
		return nil, nil, err
	}
	defer z.Close()
	in, want := &feed{tconv.Tensors{}, map[string]string{}}, tconv.Tensors{}
	for _, key := range z.Keys() {
		kind, name := goldenKey(m, key)
		if kind == "" {
			a.notef("note: array %s of %s is neither an input nor an output; it is not used\n", quoted(key), path)
			continue
		}
		array, err := z.Read(key)
		if err != nil {
			return nil, nil, inputf("%s: %w", path, err)
		}
		t, err := fromArray(array)
		if err != nil {
			return nil, nil, inputf("%s: array %s: %w", path, quoted(key), err)
		}
		if kind == "in" {
			in.tensors[name], in.from[name] = t, path
		} else {
			want[name] = t
		}
	}
	if len(want) == 0 {
		return nil, nil, inputf("%s has arrays %s, none for an output of the model: %s", path,
			strings.Join(quotedAll(z.Keys()), ", "), strings.Join(quotedAll(outputNames(m)), ", "))
	}
	if len(in.tensors) == 0 {
		in = nil
	}
	return in, want, nil
}

// goldenKey says what an array of a golden file is: "in" or "out", and for which name; "" if for none.
func goldenKey(m *tconv.Model, key string) (kind, name string) {
	prefix, rest, found := strings.Cut(key, ":")
	isInput := func(n string) bool {
		return slices.ContainsFunc(m.Inputs(), func(i tconv.Info) bool { return i.Name == n })
	}
	isOutput := func(n string) bool { return slices.Contains(outputNames(m), n) }
	switch {
	case found && prefix == "in" && isInput(rest):
		return "in", rest
	case found && prefix == "out" && isOutput(rest):
		return "out", rest
	case isOutput(key):
		return "out", key
	case isInput(key):
		return "in", key
	}
	return "", ""
}

// readTestData reads ONNX test data: input_N.pb and output_N.pb, N counting the model's inputs and outputs.
func readTestData(m *tconv.Model, dir string) (*feed, tconv.Tensors, error) {
	in, want := &feed{tconv.Tensors{}, map[string]string{}}, tconv.Tensors{}
	for i, info := range m.Inputs() {
		path := filepath.Join(dir, fmt.Sprintf("input_%d.pb", i))
		t, err := readPB(path)
		if err != nil {
			return nil, nil, testDataHint(dir, err)
		}
		in.tensors[info.Name], in.from[info.Name] = t, path
	}
	for i, name := range outputNames(m) {
		path := filepath.Join(dir, fmt.Sprintf("output_%d.pb", i))
		if _, err := os.Stat(path); os.IsNotExist(err) && i > 0 {
			continue
		}
		t, err := readPB(path)
		if err != nil {
			return nil, nil, testDataHint(dir, err)
		}
		want[name] = t
	}
	return in, want, nil
}

// readPB reads a TensorProto file.
func readPB(path string) (*tconv.Tensor, error) {
	data, err := readInputFile(path)
	if err != nil {
		return nil, err
	}
	t, _, err := tconv.UnmarshalTensor(data)
	if err != nil {
		return nil, inputf("%s: %w", path, err)
	}
	return t, nil
}

// testDataHint points at the folders that hold the data, if dir is the folder above.
func testDataHint(dir string, err error) error {
	if found, _ := filepath.Glob(filepath.Join(dir, "test_data_set_*")); len(found) > 0 {
		return &hintError{inputf("%w", err), "--test-data " + shellQuote(found[0])}
	}
	return err
}
