package main

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"github.com/tconv/tconv"
)

// feed is what goes into a run, and where each input comes from, for reports.
type feed struct {
	tensors tconv.Tensors
	from    map[string]string
}

// feed makes the inputs of a model of what -i says; all of them random if it says nothing, or with rest the others.
func (s *source) feed(m *tconv.Model, given []string) (*feed, error) {
	texts, err := s.assign(m, given)
	if err != nil {
		return nil, err
	}
	f := &feed{tconv.Tensors{}, map[string]string{}}
	symbols := map[string]int{}
	for _, fills := range []bool{false, true} { // files first: their shapes tell what open dimensions are
		for _, info := range m.Inputs() {
			text, ok := texts[info.Name]
			if _, isFill, _ := parseFill(text); !ok || isFill != fills {
				continue
			}
			if err := s.add(f, info, text, symbols); err != nil {
				return nil, err
			}
		}
	}
	for _, info := range m.Inputs() {
		if f.tensors[info.Name] == nil {
			return nil, &tconv.InputError{Text: fmt.Sprintf("input %s is missing", quoted(info.Name)), Want: m.Inputs()}
		}
	}
	return f, nil
}

// add makes one input and learns the sizes of open dimensions from it.
func (s *source) add(f *feed, info tconv.Info, text string, symbols map[string]int) (err error) {
	f.from[info.Name] = text
	if fill, ok, _ := parseFill(text); ok {
		if info.Shape, err = closeShape(info, symbols); err != nil {
			return err
		}
		if fill.random {
			f.from[info.Name] = fmt.Sprintf("%s, seed %d", text, s.seed)
		}
	}
	t, err := s.value(info, text)
	if err != nil {
		return err
	}
	f.tensors[info.Name] = t
	learn(symbols, info, t.Shape())
	return nil
}

// assign says which value belongs to which input.
func (s *source) assign(m *tconv.Model, given []string) (map[string]string, error) {
	texts, infos := map[string]string{}, m.Inputs()
	for _, g := range given {
		name, text, named := strings.Cut(g, "=")
		switch {
		case !named && strings.EqualFold(filepath.Ext(g), ".npz"):
			if err := assignArchive(texts, infos, g); err != nil {
				return nil, err
			}
			continue
		case !named && len(infos) != 1:
			return nil, &tconv.InputError{Text: fmt.Sprintf("-i %s does not say which input it is for", g), Want: infos}
		case !named:
			name, text = infos[0].Name, g
		}
		if !slices.ContainsFunc(infos, func(i tconv.Info) bool { return i.Name == name }) {
			return nil, &tconv.InputError{Text: fmt.Sprintf("-i %s: the model has no input %s", g, quoted(name)), Want: infos}
		}
		if _, twice := texts[name]; twice {
			return nil, usagef("input %s is given twice", quoted(name))
		}
		texts[name] = text
	}
	if s.rest || len(given) == 0 {
		for _, info := range infos {
			if texts[info.Name] == "" {
				texts[info.Name] = "random"
			}
		}
	}
	return texts, nil
}

// assignArchive takes the arrays of a .npz file for the inputs that they are named after; a single one for a single input.
func assignArchive(texts map[string]string, infos []tconv.Info, path string) error {
	z, err := openNpz(path)
	if err != nil {
		return err
	}
	defer z.Close()
	keys, found := z.Keys(), 0
	for _, info := range infos {
		for _, key := range []string{"in:" + info.Name, info.Name} {
			if slices.Contains(keys, key) {
				texts[info.Name] = path + "#" + key
				found++
				break
			}
		}
	}
	if found == 0 && len(keys) == 1 && len(infos) == 1 {
		texts[infos[0].Name] = path
	} else if found == 0 {
		return &tconv.InputError{Text: fmt.Sprintf("%s has arrays %s", path, strings.Join(quotedAll(keys), ", ")), Want: infos}
	}
	return nil
}

// learn notes the sizes of named dimensions, which other inputs may share.
func learn(symbols map[string]int, info tconv.Info, shape []int) {
	for i, name := range info.Dims {
		if i < len(shape) && i < len(info.Shape) && info.Shape[i] < 0 && name != "?" {
			symbols[name] = shape[i]
		}
	}
}

// closeShape gives open dimensions sizes: those that other inputs have, and 1 for the first one of several, which counts
// what is computed at once. Other open dimensions are an error, since no size is sensible for every model.
func closeShape(info tconv.Info, symbols map[string]int) ([]int, error) {
	if info.Kind != 0 {
		return nil, inputf("input %s is %v: such inputs cannot be given on the command line", quoted(info.Name), info)
	}
	if info.Shape == nil {
		return nil, withHint(inputf("input %s is %v: its shape is open", quoted(info.Name), info), "--shape %s=1x3x256x256 gives it", shellQuote(info.Name))
	}
	shape := slices.Clone(info.Shape)
	var open []string
	for i, d := range shape {
		size, known := symbols[info.Dims[i]]
		switch {
		case d >= 0:
		case known:
			shape[i] = size
		case i == 0 && len(shape) > 1:
			shape[i] = 1
		default:
			open = append(open, info.Dims[i])
			shape[i] = 256
		}
	}
	if open == nil {
		return shape, nil
	}
	return nil, withHint(inputf("input %s is %v: %s", quoted(info.Name), info, openText(open)), "%s", openHint(info.Name, open, shape))
}

// openText says which dimensions are open.
func openText(open []string) string {
	named := slices.DeleteFunc(slices.Clone(open), func(s string) bool { return s == "?" })
	if len(named) == 0 {
		return "some of its sizes are open"
	}
	return "open: " + strings.Join(named, ", ")
}

// openHint says which flags give the sizes.
func openHint(name string, open []string, shape []int) string {
	hint := fmt.Sprintf("--shape %s=%s", shellQuote(name), shapeText(shape))
	if slices.Contains(open, "?") {
		return hint + " gives them, or an input from a file"
	}
	var dims []string
	for _, d := range slices.Compact(open) {
		dims = append(dims, "--dim "+shellQuote(d)+"=256")
	}
	return strings.Join(dims, " ") + " gives them, or " + hint + ", or an input from a file"
}
