package vision

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"image"
	"image/color"
	"io"
	"os"
	"path/filepath"
	"testing"
	"testing/iotest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tconv/tconv"
)

// checkPicture compares a picture with what testdata/make_pictures.py shows, away from edges and to a tolerance.
func checkPicture(t *testing.T, img image.Image, tolerance float64) {
	t.Helper()
	require.Equal(t, image.Pt(24, 16), img.Bounds().Size())
	for at, want := range map[image.Point][3]float64{
		{2, 2}: {255, 255, 255}, {2, 13}: {255, 0, 0}, {21, 2}: {0, 0, 255}, {21, 13}: {0, 0, 255},
	} {
		c := opaque(img).RGBAAt(at.X, at.Y)
		require.InDelta(t, want[0], float64(c.R), tolerance, "red at %v", at)
		require.InDelta(t, want[1], float64(c.G), tolerance, "green at %v", at)
		require.InDelta(t, want[2], float64(c.B), tolerance, "blue at %v", at)
	}
}

func TestLoadPictures(t *testing.T) {
	tolerance := map[string]float64{"lossless.webp": 0, "animated.gif": 0, "orientation6.tiff": 0, "lossy.webp": 2, "alpha.webp": 2}
	files, err := filepath.Glob("testdata/*.*")
	require.NoError(t, err)
	for _, name := range files {
		if filepath.Ext(name) == ".py" {
			continue
		}
		t.Run(filepath.Base(name), func(t *testing.T) {
			img, err := Load(name)
			require.NoError(t, err)
			if clear, ok := img.(*image.NRGBA); ok {
				wantAlpha(t, clear, name)
			}
			want, ok := tolerance[filepath.Base(name)]
			if !ok {
				want = 4 // jpeg
			}
			checkPicture(t, img, want)
		})
	}
}

// wantAlpha compares the opacity of a picture, then makes it opaque.
func wantAlpha(t *testing.T, img *image.NRGBA, name string) {
	t.Helper()
	want := uint8(255)
	if filepath.Base(name) == "alpha.webp" {
		want = 128
	}
	for i := 3; i < len(img.Pix); i += 4 {
		require.Equal(t, want, img.Pix[i])
		img.Pix[i] = 255
	}
}

// Where the stored picture's first pixel and the end of its first row are seen, as Exif defines the orientations.
func TestOrientations(t *testing.T) {
	img := scene(3, 2)
	first, end := img.RGBAAt(0, 0), img.RGBAAt(2, 0)
	for orientation, corners := range map[int][2]string{
		0: {"top left", "top right"}, 1: {"top left", "top right"}, 2: {"top right", "top left"},
		3: {"bottom right", "bottom left"}, 4: {"bottom left", "bottom right"}, 5: {"top left", "bottom left"},
		6: {"top right", "bottom right"}, 7: {"bottom right", "top right"}, 8: {"bottom left", "top left"},
		9: {"top left", "top right"},
	} {
		got := upright(img, orientation)
		size := got.Bounds().Size()
		at := map[string]image.Point{
			"top left": {0, 0}, "top right": {size.X - 1, 0},
			"bottom left": {0, size.Y - 1}, "bottom right": {size.X - 1, size.Y - 1},
		}
		require.Equal(t, first, got.At(at[corners[0]].X, at[corners[0]].Y), "orientation %d", orientation)
		require.Equal(t, end, got.At(at[corners[1]].X, at[corners[1]].Y), "orientation %d", orientation)
		require.Equal(t, orientation >= 5 && orientation <= 8, size == image.Pt(2, 3))
	}
}

func TestEncodeAndDecode(t *testing.T) {
	want := scene(13, 9)
	for _, ext := range []string{".png", ".bmp", ".tif", ".TIFF"} {
		var b bytes.Buffer
		require.NoError(t, Encode(&b, "x"+ext, want))
		got, err := Decode(&b)
		require.NoError(t, err)
		require.Equal(t, want.Pix, opaque(got).Pix, ext)
	}
	flat := uniform(16, 16, color.RGBA{200, 100, 50, 255})
	for _, ext := range []string{".jpg", ".jpeg", ".gif"} {
		var b bytes.Buffer
		require.NoError(t, Encode(&b, "x"+ext, flat))
		got, err := Decode(&b)
		require.NoError(t, err)
		c := opaque(got).RGBAAt(8, 8)
		require.InDelta(t, 200, int(c.R), 26, ext) // a gif's colours are in steps of 51
	}
}

func TestEncodeJPEGOverWhite(t *testing.T) {
	var b bytes.Buffer
	require.NoError(t, Encode(&b, "x.jpg", image.NewNRGBA(image.Rect(0, 0, 8, 8))))
	img, err := Decode(&b)
	require.NoError(t, err)
	require.Equal(t, uint8(255), opaque(img).RGBAAt(4, 4).G)
}

func TestEncodeErrors(t *testing.T) {
	require.True(t, CanEncode("a.PNG"))
	require.False(t, CanEncode("a.webp"))
	require.False(t, CanEncode("png"))
	err := Encode(io.Discard, "a.webp", four())
	require.ErrorIs(t, err, ErrUnsupported)
	require.ErrorContains(t, err, `extension ".webp", want .png`)
}

func TestDecodeErrors(t *testing.T) {
	_, err := Decode(bytes.NewReader([]byte("hello, world")))
	require.ErrorIs(t, err, ErrUnsupported)
	require.ErrorIs(t, err, tconv.ErrInput)
	require.ErrorContains(t, err, "want png, jpeg, gif, webp, tiff or bmp")
	_, err = Decode(bytes.NewReader(nil))
	require.ErrorIs(t, err, ErrUnsupported)
	broken := errors.New("broken disk")
	_, err = Decode(iotest.ErrReader(broken))
	require.ErrorIs(t, err, broken)
	_, err = Load("testdata")
	require.ErrorIs(t, err, ErrFormat)
	_, err = Load("testdata/missing.png")
	require.ErrorIs(t, err, os.ErrNotExist)
	_, err = Load("testdata/lossless.webp", MaxPixels(24*16-1))
	require.ErrorIs(t, err, ErrLimit)
	require.ErrorIs(t, err, tconv.ErrLimit)
	_, err = Load("testdata/lossless.webp", MaxPixels(24*16))
	require.NoError(t, err)
}

// pngHeader is a png file that declares a size and has no pixels.
func pngHeader(w, h uint32) []byte {
	b := []byte("\x89PNG\r\n\x1a\n\x00\x00\x00\x0dIHDR")
	b = binary.BigEndian.AppendUint32(b, w)
	b = binary.BigEndian.AppendUint32(b, h)
	b = append(b, 8, 2, 0, 0, 0)
	return binary.BigEndian.AppendUint32(b, crc32.ChecksumIEEE(b[12:]))
}

// Files of a few bytes that declare gigapixels are refused before anything is decoded.
func TestHostileHeaders(t *testing.T) {
	bmp := append([]byte("BM\x00\x00\x00\x00\x00\x00\x00\x00\x36\x00\x00\x00\x28\x00\x00\x00"), make([]byte, 36)...)
	binary.LittleEndian.PutUint32(bmp[18:], 50000)
	binary.LittleEndian.PutUint32(bmp[22:], 50000)
	bmp[26], bmp[28] = 1, 24
	webp := []byte("RIFF\x16\x00\x00\x00WEBPVP8X\x0a\x00\x00\x00\x00\x00\x00\x00\xff\x7f\x00\xff\x7f\x00")
	for name, file := range map[string][]byte{
		"png":  pngHeader(100000, 100000),
		"jpeg": []byte("\xff\xd8\xff\xc0\x00\x0b\x08\xff\xff\xff\xff\x01\x01\x11\x00\xff\xda\x00\x02"),
		"gif":  []byte("GIF89a\xff\xff\xff\xff\x00\x00\x00"),
		"bmp":  bmp,
		"webp": webp,
		"tiff": tiffHeader(60000, 60000),
	} {
		start := time.Now()
		_, err := Decode(bytes.NewReader(file))
		require.ErrorIs(t, err, ErrLimit, "%s: %v", name, err)
		require.Less(t, time.Since(start), time.Second)
	}
	for _, size := range [][2]uint32{{0, 5}, {5, 0}, {1 << 31, 1}, {0xffffffff, 0xffffffff}} {
		_, err := Decode(bytes.NewReader(pngHeader(size[0], size[1])))
		require.True(t, errors.Is(err, ErrFormat) || errors.Is(err, ErrUnsupported), "%v: %v", size, err)
	}
}

// tiffHeader is a gray tiff file that declares a size and has no pixels.
func tiffHeader(w, h uint32) []byte {
	b := []byte("II\x2a\x00\x08\x00\x00\x00\x04\x00")
	for _, entry := range [][2]uint32{{256, w}, {257, h}, {258, 8}, {262, 1}} {
		b = binary.LittleEndian.AppendUint16(b, uint16(entry[0]))
		b = binary.LittleEndian.AppendUint16(b, 4)
		b = binary.LittleEndian.AppendUint32(b, 1)
		b = binary.LittleEndian.AppendUint32(b, entry[1])
	}
	return append(b, 0, 0, 0, 0)
}

func TestEveryPrefixOfAPicture(t *testing.T) {
	for _, file := range seeds(t) {
		for n := range len(file) {
			checkDecode(t, file[:n])
		}
	}
}

func TestDecoderPanicsBecomeErrors(t *testing.T) {
	f := format{name: "test", config: func(io.Reader) (image.Config, error) { panic("index out of range") }}
	_, err := f.read(nil, 1)
	require.ErrorIs(t, err, ErrFormat)
	require.ErrorContains(t, err, "the test decoder failed: index out of range")
}

// Damaged Exif blocks change nothing.
func TestDamagedExif(t *testing.T) {
	for _, block := range []string{"", "II", "II*\x00\x08\x00\x00\x00", "II*\x00\xff\xff\xff\xff\x01\x00", "MM\x00*\x00\x00\x00\x08\xff\xff\x01\x12\x00\x03"} {
		require.Equal(t, 1, tiffOrientation([]byte(block)), "%q", block)
	}
	require.Equal(t, 6, tiffOrientation([]byte("MM\x00*\x00\x00\x00\x08\x00\x01\x01\x12\x00\x03\x00\x00\x00\x01\x00\x06\x00\x00")))
	for _, file := range []string{"\xff\xd8", "\xff\xd8\xff\xe1", "\xff\xd8\xff\xe1\x00\x00", "\xff\xd8\xff\xe1\xff\xffExif\x00\x00"} {
		require.Nil(t, exif([]byte(file)), "%q", file)
	}
}

// seeds reads the pictures of testdata and makes one of each format that can be written.
func seeds(t testing.TB) [][]byte {
	t.Helper()
	names, err := filepath.Glob("testdata/*.*")
	require.NoError(t, err)
	var files [][]byte
	for _, name := range names {
		if filepath.Ext(name) == ".py" {
			continue
		}
		b, err := os.ReadFile(name)
		require.NoError(t, err)
		files = append(files, b)
	}
	for ext := range encoders {
		var b bytes.Buffer
		require.NoError(t, Encode(&b, "x"+ext, scene(5, 4)))
		files = append(files, b.Bytes())
	}
	return files
}

// checkDecode makes sure that any bytes give a picture within the limit, or a typed error, within a second.
func checkDecode(t *testing.T, file []byte) {
	watchdog := time.AfterFunc(time.Second, func() { panic(fmt.Sprintf("decoding %q took more than a second", file)) })
	defer watchdog.Stop()
	img, err := Decode(bytes.NewReader(file), MaxPixels(1<<16))
	if err != nil {
		require.True(t, errors.Is(err, ErrFormat) || errors.Is(err, ErrUnsupported) || errors.Is(err, ErrLimit), "%v", err)
		return
	}
	size := img.Bounds().Size()
	require.True(t, size.X > 0 && size.Y > 0 && size.X*size.Y <= 1<<16, "%v", size)
}

// FuzzImageHeader: see checkDecode.
func FuzzImageHeader(f *testing.F) {
	for _, file := range seeds(f) {
		f.Add(file)
	}
	f.Add(pngHeader(1<<20, 1))
	f.Add(tiffHeader(16, 16))
	f.Fuzz(checkDecode)
}
