package vision

import (
	"image"
	"math"

	"golang.org/x/image/draw"
)

// sideGap is the white space between pictures in pixels.
const sideGap = 8

// SideBySide draws pictures in a row, all as high as the highest, over white.
func SideBySide(pictures ...image.Image) (*image.RGBA, error) {
	height, width := 0, -sideGap
	for _, p := range pictures {
		height = max(height, p.Bounds().Dy())
	}
	widths := make([]int, len(pictures))
	for i, p := range pictures {
		size := p.Bounds().Size()
		if size.X <= 0 || size.Y <= 0 {
			return nil, errorf(ErrResult, "an empty picture")
		}
		scaled := math.Round(float64(size.X) * float64(height) / float64(size.Y))
		if scaled > maxResultPixels {
			return nil, errorf(ErrLimit, "pictures side by side of %.0f pixels' width", scaled)
		}
		widths[i] = max(int(scaled), 1)
		width += widths[i] + sideGap
	}
	if len(pictures) == 0 || int64(width)*int64(height) > maxResultPixels {
		return nil, errorf(ErrLimit, "%d pictures side by side of %d x %d pixels, want at most %d in all", len(pictures), width, height, maxResultPixels)
	}
	return drawRow(image.Pt(width, height), widths, pictures), nil
}

// drawRow draws pictures of the given widths into one of the given size.
func drawRow(size image.Point, widths []int, pictures []image.Image) *image.RGBA {
	row := image.NewRGBA(image.Rectangle{Max: size})
	draw.Draw(row, row.Rect, image.White, image.Point{}, draw.Src)
	x := 0
	for i, p := range pictures {
		to := image.Rect(x, 0, x+widths[i], size.Y)
		if to.Size() == p.Bounds().Size() {
			draw.Draw(row, to, p, p.Bounds().Min, draw.Over)
		} else {
			draw.CatmullRom.Scale(row, to, p, p.Bounds(), draw.Over, nil)
		}
		x = to.Max.X + sideGap
	}
	return row
}
