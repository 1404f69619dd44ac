// Package onnx reads and writes the ONNX file format: bytes to plain structs and back, the elements of tensors,
// and external data. It knows nothing of what operators mean.
//
// [Unmarshal] reads a ModelProto; [UnmarshalTensor], [UnmarshalSequence], [UnmarshalOptional] and [UnmarshalType] read
// the messages that stand alone in test data. There is one struct per message, one file each, and its field names are
// those of onnx.proto in Go's spelling.
//
// # How a message is read
//
// The rules are protobuf's: fields come in any order, the last of several scalars wins, a singular message that is given
// several times is merged, repeated scalars may be packed or not, unknown fields are skipped. The reader is stricter
// than protobuf in three places, because a part that is silently left out would change what a model computes: a known
// field with the wrong wire type, a group, and an attribute whose value is not of its type are errors.
//
// What does not change a model's results is skipped, and so lost when a model is written again: training_info,
// quantization_annotation, device configurations, metadata_props of anything but a model or graph, doc strings of
// attributes.
//
// # Hostile input
//
// Reading allocates at most 3 x the bytes given + 16 MiB, whatever the bytes are: no length is believed before the bytes
// are there, and every allocation is charged against that budget. Messages nest at most [MaxDepth] deep and hold at
// most [MaxNodes] nodes. Errors are a [*ParseError] that wraps [ErrMalformed] or [ErrLimit].
//
// Format: https://github.com/onnx/onnx/blob/main/onnx/onnx.proto and onnx-data.proto, as of ONNX 1.22 (IR version 13).
package onnx
