package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"strconv"
	"strings"
)

// childArgs are the arguments of a process of this program that measures one model with the same flags.
func (f *benchFlags) childArgs(path string, inputs []string) []string {
	args := []string{"bench", "--json", "--quiet", "--no-progress", "--duration", f.duration.String(), "--precision", f.precision,
		"--seed", strconv.FormatUint(f.seed, 10)}
	for _, flag := range []struct {
		name   string
		values []string
	}{{"--shape", f.shapes}, {"--dim", f.dims}, {"--input", inputs}} {
		for _, v := range flag.values {
			args = append(args, flag.name, v)
		}
	}
	if f.memory != "" {
		args = append(args, "--memory-limit", f.memory)
	}
	if f.reference {
		args = append(args, "--reference")
	}
	if f.threads > 0 {
		args = append(args, "--threads", strconv.Itoa(f.threads))
	}
	return append(args, "--", path)
}

// selfCommand is a process of this program.
func selfCommand(ctx context.Context, args []string) (*exec.Cmd, error) {
	exe, err := os.Executable()
	if err != nil {
		return nil, kindf(err, "cannot find the program itself: %w", err)
	}
	cmd := exec.CommandContext(ctx, exe, args...)
	cmd.Args[0] = os.Args[0]
	return cmd, nil
}

// measureChild measures in a process of its own.
func (f *benchFlags) measureChild(ctx context.Context, a *app, path string) (*benchReport, error) {
	file := path
	if path == "-" {
		dir, err := a.temps.folder()
		if err != nil {
			return nil, err
		}
		if file, err = a.modelFile(path, dir); err != nil {
			return nil, err
		}
	}
	cmd, err := selfCommand(ctx, f.childArgs(file, f.inputs))
	if err != nil {
		return nil, err
	}
	r, err := runChild(cmd, cmd.Start)
	if err != nil {
		return nil, err
	}
	r.Model = modelName(path)
	return r, nil
}

// runChild runs a process that prints the JSON of one measurement.
func runChild(cmd *exec.Cmd, start func() error) (*benchReport, error) {
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	err := start()
	if err == nil {
		err = cmd.Wait()
	}
	if err != nil {
		return nil, childError(stderr.String(), err)
	}
	r := &benchReport{}
	if err := json.Unmarshal(stdout.Bytes(), r); err != nil {
		return nil, kindf(err, "a measuring process printed no result: %w", err)
	}
	return r, nil
}

// childError is the error that a process of this program printed, with its exit code.
func childError(text string, err error) error {
	var exit *exec.ExitError
	if !errors.As(err, &exit) {
		return err
	}
	text = strings.TrimPrefix(strings.TrimSpace(text), "error: ")
	if text == "" {
		text = "a measuring process ended: " + err.Error()
	}
	for _, e := range exitCodes {
		if e.code == exit.ExitCode() {
			return kindf(e.kind, "%s", text)
		}
	}
	return errors.New(text)
}
