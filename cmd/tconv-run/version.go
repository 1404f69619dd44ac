package main

import (
	"runtime"
	"runtime/debug"

	"github.com/spf13/cobra"

	"github.com/tconv/tconv"
)

// newVersion makes the command that prints the version.
func newVersion(a *app) *cobra.Command {
	return &cobra.Command{
		Use: "version", Short: "print the version", Example: "  tconv-run version", Args: args(0, 0, ""),
		RunE: func(*cobra.Command, []string) error {
			if a.json {
				return a.printJSON(map[string]string{"schema": "tconv/version/1", "version": versionText(), "go": runtime.Version()})
			}
			a.printf("tconv-run %s\n", versionText())
			return nil
		},
	}
}

// versionText is the version of the module with the commit that the program was built from, if that is known.
func versionText() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return tconv.Version
	}
	commit, dirty := "", ""
	for _, s := range info.Settings {
		switch {
		case s.Key == "vcs.revision":
			commit = "+" + s.Value[:min(len(s.Value), 12)]
		case s.Key == "vcs.modified" && s.Value == "true":
			dirty = "-modified"
		}
	}
	return tconv.Version + commit + dirty
}
