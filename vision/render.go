package vision

import (
	"image"
	"slices"
)

// As names a way to show a result.
type As string

// The ways to show a result.
const (
	AsAuto       As = "auto"       // what Guess says
	AsMask       As = "mask"       // black and white
	AsOverlay    As = "overlay"    // the picture under half-transparent colours
	AsCutout     As = "cutout"     // the picture's foreground on a transparent ground
	AsClasses    As = "classes"    // one colour per class
	AsImage      As = "image"      // the output is a picture
	AsHeatmap    As = "heatmap"    // smallest to largest number, viridis
	AsDepth      As = "depth"      // smallest to largest number, inferno
	AsUpscaled   As = "upscaled"   // the output is the picture's luminance, enlarged
	AsSideBySide As = "sidebyside" // the picture and what auto gives
)

// Ways lists every As.
func Ways() []As {
	return []As{AsAuto, AsMask, AsOverlay, AsCutout, AsClasses, AsImage, AsHeatmap, AsDepth, AsUpscaled, AsSideBySide}
}

// ParseAs checks the name of a way to show a result.
func ParseAs(name string) (As, error) {
	if as := As(name); slices.Contains(Ways(), as) {
		return as, nil
	}
	return "", errorf(ErrResult, "way to show it %q, want one of %q", name, Ways())
}

// Draw shows a result in a way named by a variable; the methods of the same names do it by code. AsAuto and
// AsSideBySide follow Guess.
func (r *Result) Draw(as As, s Style) (image.Image, error) {
	switch as {
	case AsMask:
		return r.Mask(s), nil
	case AsOverlay:
		return orError(r.Overlay(s))
	case AsCutout:
		return r.Cutout(s), nil
	case AsClasses:
		return orError(r.Classes(s))
	case AsImage:
		return r.Image()
	case AsHeatmap:
		return orError(r.Heatmap())
	case AsDepth:
		return orError(r.Depth())
	case AsUpscaled:
		return r.Upscaled()
	case AsAuto:
		return r.drawGuess(s)
	case AsSideBySide:
		return r.besidePicture(s)
	}
	return nil, errorf(ErrResult, "way to show it %q, want one of %q", as, Ways())
}

// drawGuess shows the result as Guess says.
func (r *Result) drawGuess(s Style) (image.Image, error) {
	g := r.Guess()
	s.Sigmoid = s.Sigmoid || g.Sigmoid
	return r.Draw(g.As, s)
}

// besidePicture shows the picture and the result.
func (r *Result) besidePicture(s Style) (image.Image, error) {
	img, err := r.drawGuess(s)
	if err != nil {
		return nil, err
	}
	return orError(SideBySide(r.m.picture, img))
}

// orError gives no picture, rather than a picture without value, together with an error.
func orError[T image.Image](img T, err error) (image.Image, error) {
	if err != nil {
		return nil, err
	}
	return img, nil
}
