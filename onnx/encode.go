package onnx

import (
	"math"
	"slices"

	"google.golang.org/protobuf/encoding/protowire"
)

// encoder appends the fields of a message to b.
type encoder struct {
	b []byte
}

// encodable is a struct that can be written as a message.
type encodable interface {
	encode(e *encoder)
}

// int64 writes a varint, also if it is zero.
func (e *encoder) int64(n protowire.Number, v int64) {
	e.b = protowire.AppendTag(e.b, n, protowire.VarintType)
	e.b = protowire.AppendVarint(e.b, uint64(v))
}

// nonzero writes a varint unless it is zero, which is what absence means.
func (e *encoder) nonzero(n protowire.Number, v int64) {
	if v != 0 {
		e.int64(n, v)
	}
}

// float writes a fixed32, also if it is zero.
func (e *encoder) float(n protowire.Number, v float32) {
	e.b = protowire.AppendTag(e.b, n, protowire.Fixed32Type)
	e.b = protowire.AppendFixed32(e.b, math.Float32bits(v))
}

// string writes a string unless it is empty, which is what absence means.
func (e *encoder) string(n protowire.Number, s string) {
	if s != "" {
		e.strings(n, s)
	}
}

// strings writes a repeated string.
func (e *encoder) strings(n protowire.Number, list ...string) {
	for _, s := range list {
		e.b = protowire.AppendTag(e.b, n, protowire.BytesType)
		e.b = protowire.AppendString(e.b, s)
	}
}

// bytes writes a repeated byte string.
func (e *encoder) bytes(n protowire.Number, list ...[]byte) {
	for _, v := range list {
		e.b = protowire.AppendTag(e.b, n, protowire.BytesType)
		e.b = protowire.AppendBytes(e.b, v)
	}
}

// message writes a message. Its length is put in front when it is known.
func (e *encoder) message(n protowire.Number, v encodable) {
	e.nested(n, v.encode)
}

func (e *encoder) nested(n protowire.Number, encode func(*encoder)) {
	e.b = protowire.AppendTag(e.b, n, protowire.BytesType)
	start := len(e.b)
	encode(e)
	var length [maxVarint]byte
	e.b = slices.Insert(e.b, start, protowire.AppendVarint(length[:0], uint64(len(e.b)-start))...)
}

// maxVarint is the length of the longest varint.
const maxVarint = 10

// messages writes a repeated message.
func messages[T encodable](e *encoder, n protowire.Number, list []T) {
	for _, v := range list {
		e.message(n, v)
	}
}

// values writes a repeated message that is kept by value.
func values[T any, P interface {
	*T
	encodable
}](e *encoder, n protowire.Number, list []T) {
	for i := range list {
		e.message(n, P(&list[i]))
	}
}

// optional writes a message unless it is absent.
func optional[T any, P interface {
	*T
	encodable
}](e *encoder, n protowire.Number, v P) {
	if v != nil {
		e.message(n, v)
	}
}

// int64s writes a repeated int64 that onnx.proto does not declare packed.
func (e *encoder) int64s(n protowire.Number, list []int64) {
	for _, v := range list {
		e.int64(n, v)
	}
}

// floats writes a repeated float that onnx.proto does not declare packed.
func (e *encoder) floats(n protowire.Number, list []float32) {
	for _, v := range list {
		e.float(n, v)
	}
}

// packed writes a repeated scalar that onnx.proto declares packed.
func packed[T any](e *encoder, n protowire.Number, list []T, appendValue func([]byte, T) []byte) {
	if len(list) == 0 {
		return
	}
	e.nested(n, func(e *encoder) {
		for _, v := range list {
			e.b = appendValue(e.b, v)
		}
	})
}

func appendFloat(b []byte, v float32) []byte  { return protowire.AppendFixed32(b, math.Float32bits(v)) }
func appendDouble(b []byte, v float64) []byte { return protowire.AppendFixed64(b, math.Float64bits(v)) }
func appendInt32(b []byte, v int32) []byte    { return protowire.AppendVarint(b, uint64(int64(v))) }
func appendInt64(b []byte, v int64) []byte    { return protowire.AppendVarint(b, uint64(v)) }
