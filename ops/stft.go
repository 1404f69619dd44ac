package ops

import "fmt"

// STFT: the Fourier transforms of overlapping frames of signals.
//
//	signal: T [B, L, 1] or [B, L] of real numbers, [B, L, 2] of complex ones.
//	frame_step: int32 or int64, one element, 1 or more.
//	window?: T [N], ones when absent. frame_length?: int32 or int64, one element: N,
//	the length of window, or L, when absent.
//	output: T [B, F, K, 2] with F = (L - N)/frame_step + 1 frames and K = N/2 + 1 with
//	onesided (default), else K = N,
//
//	output[b, f, k] = Σ over j < N of e^(-2πi·jk/N) · window[j] · signal[b, f·frame_step + j]
//
//	T: float, double. Sums are in double.
//
// https://onnx.ai/onnx/operators/onnx__STFT.html (version 17).
type stft struct{ oneSided bool }

func init() {
	Register(Def{
		Name: "STFT", Since: 17, Inputs: []string{"signal", "frame_step", "window?", "frame_length?"}, Outputs: []string{"output"},
		New: func(n *Node) (Op, error) { return &stft{n.Bool("onesided", true)}, n.Err() },
	})
}

// stftPlan is an STFT of known lengths.
type stftPlan struct {
	batch, count, parts int // of the signals
	step, length        int
	frames, bins        int
}

// plan reads the inputs; it is nil when they are not known yet.
func (o *stft) plan(in []Spec) (*stftPlan, error) {
	signal, window := in[0].Shape, input(in, 2)
	p := &stftPlan{parts: 1}
	if len(signal) == 3 {
		p.parts = signal[2]
	}
	if len(signal) != 2 && len(signal) != 3 || p.parts != 1 && p.parts != 2 {
		return nil, fmt.Errorf("signal has shape %v, want [B, L, 1] or [B, L, 2]", signal)
	}
	p.batch, p.count = signal[0], signal[1]
	step, stepKnown, err := intParameter("frame_step", in, 1)
	if err != nil {
		return nil, err
	}
	length, lengthKnown, err := intParameter("frame_length", in, 3)
	if err != nil || !stepKnown || !lengthKnown {
		return nil, err
	}
	if len(step) != 1 || step[0] < 1 {
		return nil, fmt.Errorf("frame_step is %v, want one number, 1 or more", step)
	}
	p.step, p.length = step[0], p.count
	if !window.Omitted() {
		if len(window.Shape) != 1 {
			return nil, fmt.Errorf("window has shape %v, want rank 1", window.Shape)
		}
		p.length = window.Shape[0]
	}
	if length != nil {
		if len(length) != 1 || !window.Omitted() && length[0] != p.length {
			return nil, fmt.Errorf("frame_length is %v, want one number, the length of window", length)
		}
		p.length = length[0]
	}
	if most := min(p.count, mostFourier); p.length < 1 || p.length > most {
		return nil, fmt.Errorf("a frame has the length %d, want 1 to %d", p.length, most)
	}
	p.frames, p.bins = (p.count-p.length)/p.step+1, p.length
	if o.oneSided {
		p.bins = p.length/2 + 1
	}
	return p, nil
}

// Infer gives the output its shape, if the parameters are known.
func (o *stft) Infer(in []Spec) ([]Spec, error) {
	if err := wantType("signal", in[0], Float32, Float64); err != nil {
		return nil, err
	}
	if window := input(in, 2); !window.Omitted() {
		if err := wantSameType("signal", in[0], "window", window); err != nil {
			return nil, err
		}
	}
	p, err := o.plan(in)
	if err != nil {
		return nil, err
	}
	if p == nil {
		return unknownShape(in[0].DType)
	}
	return one(in[0].DType, Shape{p.batch, p.frames, p.bins, 2})
}

// Run transforms frame by frame.
func (o *stft) Run(c *Call, in, out []*Tensor) error {
	p, err := o.plan(specsOf(in))
	if err != nil {
		return err
	}
	if out[0] == nil {
		if out[0], err = c.New(in[0].dtype, Shape{p.batch, p.frames, p.bins, 2}); err != nil {
			return err
		}
	}
	if out[0].Len() == 0 {
		return nil
	}
	f, err := newFourier(c, p.length)
	if err != nil {
		return err
	}
	if in[0].dtype == Float32 {
		runSTFT[float32](c, p, f, in, out[0])
	} else {
		runSTFT[float64](c, p, f, in, out[0])
	}
	return nil
}

func runSTFT[T Float](c *Call, p *stftPlan, f *fourier, in []*Tensor, out *Tensor) {
	xs, ys, ws := Data[T](in[0]), Data[T](out), []T(nil)
	if window := tensorAt(in, 2); window != nil {
		ws = Data[T](window)
	}
	c.Parallel(p.batch*p.frames, f.cost(), func(lo, hi int) {
		frame, scratch := make([]complex128, p.length), make([]complex128, f.room())
		for ; lo < hi; lo++ {
			x := xs[(lo/p.frames*p.count+lo%p.frames*p.step)*p.parts:]
			for k := range frame {
				v := complex(float64(x[k*p.parts]), 0)
				if p.parts == 2 {
					v += complex(0, float64(x[k*2+1]))
				}
				if ws != nil {
					v *= complex(float64(ws[k]), 0)
				}
				frame[k] = v
			}
			f.transform(c, frame, scratch)
			for k, v := range frame[:p.bins] {
				at := (lo*p.bins + k) * 2
				ys[at], ys[at+1] = T(real(v)), T(imag(v))
			}
		}
	})
}
