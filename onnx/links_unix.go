//go:build unix

package onnx

import (
	"io/fs"
	"syscall"
)

// openNonblock makes opening a FIFO return at once instead of waiting for a writer.
const openNonblock = syscall.O_NONBLOCK

// linkCount is how many names a file has on its disk; 1 if its file system does not say.
func linkCount(_ fs.File, info fs.FileInfo) uint64 {
	if st, ok := info.Sys().(*syscall.Stat_t); ok {
		return uint64(st.Nlink)
	}
	return 1
}
