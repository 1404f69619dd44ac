package tconv_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"os"
	"time"

	"github.com/tconv/tconv"
)

// gradient makes the pixels of a small test picture.
func gradient(channels, height, width int) []float32 {
	pixels := make([]float32, channels*height*width)
	for i := range pixels {
		pixels[i] = float32(i%width) / float32(width)
	}
	return pixels
}

// A whole program: open a model, give it a tensor, read the result.
func Example() {
	run := func(ctx context.Context, pixels []float32) ([]float32, error) {
		m, err := tconv.Open("testdata/architectures/unet_deconv.onnx", tconv.WithThreads(4))
		if err != nil {
			return nil, err
		}
		defer m.Close()
		x, err := tconv.Wrap(pixels, 1, 1, 64, 64) // []float32, not copied
		if err != nil {
			return nil, err
		}
		out, err := m.Run(ctx, tconv.Tensors{"input": x}) // from any goroutine
		if err != nil {
			return nil, err
		}
		return tconv.Data[float32](out["output"])
	}
	scores, err := run(context.Background(), gradient(1, 64, 64))
	fmt.Println(len(scores), err) // two classes
	// Output: 8192 <nil>
}

func ExampleOpen() {
	m, err := tconv.Open("testdata/architectures/unet_dynamic_sizes.onnx")
	if err != nil {
		log.Fatal(err)
	}
	defer m.Close()
	for _, in := range m.Inputs() {
		fmt.Println("in ", in.Name, in)
	}
	for _, out := range m.Outputs() {
		fmt.Println("out", out.Name, out)
	}
	// Output:
	// in  input float[n, 1, h, w]
	// out output float[n, 2, h, w]
}

// A file that is no model, or a model with operators that tconv does not have, is
// an error of Open, never of a run.
func ExampleOpen_errors() {
	_, err := tconv.Open("testdata/architectures/README.md")
	fmt.Println(errors.Is(err, tconv.ErrInvalidModel))
	_, err = tconv.Open("testdata/architectures/missing.onnx")
	fmt.Println(err, errors.Is(err, os.ErrNotExist))
	// Output:
	// true
	// testdata/architectures/missing.onnx: no such file or directory true
}

// OpenFS reads from an embed.FS, a zip.Reader or any other file system.
func ExampleOpenFS() {
	m, err := tconv.OpenFS(os.DirFS("testdata"), "architectures/espcn_x3.onnx")
	if err != nil {
		log.Fatal(err)
	}
	defer m.Close()
	fmt.Println("opset", m.Metadata().Opsets[""])
	// Output: opset 13
}

func ExampleLoad() {
	data, err := os.ReadFile("testdata/architectures/sobel_pair.onnx")
	if err != nil {
		log.Fatal(err)
	}
	m, err := tconv.Load(data) // data must not change while m is in use
	if err != nil {
		log.Fatal(err)
	}
	defer m.Close()
	for i, n := range m.Nodes() {
		fmt.Println(i, n.Op)
	}
	// Output:
	// 0 Conv-1
	// 1 Abs-6
	// 2 ReduceSum-1
	// 3 ConvTranspose-1
}

// Every error of an unsupported model lists all its operators that tconv cannot run.
func ExampleUnsupportedError() {
	data := newModel().input("x", tconv.Float32, 1, 8).
		node("a", "Frobnicate", "x").node("b", "Frobnicate", "a").node("y", "Quux", "b").output("y").bytes()
	_, err := tconv.Load(data)
	var unsupported *tconv.UnsupportedError
	if errors.As(err, &unsupported) {
		for _, op := range unsupported.Ops {
			fmt.Println(op.Op, op.Count, op.Nodes, op.Reason)
		}
	}
	// Output:
	// Frobnicate-20 2 [make_a make_b] not implemented
	// Quux-20 1 [make_y] not implemented
}

func ExampleModel_Run() {
	m, err := tconv.Open("testdata/architectures/espcn_x3.onnx")
	if err != nil {
		log.Fatal(err)
	}
	defer m.Close()
	x, err := tconv.Wrap(gradient(1, 20, 30), 1, 1, 20, 30)
	if err != nil {
		log.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	out, err := m.Run(ctx, tconv.Tensors{"input": x})
	if err != nil {
		log.Fatal(err)
	}
	for name, t := range out {
		fmt.Println(name, t)
	}
	// Output: output tensor(float)[1, 1, 60, 90]
}

// An input of the wrong shape is an error that says what the model takes.
func ExampleShapeError() {
	m, err := tconv.Open("testdata/architectures/unet_deconv.onnx")
	if err != nil {
		log.Fatal(err)
	}
	defer m.Close()
	x, _ := tconv.Wrap(gradient(3, 64, 64), 1, 3, 64, 64)
	_, err = m.Run(context.Background(), tconv.Tensors{"input": x})
	var shape *tconv.ShapeError
	if errors.As(err, &shape) {
		fmt.Println(shape)
	}
	// Output: input "input" is tensor(float)[1, 3, 64, 64], want tensor(float)[batch, 1, height, width]
}

// A session keeps its memory, so that a loop over frames allocates nothing that
// grows with them.
func ExampleSession_RunInto() {
	m, err := tconv.Open("testdata/architectures/fast_style.onnx")
	if err != nil {
		log.Fatal(err)
	}
	defer m.Close()
	s := m.NewSession()
	defer s.Close()

	frame := gradient(3, 32, 32)
	x, err := tconv.Wrap(frame, 1, 3, 32, 32)
	if err != nil {
		log.Fatal(err)
	}
	in := tconv.Tensors{"input": x}
	out := tconv.Tensors{"output": {}} // the first run gives it memory
	for i := range 3 {
		frame[0] = float32(i) // the next frame, in the same memory
		if err := s.RunInto(context.Background(), in, out); err != nil {
			log.Fatal(err)
		}
		fmt.Println(i, out["output"])
	}
	// Output:
	// 0 tensor(float)[1, 3, 32, 32]
	// 1 tensor(float)[1, 3, 32, 32]
	// 2 tensor(float)[1, 3, 32, 32]
}

// Wrap and Data do not copy: a tensor and a slice share memory.
func ExampleWrap() {
	pixels := []uint8{1, 2, 3, 4, 5, 6}
	t, err := tconv.Wrap(pixels, 2, 3)
	if err != nil {
		log.Fatal(err)
	}
	pixels[0] = 100
	data, err := tconv.Data[uint8](t)
	fmt.Println(t, data, err)

	_, err = tconv.Wrap(pixels, 2, 4)
	fmt.Println(err)
	// Output:
	// tensor(uint8)[2, 3] [100 2 3 4 5 6] <nil>
	// invalid input: 6 elements for shape [2, 4], want 8
}

// Data gives an error when the tensor holds other elements than are asked for.
func ExampleData() {
	t, err := tconv.Wrap([]int64{1, 2, 3}, 3)
	if err != nil {
		log.Fatal(err)
	}
	_, err = tconv.Data[float32](t)
	fmt.Println(err)
	values, err := t.Float64s() // of any number type, for looking at
	fmt.Println(values, err)
	// Output:
	// invalid input: the tensor is tensor(int64)[3], want tensor(float)
	// [1 2 3] <nil>
}

// WithDim gives an open dimension a value, so that all shapes are known at load.
func ExampleWithDim() {
	const path = "testdata/architectures/unet_dynamic_sizes.onnx"
	for _, opts := range [][]tconv.Option{nil, {tconv.WithDim("h", 64), tconv.WithDim("w", 48)}} {
		m, err := tconv.Open(path, opts...)
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(m.Inputs()[0])
		m.Close()
	}
	// Output:
	// float[n, 1, h, w]
	// float[n, 1, 64, 48]
}

// Plan tells what a run will need before it runs.
func ExampleModel_Plan() {
	m, err := tconv.Open("testdata/architectures/unet_dynamic_sizes.onnx")
	if err != nil {
		log.Fatal(err)
	}
	defer m.Close()
	for _, size := range []int{64, 128} {
		plan, err := m.Plan(map[string][]int{"input": {1, 1, size, size}})
		if err != nil {
			log.Fatal(err)
		}
		fmt.Printf("%d: %d multiply-adds, %d bytes of outputs\n", size, plan.MACs, plan.OutputBytes)
	}
	// Output:
	// 64: 6340608 multiply-adds, 32768 bytes of outputs
	// 128: 25362432 multiply-adds, 131072 bytes of outputs
}

// WithMemoryLimit bounds what a model that is not trusted can take.
func ExampleWithMemoryLimit() {
	m, err := tconv.Open("testdata/architectures/unet_dynamic_sizes.onnx", tconv.WithMemoryLimit(1<<20))
	if err != nil {
		log.Fatal(err)
	}
	defer m.Close()
	x, _ := tconv.Wrap(gradient(1, 512, 512), 1, 1, 512, 512)
	_, err = m.Run(context.Background(), tconv.Tensors{"input": x})
	fmt.Println(errors.Is(err, tconv.ErrLimit))
	// Output: true
}

// WithKeep makes values inside a model outputs.
func ExampleWithKeep() {
	m, err := tconv.Open("testdata/architectures/sobel_pair.onnx", tconv.WithKeep("*"))
	if err != nil {
		log.Fatal(err)
	}
	defer m.Close()
	fmt.Println(len(m.Outputs()) > 2)
	// Output: true
}

func ExampleWithProgress() {
	m, err := tconv.Open("testdata/architectures/sobel_pair.onnx",
		tconv.WithProgress(func(done, total int) {
			if done == total { // called after each step, from the goroutine of the run
				fmt.Println("done")
			}
		}))
	if err != nil {
		log.Fatal(err)
	}
	defer m.Close()
	in := tconv.Tensors{}
	for _, i := range m.Inputs() {
		in[i.Name] = wave(i.Shape...)
	}
	if _, err := m.Run(context.Background(), in); err != nil {
		log.Fatal(err)
	}
	// Output: done
}

// A TensorProto is the input_0.pb of ONNX test data.
func ExampleUnmarshalTensor() {
	t, _ := tconv.Wrap([]float32{1, 2}, 2)
	data, err := tconv.MarshalTensor(t, "x")
	if err != nil {
		log.Fatal(err)
	}
	again, name, err := tconv.UnmarshalTensor(data)
	fmt.Println(name, again, err)
	// Output: x tensor(float)[2] <nil>
}
