package vision_test

import (
	"fmt"
	"image"
	"image/color"

	"github.com/tconv/tconv/vision"
)

// A picture becomes a tensor, and a result comes back as large as the picture.
func ExamplePreset_Tensor() {
	photo := image.NewGray(image.Rect(0, 0, 600, 400))
	photo.Set(300, 200, color.White)

	preset := vision.ImageNet()
	preset.Size, preset.Fit = [2]int{256, 256}, vision.Letterbox
	x, back, err := preset.Tensor(photo)
	if err != nil {
		panic(err)
	}
	fmt.Println(x)

	out := x // a network would run here
	result, err := back.Result(out)
	if err != nil {
		panic(err)
	}
	fmt.Println(result.Guess().Reason)
	img, err := result.Image()
	if err != nil {
		panic(err)
	}
	fmt.Println(img.Bounds().Size())
	// Output:
	// tensor(float)[1, 3, 256, 256]
	// 3 channels of 256 x 256 pixels, as large as the input or larger: a picture
	// (600,400)
}

// A preset for a model that takes other numbers.
func ExampleParsePreset() {
	preset, err := vision.ParsePreset("mine.json", []byte(`{"size": [512, 512], "colour": "BGR", "scale": 1, "mean": [104, 117, 123]}`))
	fmt.Println(preset.Colour, preset.Layout, err)
	_, err = vision.ParsePreset("mine.json", []byte(`{"layout": "HWC"}`))
	fmt.Println(err)
	// Output:
	// BGR NCHW <nil>
	// vision: preset: mine.json: layout "HWC", want one of ["NCHW" "NHWC"]
}

// A model's input decides the layout, the size and the channels.
func ExamplePreset_For() {
	preset, err := vision.Unit().For([]int{1, 1, -1, -1})
	fmt.Println(preset.Colour, preset.Layout, err)
	_, err = vision.GrayUnit().For([]int{1, 3, 224, 224})
	fmt.Println(err)
	// Output:
	// Y NCHW <nil>
	// vision: preset: gray: colour gray gives C = 1, the model's input has C = 3
}
