package main

import (
	"regexp"
	"strings"

	"github.com/tconv/tconv"
	"github.com/tconv/tconv/onnx"
)

// keepOption finds the values inside a model that --keep means. In its patterns * stands for any text, slashes included:
// names in models are full of them, and tconv.WithKeep, whose patterns are those of paths, would stop there.
func (f *modelFlags) keepOption(a *app, path string) (tconv.Option, error) {
	if len(f.keep) == 0 {
		return tconv.WithKeep(), nil
	}
	data, err := a.modelBytes(path)
	if err != nil {
		return nil, err
	}
	proto, err := onnx.Unmarshal(data)
	if err != nil {
		return tconv.WithKeep(), nil // Open finds the same and says it better
	}
	var names []string
	for _, pattern := range f.keep {
		found := matching(proto, pattern)
		if len(found) == 0 {
			return nil, withHint(usagef("--keep %s matches no value of the model", shellQuote(pattern)), "\"tconv-run inspect MODEL --stage graph\" names the values")
		}
		names = append(names, found...)
	}
	return tconv.WithKeep(names...), nil
}

// matching gives the outputs of nodes whose names match a pattern, as patterns of tconv.WithKeep that mean just them.
func matching(proto *onnx.Model, pattern string) []string {
	text := strings.NewReplacer(`\*`, `.*`, `\?`, `.`).Replace(regexp.QuoteMeta(pattern))
	glob := regexp.MustCompile("^(?s:" + text + ")$")
	escape := strings.NewReplacer(`\`, `\\`, `*`, `\*`, `?`, `\?`, `[`, `\[`)
	var names []string
	for _, n := range proto.Graph.Nodes {
		for _, name := range n.Outputs {
			if name != "" && glob.MatchString(name) {
				names = append(names, escape.Replace(name))
			}
		}
	}
	return names
}
