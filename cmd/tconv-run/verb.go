package main

import (
	"os"
	"strings"

	"github.com/spf13/cobra"
)

// withVerb puts the default verb, run, before arguments that name none. The first argument is a subcommand only if it
// matches one exactly; anything with .onnx, a path separator or - (standard input) is a model, and so is an existing file.
func withVerb(root *cobra.Command, args []string) ([]string, error) {
	if len(args) == 0 {
		return args, nil
	}
	first := args[0]
	switch {
	case isVerb(root, first):
		return args, nil
	case first == "-h", first == "--help", first == "--version":
		return args, nil
	case strings.HasPrefix(first, "-"), isModelName(first):
		return append([]string{"run"}, args...), nil
	}
	e := usagef("%q is neither a command nor a model file", first)
	if near := closest(first, verbs(root)); near != "" {
		return nil, withHint(e, "did you mean %q?", near)
	}
	return nil, withHint(e, "a model is a file, such as model.onnx; \"tconv-run help\" lists the commands")
}

// isModelName tells whether an argument can only be a model.
func isModelName(arg string) bool {
	if strings.Contains(arg, ".onnx") || strings.ContainsAny(arg, `/\`) {
		return true
	}
	_, err := os.Stat(arg)
	return err == nil
}

// verbs lists the names of the subcommands, help and the completions of shells included.
func verbs(root *cobra.Command) []string {
	names := []string{"help", "completion", cobra.ShellCompRequestCmd, cobra.ShellCompNoDescRequestCmd}
	for _, c := range root.Commands() {
		names = append(names, c.Name())
	}
	return names
}

func isVerb(root *cobra.Command, name string) bool {
	for _, v := range verbs(root) {
		if v == name {
			return true
		}
	}
	return false
}
