package onnxgo_test

import (
	"fmt"
	"log"
	"os"

	"github.com/owulveryck/onnx-go"
	"gorgonia.org/tensor"

	"github.com/tconv/tconv/backend/onnxgo"
)

// A program that used gorgonnx changes the two lines that are marked.
func Example() {
	backend := onnxgo.NewGraph() // was: gorgonnx.NewGraph()
	model := onnx.NewModel(backend)
	b, err := os.ReadFile("../../models/espcn_x2/espcn_x2.onnx")
	if err != nil {
		log.Fatal(err)
	}
	if err := backend.Unmarshal(model, b); err != nil { // was: model.UnmarshalBinary(b)
		log.Fatal(err)
	}
	input := tensor.New(tensor.WithShape(1, 1, 24, 32), tensor.Of(tensor.Float32))
	if err := model.SetInput(0, input); err != nil {
		log.Fatal(err)
	}
	if err := backend.Run(); err != nil {
		log.Fatal(err)
	}
	output, err := model.GetOutputTensors()
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(output[0].Shape())
	// Output: (1, 1, 48, 64)
}
