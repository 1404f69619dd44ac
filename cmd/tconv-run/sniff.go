package main

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"unicode/utf8"
)

// fileKinds tells by its first bytes what a file is that is no ONNX model, and what to do about it.
var fileKinds = []struct {
	at    int
	magic string
	hint  string
}{
	{0, "version https://git-lfs", "the file is a Git LFS pointer, not the model itself: run \"git lfs pull\""},
	{0, "PK\x03\x04", "the file is a zip archive, as PyTorch (.pt, .pth) and numpy (.npz) write; export the network with torch.onnx.export"},
	{0, "\x89HDF", "the file is HDF5, as Keras writes; convert it with tf2onnx"},
	{4, "TFL3", "the file is a TensorFlow Lite model; convert it with tf2onnx"},
	{4, "ORTM", "the file is in onnxruntime's own .ort format; use the .onnx file it was made from"},
	{0, "\x93NUMPY", "the file is a numpy array; give it with -i, after the model"},
	{0, "\x89PNG", "\"tconv-run image MODEL PICTURE -o OUT.png\" takes the model first"},
	{0, "\xff\xd8\xff", "\"tconv-run image MODEL PICTURE -o OUT.png\" takes the model first"},
	{0, "7767517", "the file is an ncnn model; use the .onnx file it was made from"},
	{0, "\x1f\x8b", "the file is compressed with gzip: unpack it first"},
	{0, "<", "the file is a web page or XML: the download may have failed"},
}

// sniffHint looks at a file that is no valid model and says what it seems to be; "" if nothing can be said.
func sniffHint(path string) string {
	f, err := os.Open(path)
	if err != nil {
		return ""
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil || !info.Mode().IsRegular() {
		return ""
	}
	head := make([]byte, 512)
	n, _ := io.ReadFull(f, head)
	return bytesHint(head[:n], info.Size())
}

// bytesHint says what a file of that size that starts with head seems to be.
func bytesHint(head []byte, size int64) string {
	if size == 0 {
		return "a download or an export may have failed"
	}
	for _, k := range fileKinds {
		if len(head) > k.at && bytes.HasPrefix(head[k.at:], []byte(k.magic)) {
			return k.hint
		}
	}
	if isText(head) {
		return "models are written by torch.onnx.export or tf2onnx; is this the right file?"
	}
	return fmt.Sprintf("the file has %d bytes: if it was copied or downloaded, compare that with the original", size)
}

// isText tells whether bytes, which may end inside a character, are readable text.
func isText(b []byte) bool {
	for i, c := range b {
		if c < ' ' && c != '\n' && c != '\r' && c != '\t' {
			return false
		}
		if c >= utf8.RuneSelf && !utf8.FullRune(b[i:]) {
			return utf8.Valid(b[:i])
		}
	}
	return utf8.Valid(b)
}
