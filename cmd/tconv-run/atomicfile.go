package main

import (
	"bufio"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
)

// tempFiles knows the files and folders that are being written, to remove them when the program ends early.
type tempFiles struct {
	mu    sync.Mutex
	paths map[string]bool
	ended bool // the program ends: no new files
}

// create makes a new file beside the one that it will replace.
func (t *tempFiles) create(target string) (*os.File, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.ended {
		return nil, errInterrupted
	}
	name := filepath.Join(filepath.Dir(target), "."+filepath.Base(target)+"."+rand.Text()[:8]+".tmp")
	f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o666)
	if err != nil {
		return nil, err
	}
	if t.paths == nil {
		t.paths = map[string]bool{}
	}
	t.paths[name] = true
	return f, nil
}

// rename gives a finished file its name.
func (t *tempFiles) rename(temp, target string) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.ended {
		return errInterrupted
	}
	if err := os.Rename(temp, target); err != nil {
		return err
	}
	delete(t.paths, temp)
	return nil
}

// removeAll removes what is not finished; nothing can be written afterwards.
func (t *tempFiles) removeAll() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.ended = true
	for p := range t.paths {
		os.RemoveAll(p)
	}
}

// outbox collects files to write. They appear under their names all together at the end, complete, or not at all.
type outbox struct {
	temps  *tempFiles
	staged []staged
}

// staged is a complete file that still has a temporary name.
type staged struct{ temp, target string }

// add writes a file under a temporary name in its folder.
func (o *outbox) add(target string, write func(io.Writer) error) error {
	if err := checkTarget(target); err != nil {
		return err
	}
	f, err := o.temps.create(target)
	if err != nil {
		return writeError(target, err)
	}
	o.staged = append(o.staged, staged{f.Name(), target})
	w := bufio.NewWriterSize(f, 1<<16)
	err = write(w)
	for _, finish := range []func() error{w.Flush, f.Sync} {
		if err == nil {
			err = finish()
		}
	}
	if e := f.Close(); err == nil {
		err = e
	}
	return writeError(target, err)
}

// commit gives all files their names.
func (o *outbox) commit() error {
	for _, s := range o.staged {
		if err := o.temps.rename(s.temp, s.target); err != nil {
			return writeError(s.target, err)
		}
	}
	return nil
}

// checkTarget refuses to replace what is no plain file.
func checkTarget(path string) error {
	info, err := os.Stat(path)
	switch {
	case err == nil && info.IsDir():
		return usagef("cannot write %s: it is a folder", path)
	case err == nil && !info.Mode().IsRegular():
		return usagef("cannot write %s: it is no regular file", path)
	}
	if info, err := os.Stat(filepath.Dir(path)); err != nil || !info.IsDir() {
		return withHint(usagef("cannot write %s: there is no folder %s", path, filepath.Dir(path)), "mkdir -p %s", shellQuote(filepath.Dir(path)))
	}
	return nil
}

// writeError names the file, without the temporary name that the system's error holds.
func writeError(path string, err error) error {
	var p *fs.PathError
	var l *os.LinkError
	switch {
	case err == nil:
		return nil
	case errors.As(err, &p):
		err = p.Err
	case errors.As(err, &l):
		err = l.Err
	}
	return fmt.Errorf("cannot write %s: %w", path, err)
}

// folder makes a temporary folder that is gone when the program ends.
func (t *tempFiles) folder() (string, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.ended {
		return "", errInterrupted
	}
	name, err := os.MkdirTemp("", "tconv-run-")
	if err != nil {
		return "", fmt.Errorf("cannot make a temporary folder: %w", err)
	}
	if t.paths == nil {
		t.paths = map[string]bool{}
	}
	t.paths[name] = true
	return name, nil
}
