package vision

import (
	"image"

	"golang.org/x/image/draw"
)

// opaque gives a picture over white as RGBA from (0, 0): what is transparent has no colour that a network could be
// asked about, and paper is white. It gives img itself where that already is such a picture.
func opaque(img image.Image) *image.RGBA {
	if rgba, ok := img.(*image.RGBA); ok && rgba.Rect.Min == (image.Point{}) && rgba.Opaque() {
		return rgba
	}
	out := image.NewRGBA(image.Rectangle{Max: img.Bounds().Size()})
	draw.Draw(out, out.Rect, image.White, image.Point{}, draw.Src)
	draw.Draw(out, out.Rect, img, img.Bounds().Min, draw.Over)
	return out
}

// A component turns one opaque pixel into one number in 0..255.
type component func(r, g, b uint8) float32

// red, green and blue are the colours themselves.
func red(r, g, b uint8) float32   { return float32(r) }
func green(r, g, b uint8) float32 { return float32(g) }
func blue(r, g, b uint8) float32  { return float32(b) }

// gray is luminance in whole steps of 1/255, as PIL's convert("L") and Go's color.GrayModel give it.
func gray(r, g, b uint8) float32 {
	return float32((19595*uint32(r) + 38470*uint32(g) + 7471*uint32(b) + 1<<15) >> 16)
}

// luma, blueness and redness are Y, Cb and Cr of BT.601 in full range, as in JPEG, without rounding. The conversions
// keep a compiler from fusing products and sums, which would change last bits from machine to machine.
func luma(r, g, b uint8) float32 {
	return weigh(0, 0.299, 0.587, 0.114, r, g, b)
}
func blueness(r, g, b uint8) float32 {
	return weigh(128, -0.168736, -0.331264, 0.5, r, g, b)
}
func redness(r, g, b uint8) float32 {
	return weigh(128, 0.5, -0.418688, -0.081312, r, g, b)
}

// weigh gives start + wr r + wg g + wb b.
func weigh(start, wr, wg, wb float32, r, g, b uint8) float32 {
	return start + float32(wr*float32(r)) + float32(wg*float32(g)) + float32(wb*float32(b))
}

// fromYCbCr is the inverse of luma, blueness and redness, rounded and clamped to 8 bits.
func fromYCbCr(y, cb, cr float32) (r, g, b uint8) {
	cb, cr = cb-128, cr-128
	return toByte(y + float32(1.402*cr)),
		toByte(y - float32(0.344136*cb) - float32(0.714136*cr)),
		toByte(y + float32(1.772*cb))
}

// toByte rounds to the nearest of 0..255. NaN gives 0.
func toByte(v float32) uint8 {
	if !(v > 0) {
		return 0
	}
	if v >= 255 {
		return 255
	}
	return uint8(v + 0.5)
}

// channel is one component of a part of a picture, row by row.
func channel(pic *image.RGBA, part image.Rectangle, c component) source2D {
	return source2D{w: part.Dx(), h: part.Dy(), row: func(y int, dst []float32) {
		pix := pic.Pix[pic.PixOffset(part.Min.X, part.Min.Y+y):]
		for x := range dst {
			p := pix[4*x : 4*x+3]
			dst[x] = c(p[0], p[1], p[2])
		}
	}}
}
