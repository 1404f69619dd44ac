package main

import (
	"bytes"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/tconv/tconv"
	"github.com/tconv/tconv/npy"
	"github.com/tconv/tconv/vision"
)

// source reads the values that -i gives.
type source struct {
	app  *app
	seed uint64
	rest bool // inputs that nobody gives are random, even if others are given
}

// pictureTypes are the endings of files that are read as pictures.
var pictureTypes = []string{".png", ".jpg", ".jpeg", ".webp", ".bmp", ".tif", ".tiff", ".gif"}

// value makes the tensor that text stands for, as an input that the model describes. The shape is that of info where the
// text tells none (random, zeros); it is known then.
func (s *source) value(info tconv.Info, text string) (*tconv.Tensor, error) {
	t, err := s.read(info, text)
	if err != nil {
		return nil, &kindError{tconv.ErrInput, "input " + quoted(info.Name) + ": " + err.Error(), err}
	}
	return t, nil
}

// read finds out what text is: a word for numbers, standard input, or a file.
func (s *source) read(info tconv.Info, text string) (*tconv.Tensor, error) {
	if f, ok, err := parseFill(text); ok || err != nil {
		if err != nil {
			return nil, err
		}
		return f.tensor(info, s.seed)
	}
	if text == "-" {
		return s.readStdin(info)
	}
	path, key, _ := strings.Cut(text, "#")
	if isNpz := strings.EqualFold(filepath.Ext(path), ".npz"); isNpz {
		return readNpzFile(path, key, info.Name)
	} else if key != "" {
		path = text
	}
	data, err := readInputFile(path)
	if err != nil {
		return nil, err
	}
	return decodeInput(info, data, strings.ToLower(filepath.Ext(path)))
}

// readInputFile reads a regular file whole.
func readInputFile(path string) ([]byte, error) {
	info, err := os.Stat(path)
	if err == nil && !info.Mode().IsRegular() {
		return nil, withHint(inputf("%s is no regular file", path), "- reads standard input")
	}
	var data []byte
	if err == nil {
		data, err = os.ReadFile(path)
	}
	if err != nil {
		return nil, withHint(inputf("%w", readError(path, err)), "a value is a file, random, random:0..255, zeros, ones or const:0.5")
	}
	return data, nil
}

// readStdin reads an input from standard input, whose first bytes tell the format.
func (s *source) readStdin(info tconv.Info) (*tconv.Tensor, error) {
	r, err := s.app.takeStdin("input " + quoted(info.Name))
	if err != nil {
		return nil, err
	}
	data, err := io.ReadAll(io.LimitReader(r, maxStdinBytes+1))
	if err != nil || len(data) > maxStdinBytes {
		return nil, inputf("standard input: %v bytes read: %v", len(data), err)
	}
	return decodeInput(info, data, "")
}

// decodeInput reads a tensor from the bytes of a file. The ending of its name tells the format, else the bytes.
func decodeInput(info tconv.Info, data []byte, ext string) (*tconv.Tensor, error) {
	if !slices.Contains([]string{".npy", ".npz", ".pb", ".json"}, ext) && !slices.Contains(pictureTypes, ext) {
		ext = sniffInput(data)
	}
	switch ext {
	case ".npy":
		return decodeNpy(data)
	case ".npz":
		z, err := npy.OpenZip(bytes.NewReader(data), int64(len(data)))
		if err != nil {
			return nil, err
		}
		return readNpz(z, "", info.Name)
	case ".json":
		return decodeJSON(info, data)
	case ".pb":
		t, _, err := tconv.UnmarshalTensor(data)
		return t, err
	}
	return decodePicture(info, data)
}

// sniffInput tells the format of an input by its bytes. A TensorProto has no signature: it is what nothing else is.
func sniffInput(data []byte) string {
	switch trimmed := bytes.TrimLeft(data, " \t\r\n"); {
	case bytes.HasPrefix(data, []byte("\x93NUMPY")):
		return ".npy"
	case bytes.HasPrefix(data, []byte("PK\x03\x04")):
		return ".npz"
	case isPicture(data):
		return ".png"
	case len(trimmed) > 0 && strings.ContainsRune("{[-0123456789\"tf", rune(trimmed[0])) && isText(trimmed[:min(len(trimmed), 256)]):
		return ".json"
	}
	return ".pb"
}

// isPicture tells whether bytes start as a picture file does.
func isPicture(data []byte) bool {
	for _, magic := range []string{"\x89PNG", "\xff\xd8\xff", "GIF8", "BM", "II*\x00", "MM\x00*"} {
		if bytes.HasPrefix(data, []byte(magic)) {
			return true
		}
	}
	return len(data) > 12 && string(data[:4]) == "RIFF" && string(data[8:12]) == "WEBP"
}

// decodePicture makes an input of a picture by the plainest preset, RGB in 0..1, adapted to the input's channels, layout
// and size.
func decodePicture(info tconv.Info, data []byte) (*tconv.Tensor, error) {
	img, err := vision.Decode(bytes.NewReader(data))
	if err != nil {
		return nil, err
	}
	preset, err := vision.Unit().For(info.Shape)
	if err != nil {
		return nil, withHint(err, "\"tconv-run image\" has more ways to make an input of a picture")
	}
	t, _, err := preset.Tensor(img)
	if err == nil && info.DType != t.DType() {
		return castPicture(t, info.DType)
	}
	return t, err
}

// quoted writes a name in an error.
func quoted(name string) string { return `"` + clip(name, 256) + `"` }
