//go:build !unix && !windows

package onnx

import "io/fs"

// openNonblock is not known on this system.
const openNonblock = 0

// linkCount is always 1: this system does not tell.
func linkCount(fs.File, fs.FileInfo) uint64 { return 1 }
