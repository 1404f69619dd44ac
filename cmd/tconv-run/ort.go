package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/tconv/tconv"
	"github.com/tconv/tconv/npy"
)

// ortScript runs a model in onnxruntime: model, inputs, outputs. Arrays of the outputs are called by their number: not
// every name of an output can be one of numpy.savez.
const ortScript = `
import sys, numpy, onnxruntime
options = onnxruntime.SessionOptions()
options.log_severity_level = 3
session = onnxruntime.InferenceSession(sys.argv[1], options, providers=["CPUExecutionProvider"])
with numpy.load(sys.argv[2]) as feeds:
    outputs = session.run(sys.argv[4:], dict(feeds))
numpy.savez(sys.argv[3], **{"o%d" % i: x for i, x in enumerate(outputs)})
`

// runORT computes the outputs with onnxruntime, through python3.
func runORT(ctx context.Context, a *app, path string, m *tconv.Model, in *feed) (tconv.Tensors, error) {
	dir, err := a.temps.folder()
	if err != nil {
		return nil, err
	}
	if path, err = a.modelFile(path, dir); err != nil {
		return nil, err
	}
	feeds, outs := filepath.Join(dir, "in.npz"), filepath.Join(dir, "out.npz")
	if err := writeFeeds(feeds, m, in); err != nil {
		return nil, err
	}
	cmd := exec.CommandContext(ctx, "python3", append([]string{"-c", ortScript, path, feeds, outs}, outputNames(m)...)...)
	if text, err := cmd.CombinedOutput(); err != nil {
		return nil, ortError("--ref ort", string(text), err)
	}
	return readORT(outs, outputNames(m))
}

// modelFile gives the file of a model; one from standard input is written to dir.
func (a *app) modelFile(path, dir string) (string, error) {
	if path != "-" {
		return path, nil
	}
	data, err := a.readModel()
	if err != nil {
		return "", err
	}
	path = filepath.Join(dir, "model.onnx")
	return path, writeError(path, os.WriteFile(path, data, 0o600))
}

// writeFeeds writes the inputs for numpy.
func writeFeeds(path string, m *tconv.Model, in *feed) (err error) {
	f, err := os.Create(path)
	if err != nil {
		return writeError(path, err)
	}
	defer f.Close()
	r := results{tensors: in.tensors}
	for _, info := range m.Inputs() {
		r.names = append(r.names, info.Name)
	}
	return r.writeNpz(f)
}

// readORT reads what onnxruntime computed.
func readORT(path string, names []string) (tconv.Tensors, error) {
	z, err := npy.OpenZipFile(path)
	if err != nil {
		return nil, err
	}
	defer z.Close()
	out := tconv.Tensors{}
	for i, name := range names {
		array, err := z.Read(fmt.Sprintf("o%d", i))
		if err != nil {
			return nil, err
		}
		if out[name], err = fromArray(array); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// ortError words why onnxruntime gave no result: the last line that python wrote.
func ortError(flag, text string, err error) error {
	if errors.Is(err, exec.ErrNotFound) || strings.Contains(text, "No module named") {
		return withHint(usagef("%s needs python3 with onnxruntime and numpy", flag), "python3 -m pip install onnxruntime numpy")
	}
	lines := strings.Split(strings.TrimSpace(text), "\n")
	return kindf(err, "onnxruntime failed: %s", clip(lines[len(lines)-1], 500))
}
