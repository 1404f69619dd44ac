package vision

import "fmt"

// Guess is what an output seems to be.
type Guess struct {
	As      As
	Sigmoid bool   // the numbers look like logits: set Style.Sigmoid
	Reason  string // what was seen, for a message
}

// Guess decides how to show a result, by its number of channels, its size next to the input's and its numbers.
func (r *Result) Guess() Guess {
	switch n := len(r.planes); {
	case r.integer && n == 1:
		return r.guessLabels()
	case n == 1:
		return r.guessOne()
	case n == 3 && r.covers():
		return r.guess(AsImage, "as large as the input or larger: a picture%s", r.misfit())
	}
	return r.guess(AsClasses, "one per class")
}

// misfit says where the numbers of a picture tell that the network works on another range than the preset: style
// transfer mostly takes and gives 0..255.
func (r *Result) misfit() string {
	factor, offset := r.m.preset.inverse(0)
	low, high := r.limits()
	const whites = 4 // no overshoot goes that far
	switch {
	case r.integer:
	case high*factor+offset > whites*255:
		return fmt.Sprintf(", though numbers of %.3g to %.3g are far beyond white with preset %s; raw255 is for networks of 0..255", low, high, r.m.preset.Name)
	case factor == 1 && offset == 0 && high > 0 && high <= 2:
		return fmt.Sprintf(", though numbers of %.3g to %.3g are nearly black with preset %s; unit is for networks of 0..1", low, high, r.m.preset.Name)
	}
	return ""
}

// guessLabels decides for one channel of whole numbers: a mask if there are no others than 0 and 1.
func (r *Result) guessLabels() Guess {
	if low, high := r.limits(); low >= 0 && high <= 1 {
		return r.guess(AsMask, "0 and 1 only")
	}
	return r.guess(AsClasses, "whole numbers: labels")
}

// guessOne decides for one channel: enlarged luminance, mask, logits of a mask, or something else with values.
func (r *Result) guessOne() Guess {
	sx, sy := r.m.scale(r.Size())
	if sx > 1 && sy > 1 && r.m.preset.Channels() == 1 {
		return r.guess(AsUpscaled, "%.4g times the input, which is luminance: super-resolution", sx)
	}
	low, high := r.limits()
	const slack = 0.05 // networks overshoot
	switch {
	case low >= -slack && high <= 1+slack:
		return r.guess(AsMask, "numbers of 0 to 1: probabilities")
	case low < 0 && high > 0:
		g := r.guess(AsMask, "numbers of %.3g to %.3g: logits, sigmoid applied", low, high)
		g.Sigmoid = true
		return g
	}
	return r.guess(AsHeatmap, "numbers of %.3g to %.3g: neither probabilities nor logits", low, high)
}

// covers tells whether the output is as large as the input or larger.
func (r *Result) covers() bool {
	sx, sy := r.m.scale(r.Size())
	return sx >= 1 && sy >= 1
}

// guess makes a Guess whose reason starts with the channels and the size.
func (r *Result) guess(as As, format string, args ...any) Guess {
	w, h := r.Size()
	plural := "s"
	if len(r.planes) == 1 {
		plural = ""
	}
	seen := fmt.Sprintf("%d channel%s of %d x %d pixels", len(r.planes), plural, w, h)
	return Guess{As: as, Reason: seen + ", " + fmt.Sprintf(format, args...)}
}
