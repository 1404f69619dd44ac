package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/tconv/tconv"
	"github.com/tconv/tconv/npy"
)

// target is one -o: where an output goes, or all of them.
type target struct {
	output string // "" is all
	path   string
	format string // npz, npy, json, pb, folder or - (standard output)
}

// formats tells the format by the ending of a path.
var formats = map[string]string{".npz": "npz", ".npy": "npy", ".json": "json", ".pb": "pb"}

// parseTargets reads -o flags, before anything runs: what cannot be written is an error now.
func parseTargets(a *app, texts []string, outputs []tconv.Info) ([]target, error) {
	var targets []target
	for _, text := range texts {
		t := target{path: text}
		if name, path, named := strings.Cut(text, "="); named {
			t = target{output: name, path: path}
		}
		if err := t.check(outputs); err != nil {
			return nil, err
		}
		if slices.ContainsFunc(targets, func(other target) bool { return other.path == t.path }) {
			return nil, usagef("two outputs go to %s", t.path)
		}
		if t.format == "-" {
			a.stdoutUsed = true
		}
		targets = append(targets, t)
	}
	return targets, nil
}

// check finds the format of a target and holds it against the outputs of the model.
func (t *target) check(outputs []tconv.Info) error {
	if t.output != "" && !slices.ContainsFunc(outputs, func(o tconv.Info) bool { return o.Name == t.output }) {
		names := make([]string, len(outputs))
		for i, o := range outputs {
			names[i] = o.Name
		}
		return usagef("-o %s=%s: the model has no output %s, but %s", t.output, t.path, quoted(t.output), strings.Join(quotedAll(names), ", "))
	}
	ext := strings.ToLower(filepath.Ext(t.path))
	switch info, err := os.Stat(t.path); {
	case t.path == "-":
		t.format = "-"
	case err == nil && info.IsDir(), strings.HasSuffix(t.path, "/"), strings.HasSuffix(t.path, string(filepath.Separator)):
		t.format = "folder"
	case formats[ext] != "":
		t.format = formats[ext]
	case slices.Contains(pictureTypes, ext):
		return withHint(usagef("-o %s: run writes arrays", t.path), "\"tconv-run image MODEL PICTURE -o %s\" writes pictures", shellQuote(t.path))
	default:
		return usagef("-o %s: want .npz, .npy, .json, .pb, - or a folder (ending in /)", t.path)
	}
	if single := t.format == "npy" || t.format == "pb"; single && t.output == "" && len(outputs) != 1 {
		return withHint(usagef("-o %s holds one output, the model has %d", t.path, len(outputs)), "-o %s=%s picks one; .npz holds all", shellQuote(outputs[0].Name), shellQuote(t.path))
	}
	if t.format == "-" || t.format == "folder" {
		return nil
	}
	return checkTarget(t.path)
}

// results are the outputs of a run in the order of the model.
type results struct {
	names   []string
	tensors tconv.Tensors
}

// pick gives the results that a target wants.
func (r results) pick(t target) results {
	if t.output == "" {
		return r
	}
	return results{[]string{t.output}, r.tensors}
}

// save writes results to all targets: files appear together at the end, standard output comes last.
func (a *app) save(targets []target, r results) error {
	box := &outbox{temps: &a.temps}
	for _, t := range targets {
		var err error
		switch t.format {
		case "-":
			continue
		case "folder":
			err = r.pick(t).addFolder(box, t.path)
		default:
			err = box.add(t.path, func(w io.Writer) error { return r.pick(t).write(w, t.format) })
		}
		if err != nil {
			return err
		}
	}
	if err := box.commit(); err != nil {
		return err
	}
	for _, t := range targets {
		if t.format == "-" {
			return r.pick(t).writeStdout(a.stdout)
		}
	}
	return nil
}

// addFolder writes output_0.pb and so on, the layout of ONNX test data.
func (r results) addFolder(box *outbox, folder string) error {
	if err := os.MkdirAll(folder, 0o777); err != nil {
		return writeError(folder, err)
	}
	for i, name := range r.names {
		one := results{[]string{name}, r.tensors}
		path := filepath.Join(folder, fmt.Sprintf("output_%d.pb", i))
		if err := box.add(path, func(w io.Writer) error { return one.write(w, "pb") }); err != nil {
			return err
		}
	}
	return nil
}

// writeStdout writes .npy for one output, .npz for several.
func (r results) writeStdout(w io.Writer) error {
	if len(r.names) == 1 {
		return r.write(w, "npy")
	}
	return r.write(w, "npz")
}

// write writes results in a format; npy and pb hold the first.
func (r results) write(w io.Writer, format string) error {
	switch format {
	case "npz":
		return r.writeNpz(w)
	case "json":
		return r.writeJSON(w)
	case "npy":
		a, err := toArray(r.tensors[r.names[0]])
		if err != nil {
			return err
		}
		return npy.Write(w, a)
	}
	b, err := tconv.MarshalTensor(r.tensors[r.names[0]], r.names[0])
	if err != nil {
		return err
	}
	_, err = w.Write(b)
	return err
}

// writeNpz writes all results; the members of a sequence become NAME.0, NAME.1 and so on.
func (r results) writeNpz(w io.Writer) error {
	z := npy.NewZipWriter(w)
	add := func(key string, t *tconv.Tensor) error {
		a, err := toArray(t)
		if err != nil {
			return err
		}
		return z.Write(key, a)
	}
	for _, name := range r.names {
		t := r.tensors[name]
		if t.Elems() == nil {
			if err := add(name, t); err != nil {
				return err
			}
		}
		for i, e := range t.Elems() {
			if err := add(fmt.Sprintf("%s.%d", name, i), e); err != nil {
				return err
			}
		}
	}
	return z.Close()
}

// writeJSON writes {"schema": ..., "outputs": {NAME: {"dtype", "shape", "data"}}}.
func (r results) writeJSON(w io.Writer) error {
	out := struct {
		Schema  string                     `json:"schema"`
		Outputs map[string]json.RawMessage `json:"outputs"`
	}{"tconv/outputs/1", map[string]json.RawMessage{}}
	for _, name := range r.names {
		raw, err := encodeTensor(r.tensors[name])
		if err != nil {
			return err
		}
		out.Outputs[name] = raw
	}
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	return e.Encode(out)
}
