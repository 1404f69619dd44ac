package vision

import (
	"fmt"
	"image"
	"image/gif"
	"image/jpeg"
	"image/png"
	"io"
	"path/filepath"
	"strings"

	"golang.org/x/image/bmp"
	"golang.org/x/image/tiff"
)

// jpegQuality keeps artefacts of the encoder below what a reader of results would notice.
const jpegQuality = 95

// encoders lists what can be written, by file name extension.
var encoders = map[string]func(io.Writer, image.Image) error{
	".png":  png.Encode,
	".jpg":  encodeJPEG,
	".jpeg": encodeJPEG,
	".gif":  func(w io.Writer, img image.Image) error { return gif.Encode(w, img, nil) },
	".bmp":  bmp.Encode,
	".tif":  encodeTIFF,
	".tiff": encodeTIFF,
}

// CanEncode tells whether pictures can be written under that file name: png, jpg, jpeg, gif, bmp, tif or tiff.
func CanEncode(name string) bool {
	return encoders[extension(name)] != nil
}

// Encode writes a picture in the format that the extension of name asks for. In a jpeg, what is transparent becomes
// white; a gif has at most 256 colours.
func Encode(w io.Writer, name string, img image.Image) error {
	encode := encoders[extension(name)]
	if encode == nil {
		return errorf(ErrUnsupported, "extension %q, want .png, .jpg, .jpeg, .gif, .bmp, .tif or .tiff", filepath.Ext(name))
	}
	if err := encode(w, img); err != nil {
		return fmt.Errorf("vision: writing %s: %w", filepath.Base(name), err)
	}
	return nil
}

// extension gives a file name's extension in lower case, with its dot.
func extension(name string) string {
	return strings.ToLower(filepath.Ext(name))
}

// encodeJPEG writes a picture over white, as the format has no transparency.
func encodeJPEG(w io.Writer, img image.Image) error {
	if gray, ok := img.(*image.Gray); ok {
		return jpeg.Encode(w, gray, &jpeg.Options{Quality: jpegQuality})
	}
	return jpeg.Encode(w, opaque(img), &jpeg.Options{Quality: jpegQuality})
}

// encodeTIFF writes with lossless compression.
func encodeTIFF(w io.Writer, img image.Image) error {
	return tiff.Encode(w, img, &tiff.Options{Compression: tiff.Deflate, Predictor: true})
}
