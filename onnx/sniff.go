package onnx

import (
	"bytes"
	"errors"
)

// foreign are the first bytes of files that are given as models by mistake, what they are, and what to do.
var foreign = []struct {
	at     int
	prefix string
	what   string
}{
	{0, "version https://git-lfs", "a git-lfs pointer: fetch the file itself with `git lfs pull`"},
	{0, "PK\x03\x04", "a zip archive, such as a PyTorch checkpoint: unpack it, or export the model with torch.onnx.export"},
	{0, "\x1f\x8b", "gzip data: unpack it first"},
	{0, "BZh", "bzip2 data: unpack it first"},
	{0, "\xfd7zXZ", "xz data: unpack it first"},
	{0, "\x28\xb5\x2f\xfd", "zstd data: unpack it first"},
	{0, "\x89HDF", "an HDF5 file, such as a Keras model: convert it with tf2onnx"},
	{0, "\x80\x02", "a Python pickle, such as a PyTorch checkpoint: export the model with torch.onnx.export"},
	{0, "\x93NUMPY", "a NumPy array"},
	{0, "\x89PNG", "a PNG picture"},
	{0, "\xff\xd8\xff", "a JPEG picture"},
	{4, "TFL3", "a TensorFlow Lite model: convert it with tf2onnx"},
	{4, "ORTM", "a model in onnxruntime's own ORT format: use the .onnx file it was made from"},
	{0, "7767517", "a text graph of ncnn"},
}

// explain replaces the error of a message by what the bytes look like, if they are something else altogether.
func explain(b []byte, err error) error {
	var parse *ParseError
	if !errors.As(err, &parse) || !errors.Is(err, ErrMalformed) {
		return err
	}
	if what := looksLike(b); what != "" {
		return &ParseError{Offset: 0, Err: malformed("not an ONNX protobuf: it is %s", what)}
	}
	return err
}

// looksLike tells what kind of file starts with b, or nothing if it may be a damaged protobuf.
func looksLike(b []byte) string {
	if len(b) == 0 {
		return "empty: the file has 0 bytes"
	}
	for _, f := range foreign {
		if len(b) >= f.at && bytes.HasPrefix(b[f.at:], []byte(f.prefix)) {
			return f.what
		}
	}
	return looksLikeText(b)
}

// looksLikeText tells which kind of text b is, if it is text.
func looksLikeText(b []byte) string {
	const window, shortestText = 512, 16
	head := b[:min(len(b), window)]
	for _, c := range head {
		if c < ' ' && c != '\t' && c != '\n' && c != '\r' && c != '\f' {
			return ""
		}
	}
	head = bytes.TrimSpace(bytes.TrimPrefix(head, []byte("\xef\xbb\xbf")))
	lower := bytes.ToLower(head)
	switch {
	case bytes.HasPrefix(lower, []byte("<!doctype html")), bytes.HasPrefix(lower, []byte("<html")):
		return "a web page (HTML): download the file itself, not the page that shows it"
	case bytes.HasPrefix(head, []byte("<?xml")):
		return "XML text, such as an OpenVINO model: use the .onnx file it was made from"
	case bytes.HasPrefix(head, []byte("<ir_version")), bytes.HasPrefix(head, []byte("< ir_version")):
		return "ONNX's text form: convert it with onnx.parser and onnx.save"
	case bytes.HasPrefix(head, []byte("ir_version:")):
		return "protobuf's text form: convert it to the binary form with onnx.load and onnx.save"
	case bytes.HasPrefix(head, []byte("{")), bytes.HasPrefix(head, []byte("[")):
		return "JSON text: an .onnx file is binary"
	}
	if len(head) < shortestText {
		return ""
	}
	return "text that starts with " + quote(string(head[:min(len(head), 40)])) + ": an .onnx file is binary"
}
