package ops

import (
	"math"

	"github.com/x448/float16"
)

// Float gives the value of a bfloat16.
func (b BF16) Float() float32 { return math.Float32frombits(uint32(b) << 16) }

// ToBF16 rounds to the nearest bfloat16, ties to even; NaN stays NaN.
func ToBF16(f float32) BF16 {
	u := math.Float32bits(f)
	if f != f {
		return BF16(u>>16 | 0x40)
	}
	return BF16((u + 0x7FFF + u>>16&1) >> 16)
}

// Widen gives a float16 or bfloat16 tensor as float32, which holds every such
// value; other tensors are given back as they are.
func Widen(t *Tensor) *Tensor {
	switch t.DType() {
	case Float16:
		return widen(Data[float16.Float16](t), t.Shape(), float16.Float16.Float32)
	case BFloat16:
		return widen(Data[BF16](t), t.Shape(), BF16.Float)
	}
	return t
}

func widen[T Element](src []T, shape Shape, f func(T) float32) *Tensor {
	out := NewTensor(Float32, shape)
	dst := Data[float32](out)
	for i, v := range src {
		dst[i] = f(v)
	}
	return out
}
