package main

import (
	"fmt"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/tconv/tconv"
	"github.com/tconv/tconv/ops"
)

const opsExample = `  tconv-run ops                 all operators, with the versions from which their form holds
  tconv-run ops Resize          inputs and outputs of each version of one operator
  tconv-run ops --json          the same for programs`

// opVersion is one form of an operator, from a version of its domain on.
type opVersion struct {
	Since   int      `json:"since"`
	Inputs  []string `json:"inputs"`
	Outputs []string `json:"outputs"`
	Exact   bool     `json:"exact"`
}

// opInfo is an operator with all its forms.
type opInfo struct {
	Name     string      `json:"name"`
	Domain   string      `json:"domain"`
	Versions []opVersion `json:"versions"`
}

// newOps makes the command that lists operators.
func newOps(a *app) *cobra.Command {
	return &cobra.Command{
		Use: "ops [OP] [flags]", Short: "which operators are supported, from which version on", Example: opsExample,
		Args: args(0, 1, ""),
		RunE: func(_ *cobra.Command, args []string) error { return listOps(a, args) },
	}
}

// listOps prints all operators, or one.
func listOps(a *app, args []string) error {
	list := operators()
	if len(args) == 1 {
		if list = slices.DeleteFunc(list, func(o opInfo) bool { return o.Name != args[0] }); len(list) == 0 {
			return unknownOp(args[0])
		}
	}
	switch {
	case a.json:
		return a.printJSON(map[string]any{"schema": "tconv/ops/1", "newest_opset": ops.NewestOpset, "operators": list})
	case len(args) == 1:
		for _, o := range list {
			o.print(a)
		}
		return nil
	}
	a.printf("%s of ONNX up to opset %d\n", plural(len(list), "operator"), ops.NewestOpset)
	a.table(func(w *tabwriter.Writer) {
		for _, o := range list {
			fmt.Fprintf(w, "  %s\t%s\n", o.fullName(), o.since())
		}
	})
	return nil
}

// operators groups the registry by operator, in order of domain and name. Internal operators are left out.
func operators() []opInfo {
	list := []opInfo{}
	for d := range ops.Defs() {
		if d.Domain == ops.InternalDomain {
			continue
		}
		if n := len(list); n == 0 || list[n-1].Name != d.Name || list[n-1].Domain != d.Domain {
			list = append(list, opInfo{Name: d.Name, Domain: d.Domain})
		}
		o := &list[len(list)-1]
		o.Versions = append(o.Versions, opVersion{d.Since, orEmpty(d.Inputs), orEmpty(d.Outputs), d.Exact})
	}
	return list
}

// orEmpty makes JSON say [] rather than null.
func orEmpty(list []string) []string { return append([]string{}, list...) }

// defsOf gives the forms of an operator, by name with or without its domain.
func defsOf(name string) []opVersion {
	for _, o := range operators() {
		if o.Name == name || o.fullName() == name {
			return o.Versions
		}
	}
	return nil
}

func (o opInfo) fullName() string {
	if o.Domain == "" {
		return o.Name
	}
	return o.Domain + "." + o.Name
}

// since lists the versions at which a new form begins.
func (o opInfo) since() string {
	parts := make([]string, len(o.Versions))
	for i, v := range o.Versions {
		parts[i] = fmt.Sprint(v.Since)
	}
	return strings.Join(parts, ", ")
}

// print writes each form of an operator.
func (o opInfo) print(a *app) {
	a.printf("%s\n", o.fullName())
	a.table(func(w *tabwriter.Writer) {
		for i, v := range o.Versions {
			until := "on"
			if i+1 < len(o.Versions) {
				until = fmt.Sprintf("to %d", o.Versions[i+1].Since-1)
			}
			fmt.Fprintf(w, "  from opset %d %s\t(%s)\t-> (%s)\n", v.Since, until, strings.Join(v.Inputs, ", "), strings.Join(v.Outputs, ", "))
		}
	})
	a.printf("a name with ? is optional, one with ... may be repeated\n")
	if o.Domain == "" {
		a.printf("https://onnx.ai/onnx/operators/onnx__%s.html\n", o.Name)
	}
}

// unknownOp says that an operator is not there, and which one may have been meant.
func unknownOp(name string) error {
	var names []string
	for _, o := range operators() {
		names = append(names, o.Name)
	}
	err := kindf(tconv.ErrUnsupported, "operator %q is not implemented", name)
	if near := closest(name, names); near != "" {
		return withHint(err, "did you mean %s?", near)
	}
	return withHint(err, "\"tconv-run ops\" lists all")
}
