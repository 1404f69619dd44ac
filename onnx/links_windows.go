package onnx

import (
	"io/fs"
	"os"
	"syscall"
)

// openNonblock is not needed: a named pipe has no path below a folder.
const openNonblock = 0

// linkCount is how many names a file has on its disk; 1 if its file system does not say.
func linkCount(f fs.File, _ fs.FileInfo) uint64 {
	file, ok := f.(*os.File)
	if !ok {
		return 1
	}
	var info syscall.ByHandleFileInformation
	if err := syscall.GetFileInformationByHandle(syscall.Handle(file.Fd()), &info); err != nil {
		return 1
	}
	return uint64(info.NumberOfLinks)
}
