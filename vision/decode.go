package vision

import (
	"bytes"
	"fmt"
	"image"
	"image/gif"
	"image/jpeg"
	"image/png"
	"io"
	"os"

	"golang.org/x/image/bmp"
	"golang.org/x/image/draw"
	"golang.org/x/image/tiff"
	"golang.org/x/image/webp"
)

// format is one picture format that can be read.
type format struct {
	name   string
	magic  string // what the file starts with; '?' stands for any byte
	config func(io.Reader) (image.Config, error)
	decode func(io.Reader) (image.Image, error)
}

// formats lists what can be read.
var formats = []format{
	{"png", "\x89PNG\r\n\x1a\n", png.DecodeConfig, png.Decode},
	{"jpeg", "\xff\xd8", jpeg.DecodeConfig, jpeg.Decode},
	{"gif", "GIF8?a", gif.DecodeConfig, decodeGIF},
	{"webp", "RIFF????WEBPVP8", webp.DecodeConfig, decodeWebP},
	{"tiff", "II\x2a\x00", tiff.DecodeConfig, tiff.Decode},
	{"tiff", "MM\x00\x2a", tiff.DecodeConfig, tiff.Decode},
	{"bmp", "BM????\x00\x00\x00\x00", bmp.DecodeConfig, bmp.Decode},
}

// Bounds of a picture file, where no option says otherwise.
const (
	defaultMaxPixels = 64 << 20
	// maxFileBytes is room for 64 megapixels of 16-bit RGBA without compression.
	maxFileBytes = 8*defaultMaxPixels + 1<<20
)

// DecodeOption changes how pictures are read.
type DecodeOption func(*decodeConfig)

// decodeConfig is what the options set.
type decodeConfig struct {
	maxPixels int64
}

// MaxPixels bounds the pixels of a picture; the default is 64 Mi. More is an ErrLimit, found before decoding.
func MaxPixels(n int) DecodeOption {
	return func(c *decodeConfig) { c.maxPixels = int64(n) }
}

// Load decodes the picture file of that name, which must be a regular file.
func Load(name string, opts ...DecodeOption) (image.Image, error) {
	info, err := os.Stat(name)
	if err != nil {
		return nil, fmt.Errorf("vision: %w", err)
	}
	if !info.Mode().IsRegular() { // opening a pipe would wait for a writer
		return nil, errorf(ErrFormat, "%q is not a regular file", name)
	}
	f, err := os.Open(name)
	if err != nil {
		return nil, fmt.Errorf("vision: %w", err)
	}
	defer f.Close()
	return Decode(f, opts...)
}

// Decode reads a png, jpeg, gif (its first frame), webp, tiff or bmp picture, turned upright as its Exif orientation
// says (jpeg and tiff).
func Decode(r io.Reader, opts ...DecodeOption) (image.Image, error) {
	c := decodeConfig{maxPixels: defaultMaxPixels}
	for _, opt := range opts {
		opt(&c)
	}
	file, err := io.ReadAll(io.LimitReader(r, maxFileBytes+1))
	if err != nil {
		return nil, fmt.Errorf("vision: reading a picture: %w", err)
	}
	if len(file) > maxFileBytes {
		return nil, errorf(ErrLimit, "a file of more than %d bytes", maxFileBytes)
	}
	f, err := detect(file)
	if err != nil {
		return nil, err
	}
	return f.read(file, c.maxPixels)
}

// detect finds the format by the first bytes of the file.
func detect(file []byte) (format, error) {
	for _, f := range formats {
		if matches(file, f.magic) {
			return f, nil
		}
	}
	return format{}, errorf(ErrUnsupported, "the file starts with %q, want png, jpeg, gif, webp, tiff or bmp", file[:min(len(file), 8)])
}

// matches tells whether a file starts with a pattern.
func matches(file []byte, pattern string) bool {
	if len(file) < len(pattern) {
		return false
	}
	for i := range len(pattern) {
		if pattern[i] != '?' && pattern[i] != file[i] {
			return false
		}
	}
	return true
}

// read decodes the file of a known format. Decoders of untrusted bytes may panic: that is an error too.
func (f format) read(file []byte, maxPixels int64) (img image.Image, err error) {
	defer func() {
		if p := recover(); p != nil {
			img, err = nil, errorf(ErrFormat, "the %s decoder failed: %v", f.name, p)
		}
	}()
	c, err := f.config(bytes.NewReader(file))
	if err != nil {
		return nil, f.failed(err)
	}
	if err := checkPixels(c.Width, c.Height, maxPixels); err != nil {
		return nil, err
	}
	if img, err = f.decode(bytes.NewReader(file)); err != nil {
		return nil, f.failed(err)
	}
	return upright(img, f.orientation(file)), nil
}

// checkPixels refuses an empty picture and one of more than maxPixels.
func checkPixels(w, h int, maxPixels int64) error {
	if w <= 0 || h <= 0 {
		return errorf(ErrFormat, "a picture of %d x %d pixels", w, h)
	}
	if int64(w) > maxPixels/int64(h) {
		return errorf(ErrLimit, "%d x %d pixels, want at most %d in all", w, h, maxPixels)
	}
	return nil
}

// failed names the format in a decoder's error and tells damaged pictures from unsupported ones.
func (f format) failed(err error) error {
	kind := ErrFormat
	switch err.(type) {
	case jpeg.UnsupportedError, png.UnsupportedError, tiff.UnsupportedError:
		kind = ErrUnsupported
	}
	if err == bmp.ErrUnsupported {
		kind = ErrUnsupported
	}
	return errorf(kind, "%s: %w", f.name, err)
}

// decodeGIF gives the first frame on the whole screen: a frame may cover only a part of it.
func decodeGIF(r io.Reader) (image.Image, error) {
	file := r.(*bytes.Reader)
	c, err := gif.DecodeConfig(file)
	if err != nil {
		return nil, err
	}
	if _, err := file.Seek(0, io.SeekStart); err != nil {
		return nil, err
	}
	frame, err := gif.Decode(file)
	screen := image.Rect(0, 0, c.Width, c.Height)
	if err != nil || frame.Bounds() == screen {
		return frame, err
	}
	img := image.NewRGBA(screen)
	draw.Draw(img, frame.Bounds(), frame, frame.Bounds().Min, draw.Src)
	return img, nil
}
