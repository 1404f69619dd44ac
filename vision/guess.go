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
		return r.guess(AsImage, "as large as the input or larger: a picture")
	}
	return r.guess(AsClasses, "one per class")
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
