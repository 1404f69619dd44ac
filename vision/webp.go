package vision

import (
	"image"
	"io"

	"golang.org/x/image/webp"
)

// decodeWebP decodes a webp picture. Lossy ones hold luminance in 16..235 and colour differences in 16..240, as video
// does, while image.YCbCr means JPEG's full range: read as such, black would be (16, 16, 16).
func decodeWebP(r io.Reader) (image.Image, error) {
	img, err := webp.Decode(r)
	if err != nil {
		return nil, err
	}
	switch img := img.(type) {
	case *image.YCbCr:
		return fromVideo(img, func(x, y int) uint8 { return 255 }), nil
	case *image.NYCbCrA:
		return fromVideo(&img.YCbCr, func(x, y int) uint8 { return img.A[img.AOffset(x, y)] }), nil
	}
	return img, nil
}

// fromVideo converts a picture of video range.
func fromVideo(img *image.YCbCr, alpha func(x, y int) uint8) *image.NRGBA {
	out := image.NewNRGBA(img.Rect)
	for y := img.Rect.Min.Y; y < img.Rect.Max.Y; y++ {
		for x := img.Rect.Min.X; x < img.Rect.Max.X; x++ {
			c := img.COffset(x, y)
			p := out.Pix[out.PixOffset(x, y):]
			p[0], p[1], p[2] = videoRGB(img.Y[img.YOffset(x, y)], img.Cb[c], img.Cr[c])
			p[3] = alpha(x, y)
		}
	}
	return out
}

// videoRGB converts one pixel by BT.601 in video range with libwebp's integers: 6 bits of fraction, factors in 1/16384,
// the offsets 16 and 128 multiplied out, a half added.
func videoRGB(y, cb, cr uint8) (r, g, b uint8) {
	times := func(v uint8, factor int32) int32 { return int32(v) * factor >> 8 }
	clip := func(v int32) uint8 { return uint8(min(max(v>>6, 0), 255)) }
	light := times(y, 19077)
	return clip(light + times(cr, 26149) - 14234),
		clip(light - times(cb, 6419) - times(cr, 13320) + 8708),
		clip(light + times(cb, 33050) - 17685)
}
