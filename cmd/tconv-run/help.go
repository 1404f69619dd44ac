package main

import (
	"errors"
	"fmt"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// rootExample is what a new user reads first.
const rootExample = `  tconv-run demo                                      see what it does: pictures in ./tconv-demo
  tconv-run unet.onnx                                 run once on random numbers: does it run, how fast?
  tconv-run image unet.onnx photo.jpg -o mask.png     picture in, picture out
  tconv-run unet.onnx -i input=x.npy -o y.npy         arrays in, arrays out
  tconv-run inspect unet.onnx                         what is in the model, can it run?
  tconv-run verify unet.onnx --golden out.npz         are the numbers right?`

// helpTemplate puts examples first and keeps the flags that every command has on one line.
const helpTemplate = `{{.Example}}

Usage:
  {{.UseLine}}
{{if .HasAvailableSubCommands}}
Commands:{{range .Commands}}{{if or .IsAvailableCommand (eq .Name "help")}}
  {{rpad .Name .NamePadding}} {{.Short}}{{end}}{{end}}

"tconv-run COMMAND --help" shows the flags of a command.
{{end}}{{if and .HasParent .HasAvailableLocalFlags}}
Flags:
{{.LocalFlags.FlagUsages | trimTrailingWhitespaces}}
{{end}}
Everywhere: --json  -q, --quiet  -v, --verbose  --no-color  --no-progress  -h, --help
`

// setHelp gives the commands their help and makes wrong flags usage errors.
func setHelp(root *cobra.Command) {
	root.SetHelpTemplate(helpTemplate)
	root.SetUsageTemplate(helpTemplate)
	root.SetVersionTemplate("{{.Version}}\n")
	root.CompletionOptions.DisableDefaultCmd = true
	root.SetHelpCommand(newHelp(root))
	root.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error {
		var unknown *pflag.NotExistError
		if errors.As(err, &unknown) {
			if near := closest(unknown.GetSpecifiedName(), flagNames(cmd)); near != "" {
				return withHint(usagef("%w", err), "did you mean --%s?", near)
			}
		}
		return withHint(usagef("%w", err), "%q shows the flags", cmd.CommandPath()+" --help")
	})
	for _, c := range root.Commands() {
		c.DisableFlagsInUseLine = true
		c.Flags().SortFlags = false
		c.Flags().BoolP("help", "h", false, "")
		c.Flags().MarkHidden("help")
		c.Args = usageArgs(c.Args)
	}
}

// flagNames lists the long names of the flags that a command takes.
func flagNames(cmd *cobra.Command) (names []string) {
	cmd.Flags().VisitAll(func(f *pflag.Flag) {
		if !f.Hidden {
			names = append(names, f.Name)
		}
	})
	return names
}

// newHelp makes the command that explains the others.
func newHelp(root *cobra.Command) *cobra.Command {
	return &cobra.Command{
		Use: "help [COMMAND]", Short: "explain a command", Example: "  tconv-run help bench",
		Args: args(0, 1, ""),
		RunE: func(_ *cobra.Command, args []string) error {
			if len(args) == 0 {
				return root.Help()
			}
			cmd, rest, err := root.Find(args)
			if err != nil || len(rest) > 0 {
				return withHint(usagef("there is no command %q", args[0]), "\"tconv-run help\" lists the commands")
			}
			return cmd.Help()
		},
	}
}

// usageArgs makes wrong arguments usage errors.
func usageArgs(check cobra.PositionalArgs) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if err := check(cmd, args); err != nil {
			return withHint(usagef("%w", err), "%q shows how it is used", cmd.CommandPath()+" --help")
		}
		return nil
	}
}

// args wants at least low and at most high arguments (-1: any number), called what.
func args(low, high int, what string) cobra.PositionalArgs {
	return func(_ *cobra.Command, args []string) error {
		switch {
		case len(args) < low:
			return fmt.Errorf("%s is missing", what)
		case high >= 0 && len(args) > high:
			return fmt.Errorf("unexpected argument %q", args[high])
		}
		return nil
	}
}
