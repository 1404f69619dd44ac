package main

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/spf13/cobra"
	"github.com/stretchr/testify/require"
)

// Every help starts with an example and fits one screen.
func TestHelpFitsOneScreen(t *testing.T) {
	names := []string{"", "completion", "help"}
	for _, c := range newRoot(&app{}).Commands() {
		names = append(names, c.Name())
	}
	for _, name := range names {
		t.Run(name, func(t *testing.T) {
			var out bytes.Buffer
			args := []string{name, "--help"}
			if name == "" {
				args = args[1:]
			}
			require.Zero(t, command(args, nil, &out, io.Discard))
			lines := strings.Split(strings.TrimRight(out.String(), "\n"), "\n")
			require.LessOrEqual(t, len(lines), 40)
			require.Regexp(t, "^  .*tconv-run", lines[0])
			for _, line := range lines {
				require.LessOrEqual(t, len(line), 140, line)
			}
		})
	}
}

// Every exported command has the parts that the help shows.
func TestCommandsAreDescribed(t *testing.T) {
	for _, c := range newRoot(&app{}).Commands() {
		require.NotEmpty(t, c.Short, c.Name())
		require.NotEmpty(t, c.Example, c.Name())
		require.NotNil(t, c.Args, c.Name())
	}
}

var errFull = errors.New("no space left on device")

// fullDisk takes a few bytes and then no more.
type fullDisk struct{ left int }

func (f *fullDisk) Write(b []byte) (int, error) {
	if f.left -= len(b); f.left < 0 {
		return 0, errFull
	}
	return len(b), nil
}

func TestStandardOutputThatFails(t *testing.T) {
	var stderr bytes.Buffer
	require.Equal(t, 1, command([]string{"ops"}, nil, &fullDisk{}, &stderr))
	require.Contains(t, stderr.String(), "cannot write to standard output: no space left on device")
}

// A file that cannot be finished leaves neither itself nor a part, and none of its companions.
func TestOutboxLeavesNothing(t *testing.T) {
	dir := t.TempDir()
	box := &outbox{temps: &tempFiles{}}
	require.NoError(t, box.add(filepath.Join(dir, "one"), func(w io.Writer) error {
		_, err := w.Write(make([]byte, 1<<20))
		return err
	}))
	err := box.add(filepath.Join(dir, "two"), func(w io.Writer) error {
		w.Write(make([]byte, 1<<20))
		return errFull
	})
	require.ErrorIs(t, err, errFull)
	require.Equal(t, "cannot write "+filepath.Join(dir, "two")+": no space left on device", err.Error())
	box.temps.removeAll()
	requireEmpty(t, dir)
	require.ErrorIs(t, box.add(filepath.Join(dir, "three"), func(io.Writer) error { return nil }), errInterrupted)
	requireEmpty(t, dir)
}

// An old file stays as it was until the new one is complete.
func TestOutboxReplaces(t *testing.T) {
	path := filepath.Join(t.TempDir(), "file")
	require.NoError(t, os.WriteFile(path, []byte("old"), 0o600))
	box := &outbox{temps: &tempFiles{}}
	require.NoError(t, box.add(path, func(w io.Writer) error { _, err := io.WriteString(w, "new"); return err }))
	requireFile(t, path, "old")
	require.NoError(t, box.commit())
	requireFile(t, path, "new")
	box.temps.removeAll()
	requireFile(t, path, "new")
}

func requireFile(t *testing.T, path, want string) {
	t.Helper()
	got, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, want, string(got))
}

func requireEmpty(t *testing.T, dir string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	require.NoError(t, err)
	require.Empty(t, entries)
}

// An interrupt ends the program with 130 even where it cannot be canceled: here it waits for its standard input.
func TestInterruptWhileReading(t *testing.T) {
	if _, err := exec.LookPath("tconv-run"); err != nil {
		t.Fatal(err) // testscript.Main puts it there
	}
	cmd := exec.Command("tconv-run", "-")
	stdin, err := cmd.StdinPipe()
	require.NoError(t, err)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	require.NoError(t, cmd.Start())
	_, err = stdin.Write(make([]byte, 1<<20)) // more than a pipe holds: the program is past its start when this returns
	require.NoError(t, err)
	require.NoError(t, cmd.Process.Signal(os.Interrupt))
	var exit *exec.ExitError
	require.ErrorAs(t, cmd.Wait(), &exit)
	require.Equal(t, 130, exit.ExitCode())
	require.Equal(t, "error: interrupted\n", stderr.String())
}

// A canceled run ends with the error of the context, and its output is not written.
func TestCanceledRun(t *testing.T) {
	dir := t.TempDir()
	require.NoError(t, writeModels(dir))
	ctx, cancel := context.WithCancelCause(context.Background())
	cancel(errInterrupted)
	a := &app{stdin: nil, stdout: nil, stderr: io.Discard}
	a.watch = newWatch(a, cancel)
	f := &runFlags{modelFlags: modelFlags{precision: "highest"}, outputs: []string{filepath.Join(dir, "out.npz")}}
	err := f.run(ctx, a, filepath.Join(dir, "add.onnx"))
	require.ErrorIs(t, err, errInterrupted)
	require.Equal(t, 130, exitCode(err))
	require.NoFileExists(t, filepath.Join(dir, "out.npz"))
}

func TestPanicIsABug(t *testing.T) {
	var stderr bytes.Buffer
	a := &app{stderr: &stderr}
	err := bugError("broken")
	a.report(err)
	require.Equal(t, 1, exitCode(err))
	require.Contains(t, stderr.String(), "internal error: broken")
	require.Contains(t, stderr.String(), "hint: this is a bug of tconv")
	require.LessOrEqual(t, strings.Count(stderr.String(), "\n"), 40)
}

func TestWithVerb(t *testing.T) {
	root := &cobra.Command{Use: "tconv-run"}
	root.AddCommand(&cobra.Command{Use: "inspect", Run: func(*cobra.Command, []string) {}})
	for _, c := range []struct{ args, want string }{
		{"", ""},
		{"inspect m", "inspect m"},
		{"help inspect", "help inspect"},
		{"--help", "--help"},
		{"__complete i", "__complete i"},
		{"m.onnx -t 2", "run m.onnx -t 2"},
		{"-t 2 m.onnx", "run -t 2 m.onnx"},
		{"-", "run -"},
		{"./inspect", "run ./inspect"},
		{"inspect.onnx", "run inspect.onnx"},
		{"inspec", "error"},
		{"model", "error"},
	} {
		got, err := withVerb(root, strings.Fields(c.args))
		if c.want == "error" {
			require.ErrorIs(t, err, errUsage, c.args)
			continue
		}
		require.NoError(t, err, c.args)
		require.Equal(t, c.want, strings.Join(got, " "))
	}
}
