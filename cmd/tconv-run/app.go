package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"
)

// app is what all subcommands share: the streams and the flags that hold for every verb.
type app struct {
	stdin      io.Reader
	stdout     *bufio.Writer
	stderr     io.Writer
	stdinUsed  string // what has read standard input; "" if nothing has
	stdinModel []byte // the model, if it came from standard input
	stdoutUsed bool   // data goes to standard output: reports go to stderr
	terminal   bool   // stderr is a terminal
	temps      tempFiles
	watch      *watch

	json, quiet, verbose, noColor, noProgress bool
}

// command runs the program and gives its exit code. It is main without the process around it.
func command(args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	a := &app{stdin: stdin, stdout: bufio.NewWriter(stdout), stderr: stderr, terminal: isTerminal(stderr)}
	ctx, cancel := context.WithCancelCause(context.Background())
	defer cancel(nil)
	a.watch = newWatch(a, cancel)
	defer a.watch.signals()()
	err := a.execute(ctx, args)
	a.temps.removeAll()
	if cause := context.Cause(ctx); err != nil && cause != nil {
		err = cause
	}
	if e := a.stdout.Flush(); e != nil && err == nil {
		err = fmt.Errorf("cannot write to standard output: %w", e)
	}
	if err != nil {
		a.report(err)
	}
	return exitCode(err)
}

// execute finds the subcommand and runs it. A panic is a bug, reported as such.
func (a *app) execute(ctx context.Context, args []string) (err error) {
	defer func() {
		if v := recover(); v != nil {
			err = bugError(v)
		}
	}()
	root := newRoot(a)
	args, err = withVerb(root, args)
	if err != nil {
		return err
	}
	root.SetArgs(args)
	return root.ExecuteContext(ctx)
}

// newRoot builds the command tree.
func newRoot(a *app) *cobra.Command {
	root := &cobra.Command{
		Use:           "tconv-run MODEL [flags]",
		Short:         "run ONNX decoder networks: pictures, masks, sound and volumes",
		Example:       rootExample,
		Args:          cobra.NoArgs,
		SilenceErrors: true,
		SilenceUsage:  true,
		RunE:          func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
		Version:       versionText(),
	}
	root.SetIn(a.stdin)
	root.SetOut(a.stdout)
	root.SetErr(a.stderr)
	f := root.PersistentFlags()
	f.BoolVar(&a.json, "json", false, "print one JSON object instead of text")
	f.BoolVarP(&a.quiet, "quiet", "q", false, "print errors only")
	f.BoolVarP(&a.verbose, "verbose", "v", false, "print more")
	f.BoolVar(&a.noColor, "no-color", false, "no colours (NO_COLOR does the same)")
	f.BoolVar(&a.noProgress, "no-progress", false, "no progress bar")
	root.AddCommand(newRun(a), newImage(a), newInspect(a), newVerify(a), newBench(a), newProfile(a), newConformance(a), newOps(a), newEnv(a), newDemo(a), newVersion(a), newCompletion(a))
	setHelp(root)
	return root
}

// printf prints a part of the result: on standard output, or on stderr where data goes to standard output.
func (a *app) printf(format string, args ...any) {
	if a.stdoutUsed {
		a.notef(format, args...)
		return
	}
	if !a.quiet {
		fmt.Fprintf(a.stdout, format, args...) // the writer keeps its first error for Flush
	}
}

// notef prints a message for the user on stderr.
func (a *app) notef(format string, args ...any) {
	if !a.quiet {
		fmt.Fprintf(a.stderr, format, args...)
	}
}

// printJSON prints an object, which carries its schema, on standard output.
func (a *app) printJSON(v any) error {
	if a.stdoutUsed {
		return usagef("--json and data both go to standard output; write the data to a file")
	}
	e := json.NewEncoder(a.stdout)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	return e.Encode(v)
}

// takeStdin gives standard input to its only reader.
func (a *app) takeStdin(what string) (io.Reader, error) {
	if a.stdinUsed != "" {
		return nil, usagef("both %s and %s are '-', standard input; only one can be", a.stdinUsed, what)
	}
	a.stdinUsed = what
	return a.stdin, nil
}

// isTerminal tells whether a person looks at what is written to w.
func isTerminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	if !ok {
		return false
	}
	info, err := f.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}

// color wraps text in a terminal colour, if stderr shows colours.
func (a *app) color(code, text string) string {
	if !a.terminal || a.noColor || os.Getenv("NO_COLOR") != "" || os.Getenv("TERM") == "dumb" {
		return text
	}
	return "\x1b[" + code + "m" + text + "\x1b[0m"
}
