package models

import (
	"archive/zip"
	"bytes"
	"image/png"
	"io/fs"
	"testing"
)

// TestDemosAreComplete opens every file that a demo names.
func TestDemosAreComplete(t *testing.T) {
	for _, d := range Demos() {
		t.Run(d.Name, func(t *testing.T) {
			if d.What == "" || d.Multiple < 1 {
				t.Errorf("got What %q, Multiple %d, want a description and at least 1", d.What, d.Multiple)
			}
			if n := len(read(t, d.Model)); n > 600_000 {
				t.Errorf("%s has %d bytes, want at most 600,000", d.Model, n)
			}
			picture, err := png.DecodeConfig(bytes.NewReader(read(t, d.Picture)))
			if err != nil {
				t.Fatalf("%s: %v", d.Picture, err)
			}
			if picture.Width%d.Multiple != 0 || picture.Height%d.Multiple != 0 {
				t.Errorf("%s is %d x %d, want multiples of %d", d.Picture, picture.Width, picture.Height, d.Multiple)
			}
			checkReference(t, read(t, d.Reference))
		})
	}
}

// TestEmbeddedSize keeps the command small: everything embedded stays below one megabyte.
func TestEmbeddedSize(t *testing.T) {
	var total int64
	err := fs.WalkDir(FS, ".", func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		info, err := e.Info()
		if err == nil {
			total += info.Size()
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if total > 1_000_000 {
		t.Errorf("embedded files have %d bytes, want at most 1,000,000", total)
	}
}

// checkReference wants exactly the two arrays that Demo.Reference promises.
func checkReference(t *testing.T, data []byte) {
	t.Helper()
	archive, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]bool{}
	for _, f := range archive.File {
		got[f.Name] = true
	}
	if len(got) != 2 || !got["in:input.npy"] || !got["out:output.npy"] {
		t.Errorf("got entries %v, want in:input.npy and out:output.npy", got)
	}
}

func read(t *testing.T, path string) []byte {
	t.Helper()
	data, err := FS.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return data
}
