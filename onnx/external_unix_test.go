//go:build unix

package onnx

import (
	"net"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

var specialFileCases = []externalCase{
	{name: "link to a file outside", n: 6, entries: at("link-outside"), kind: ErrExternal, text: "it is a symbolic link"},
	{name: "absolute link", n: 6, entries: at("link-absolute"), kind: ErrExternal, text: "it is a symbolic link"},
	{name: "link to a file inside", n: 10, entries: at("link-inside"), kind: ErrExternal, text: "it is a symbolic link"},
	{name: "link to itself", n: 1, entries: at("link-loop"), kind: ErrExternal, text: "it is a symbolic link"},
	{name: "link to nothing", n: 1, entries: at("link-nothing"), kind: ErrExternal, text: "it is a symbolic link"},
	{name: "folder that is a link outside", n: 6, entries: at("link-parent/outside.bin"), kind: ErrExternal,
		text: `"link-parent" is a symbolic link, want a folder`},
	{name: "folder that is a link inside", n: 6, entries: at("link-sub/w.bin"), kind: ErrExternal, text: `"link-sub" is a symbolic link`},
	{name: "link in the middle", n: 6, entries: at("sub/up/w.bin"), kind: ErrExternal, text: `"sub/up" is a symbolic link`},
	{name: "link to a device", n: 6, entries: at("link-device"), kind: ErrExternal, text: "it is a symbolic link"},
	{name: "hard link to a file outside", n: 6, entries: at("hard-link"), kind: ErrExternal, text: "the file has 2 hard links, want 1"},
	{name: "FIFO", n: 1, entries: at("fifo"), kind: ErrExternal, text: "it is a FIFO, want a regular file"},
	{name: "socket", n: 1, entries: at("socket"), kind: ErrExternal, text: "it is a socket, want a regular file"},
}

// addSpecialFiles puts links, a FIFO and a socket in a model folder.
func addSpecialFiles(t *testing.T, dir string) {
	t.Helper()
	in := func(name string) string { return filepath.Join(dir, name) }
	outside := filepath.Join(filepath.Dir(dir), "outside.bin")
	for name, target := range map[string]string{
		"link-outside": "../outside.bin", "link-absolute": outside, "link-inside": "w.bin", "link-loop": "link-loop",
		"link-nothing": "none", "link-parent": "..", "link-sub": "sub", "sub/up": "..", "link-device": os.DevNull,
	} {
		require.NoError(t, os.Symlink(target, in(name)))
	}
	require.NoError(t, os.Link(outside, in("hard-link")))
	require.NoError(t, syscall.Mkfifo(in("fifo"), 0o600))
	t.Chdir(dir) // the path of a socket is short
	l, err := net.Listen("unix", "socket")
	require.NoError(t, err)
	t.Cleanup(func() { l.Close() })
}

func TestExternalSpecialFiles(t *testing.T) {
	dir := modelFolder(t)
	addSpecialFiles(t, dir)
	t.Run("folder", func(t *testing.T) {
		x, err := OpenExternalData(dir, ExternalOptions{})
		require.NoError(t, err)
		defer x.Close()
		checkExternal(t, x, specialFileCases)
	})
	t.Run("DirFS", func(t *testing.T) {
		checkExternal(t, NewExternalData(os.DirFS(dir), ExternalOptions{}), specialFileCases)
	})
	t.Run("hard links allowed", func(t *testing.T) {
		x, err := OpenExternalData(dir, ExternalOptions{AllowHardLinks: true})
		require.NoError(t, err)
		defer x.Close()
		got, err := x.Bytes(externalTensor(6, at("hard-link")))
		require.NoError(t, err)
		require.Equal(t, "secret", string(got))
	})
}

// TestExternalDevice uses the folder of devices, which no model folder can hold without privileges.
func TestExternalDevice(t *testing.T) {
	x, err := OpenExternalData("/dev", ExternalOptions{})
	require.NoError(t, err)
	defer x.Close()
	_, err = x.Bytes(externalTensor(1, at("null")))
	require.ErrorIs(t, err, ErrExternal)
	require.ErrorContains(t, err, "it is a device or another special file, want a regular file")
}

// TestExternalSwaps puts something else in place of a file between the look at it and its opening.
func TestExternalSwaps(t *testing.T) {
	tests := map[string]func(t *testing.T, path string){
		"FIFO": func(t *testing.T, path string) { require.NoError(t, syscall.Mkfifo(path, 0o600)) },
		"link outside": func(t *testing.T, path string) {
			require.NoError(t, os.Symlink("../outside.bin", path))
		},
		"link inside": func(t *testing.T, path string) { require.NoError(t, os.Symlink("sub/w.bin", path)) },
		"folder":      func(t *testing.T, path string) { require.NoError(t, os.Mkdir(path, 0o700)) },
	}
	for name, put := range tests {
		t.Run(name, func(t *testing.T) {
			dir := modelFolder(t)
			root, err := openRoot(dir)
			require.NoError(t, err)
			path := filepath.Join(dir, "w.bin")
			x := newExternalData(swapFolder{root, func() {
				require.NoError(t, os.Remove(path))
				put(t, path)
			}}, ExternalOptions{})
			defer x.Close()
			dog := time.AfterFunc(10*time.Second, func() { panic("opening " + name + " hangs") })
			defer dog.Stop()
			_, err = x.Bytes(externalTensor(10, at("w.bin")))
			require.Error(t, err)
		})
	}
}

// TestExternalSparseFile has a file that is large without taking space: nothing is allocated for the wrong range.
func TestExternalSparseFile(t *testing.T) {
	dir := modelFolder(t)
	require.NoError(t, os.Truncate(filepath.Join(dir, "w.bin"), 1<<40))
	x, err := OpenExternalData(dir, ExternalOptions{MaxBytes: 1 << 30})
	require.NoError(t, err)
	defer x.Close()
	_, err = x.Bytes(externalTensor(1<<31-1, at("w.bin", "length", "2147483647")))
	if ^uint(0)>>32 == 0 {
		require.Error(t, err)
		return
	}
	require.ErrorIs(t, err, ErrLimit)
	got, err := x.Bytes(externalTensor(2, at("w.bin", "offset", "1099511627774")))
	require.NoError(t, err)
	require.Equal(t, []byte{0, 0}, got)
}
