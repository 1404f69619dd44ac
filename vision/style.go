package vision

// Style says how results are drawn.
type Style struct {
	Threshold float32 // from here on a pixel belongs to the mask
	Sigmoid   bool    // the network gives logits: 1 / (1 + exp(-x)) makes them probabilities before anything else
	Alpha     float64 // how much of an overlay covers the picture, 0 to 1
	Palette   Palette // colours of classes; class 1's is that of a mask
}

// DefaultStyle is a threshold of 0.5, half-transparent overlays and the colours of PASCAL VOC.
func DefaultStyle() Style {
	return Style{Threshold: 0.5, Alpha: 0.5, Palette: VOC()}
}
