package main

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"strings"
	"text/tabwriter"

	"github.com/tconv/tconv"
)

// report prints an error on stderr: what and why, then what to do, on one screen.
func (a *app) report(err error) {
	fmt.Fprintf(a.stderr, "%s %s\n", a.color("1;31", "error:"), clipLines(errorText(err), 30))
	for _, h := range hints(err) {
		fmt.Fprintf(a.stderr, "%s %s\n", a.color("1;36", "hint:"), h)
	}
}

// errorText words an error. Unsupported operators become a table.
func errorText(err error) string {
	var unsupported *tconv.UnsupportedError
	if !errors.As(err, &unsupported) {
		return strings.TrimRight(err.Error(), "\n")
	}
	var model *tconv.ModelError
	who := "the model"
	if errors.As(err, &model) {
		who = model.Path
	}
	return fmt.Sprintf("%s uses %s that tconv cannot run\n%s", who, plural(len(unsupported.Ops), "operator"), unsupportedTable(unsupported))
}

// unsupportedTable lists operators, how many nodes use them, and what is missing.
func unsupportedTable(u *tconv.UnsupportedError) string {
	var b strings.Builder
	w := tabwriter.NewWriter(&b, 0, 0, 3, ' ', 0)
	for i, op := range u.Ops {
		if i == 20 {
			fmt.Fprintf(w, "  ... and %d more\n", len(u.Ops)-i)
			break
		}
		fmt.Fprintf(w, "  %s\t%s (%s)\t%s\n", op.Op, plural(op.Count, "node"), someNames(op.Nodes, op.Count), op.Reason)
	}
	w.Flush()
	return strings.TrimRight(b.String(), "\n")
}

// someNames quotes as many names as fit, at least one, of a list that stands for count.
func someNames(names []string, count int) string {
	text := ""
	for i, n := range names {
		next := fmt.Sprintf("%q", clip(n, 40))
		if i > 0 && len(text)+len(next) > 44 {
			return text + ", ..."
		}
		if i > 0 {
			text += ", "
		}
		text += next
	}
	if count > len(names) {
		text += ", ..."
	}
	return text
}

// hints says what the user can do about an error: what the place that made it knows, then what its kind tells.
func hints(err error) []string {
	var out []string
	for e := err; e != nil; {
		var h *hintError
		if !errors.As(e, &h) {
			break
		}
		out = append(out, h.hint)
		e = h.err
	}
	if h := kindHint(err); h != "" {
		out = append(out, h)
	}
	return out
}

// kindHint gives the hint that belongs to a kind of error; "" if there is none.
func kindHint(err error) string {
	var (
		unsupported *tconv.UnsupportedError
		input       *tconv.InputError
		model       *tconv.ModelError
	)
	switch {
	case errors.Is(err, errInterrupted), errors.Is(err, errVerify):
		return ""
	case errors.As(err, &unsupported):
		return unsupportedHint(unsupported)
	case errors.As(err, &input):
		return inputHint(input)
	case errors.Is(err, tconv.ErrInternal):
		return "this is a bug of tconv; please report it with the model and this text"
	case errors.Is(err, tconv.ErrLimit) && strings.Contains(err.Error(), "memory"):
		return "--memory-limit sets the limit; the default is half of what the process may use"
	case errors.As(err, &model) && errors.Is(err, fs.ErrNotExist):
		return nearbyModels(model.Path)
	case errors.As(err, &model) && errors.Is(err, tconv.ErrInvalidModel) && !errors.Is(err, tconv.ErrInput):
		return sniffHint(model.Path)
	}
	return ""
}

// unsupportedHint points at the list of what an operator can do, if any of it is implemented.
func unsupportedHint(u *tconv.UnsupportedError) string {
	for _, op := range u.Ops {
		name, _, _ := strings.Cut(op.Op, "-")
		if len(defsOf(name)) > 0 {
			return fmt.Sprintf("\"tconv-run ops %s\" shows what is supported", name)
		}
	}
	return "\"tconv-run ops\" lists what is supported"
}

// inputHint shows how inputs are given.
func inputHint(e *tconv.InputError) string {
	if len(e.Want) == 0 {
		return ""
	}
	var parts []string
	for _, in := range e.Want[:min(len(e.Want), 3)] {
		parts = append(parts, fmt.Sprintf("-i %s=FILE", shellQuote(in.Name)))
	}
	return "inputs are given as " + strings.Join(parts, " ") + " (.npy, .npz, .pb, .json, a picture, random, zeros)"
}

// stem is the name of a file without folder and ending.
func stem(path string) string {
	return strings.TrimSuffix(filepath.Base(path), filepath.Ext(path))
}

// nearbyModels lists the models in the folder where one was looked for.
func nearbyModels(path string) string {
	found, _ := filepath.Glob(filepath.Join(filepath.Dir(path), "*.onnx"))
	if len(found) == 0 {
		return "is the path right? no .onnx file is in " + shellQuote(filepath.Dir(path))
	}
	stems := make([]string, len(found))
	for i, f := range found {
		stems[i] = stem(f)
	}
	if near := closest(stem(path), stems); near != "" {
		return fmt.Sprintf("did you mean %s?", shellQuote(filepath.Join(filepath.Dir(path), near+".onnx")))
	}
	more := ""
	if len(found) > 3 {
		found, more = found[:3], ", ..."
	}
	return "the folder has " + strings.Join(found, ", ") + more
}
