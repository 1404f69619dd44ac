// Package models holds the models that tconv-run demo runs, their pictures and onnxruntime's results.
//
// Both models were trained for this project; README.md says from which data, how, and how good they are. Everything is
// embedded: importing this package adds about a megabyte to a program, and the tconv package itself does not import it.
package models

import "embed"

// FS holds every file that [Demos] names.
//
//go:embed espcn_x2/*.onnx espcn_x2/*.npz espcn_x2/*.png
//go:embed unet_coins/*.onnx unet_coins/*.npz unet_coins/*.png
var FS embed.FS

// Demo is one embedded model with a picture to run it on. Model, Picture and Reference are paths in [FS].
type Demo struct {
	Name string // short, a valid file name
	What string // one line for the user: what goes in, what comes out

	// Model is an ONNX file with one input, input, and one output, output: float32 [N, 1, H, W], luminance in 0..1.
	// N, H and W are free; H and W must be multiples of Multiple.
	Model    string
	Multiple int

	// Picture is a PNG photograph that the model was not trained on.
	Picture string

	// Reference is an npz file with an input (in:input) and what onnxruntime 1.30 makes of it (out:output).
	Reference string
}

// Demos returns the embedded models in the order in which a user should meet them.
func Demos() []Demo {
	return []Demo{
		{
			Name:      "espcn_x2",
			What:      "super-resolution: a picture in, the same picture twice as large out",
			Model:     "espcn_x2/espcn_x2.onnx",
			Multiple:  1,
			Picture:   "espcn_x2/chelsea_half.png",
			Reference: "espcn_x2/espcn_x2.npz",
		},
		{
			Name:      "unet_coins",
			What:      "segmentation: a photograph of coins in, the probability of coin for every pixel out",
			Model:     "unet_coins/unet_coins.onnx",
			Multiple:  8,
			Picture:   "unet_coins/coins_upper.png",
			Reference: "unet_coins/unet_coins.npz",
		},
	}
}
