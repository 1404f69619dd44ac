package onnx

import (
	"errors"
	"fmt"
	"io"

	"google.golang.org/protobuf/encoding/protowire"
)

// Extent is a range of bytes of a model's file.
type Extent struct{ Offset, Size int64 }

// leastLeft is the size in bytes from which the raw_data of an initializer is left in its file.
const leastLeft = 64 << 10

// A file is read whole where it has fewer bytes than leastFile, or where more than one in mostOutline of them would be
// copied anyway.
const (
	leastFile   = 1 << 20
	mostOutline = 4
)

// UnmarshalFile reads a ModelProto of size bytes, as Unmarshal does, but leaves large raw_data of initializers of the graph
// where it is: their RawData is nil, and Left says where the bytes are, little-endian and as many as type and shape say.
// Strings, booleans and types of less than a byte are read always. Offsets in errors are those of the file.
func UnmarshalFile(r io.ReaderAt, size int64) (*Model, error) {
	if size != int64(int(size)) {
		return nil, fmt.Errorf("%w: a file of %d bytes is more than can be addressed", ErrLimit, size)
	}
	if size >= leastFile {
		o := outliner{r: r, size: size}
		if err := o.model(); err == nil {
			if m, err := o.unmarshal(); err == nil {
				return m, nil
			}
		} else if !errors.Is(err, errNoOutline) {
			return nil, err
		}
	}
	// Something is unusual or wrong: Unmarshal tells what, and where in the file.
	data := make([]byte, size)
	if err := readFull(r, data, 0); err != nil {
		return nil, err
	}
	return Unmarshal(data)
}

// readFull fills dst from off on.
func readFull(r io.ReaderAt, dst []byte, off int64) error {
	n, err := r.ReadAt(dst, off)
	if n == len(dst) {
		return nil
	}
	if err == nil || err == io.EOF {
		err = io.ErrUnexpectedEOF
	}
	return err
}

// outliner copies a ModelProto without the data that stays in the file.
type outliner struct {
	r     io.ReaderAt
	size  int64
	ahead []byte // bytes of the file from at on
	at    int64

	out          []byte
	left         map[int]Extent // by number of the initializer
	initializers int
}

// errNoOutline marks a file that is read whole: it is malformed, or of a form that no exporter writes.
var errNoOutline = errors.New("no outline")

// outlined is a field of a message in the file.
type outlined struct {
	number     protowire.Number
	wire       protowire.Type
	begin      int64 // of the tag
	value, end int64
	varint     uint64
}

// unmarshal decodes the copy, and notes what it lacks.
func (o *outliner) unmarshal() (*Model, error) {
	m, err := Unmarshal(o.out)
	if err != nil {
		return nil, err
	}
	if len(m.Graph.Initializers) != o.initializers {
		return nil, errNoOutline
	}
	for i, extent := range o.left {
		t := m.Graph.Initializers[i]
		size, err := denseSize(t.DataType, t.Dims)
		if err != nil || size != extent.Size || !stays(t.DataType) || t.DataLocation != LocationDefault || t.RawData != nil || t.typedLen(dataTypes[t.DataType].data) > 0 ||
			t.checkSource() != nil {
			return nil, errNoOutline
		}
		t.Left = &extent
	}
	return m, nil
}

// stays tells whether elements of this type may stay in the file: any bits are elements.
func stays(dt DataType) bool { return dt != Bool && dt.Bits() >= 8 }

// model copies the model.
func (o *outliner) model() error {
	o.left = map[int]Extent{}
	return o.fields(0, o.size, func(f outlined) error {
		if f.number != modelGraph || f.wire != protowire.BytesType {
			return o.copy(&o.out, f.begin, f.end)
		}
		var graph []byte
		if err := o.graph(&graph, f); err != nil {
			return err
		}
		o.out = appendBlob(o.out, modelGraph, graph)
		return nil
	})
}

// graph copies the fields of a graph.
func (o *outliner) graph(dst *[]byte, f outlined) error {
	return o.fields(f.value, f.end, func(f outlined) error {
		if int64(len(*dst)) > o.size/mostOutline {
			return errNoOutline
		}
		if f.number != graphInitializer || f.wire != protowire.BytesType {
			return o.copy(dst, f.begin, f.end)
		}
		o.initializers++
		raw, err := o.rawData(f)
		if err != nil {
			return err
		}
		if raw == nil {
			return o.copy(dst, f.begin, f.end)
		}
		var tensor []byte
		if err := o.copy(&tensor, f.value, raw.begin); err != nil {
			return err
		}
		if err := o.copy(&tensor, raw.end, f.end); err != nil {
			return err
		}
		o.left[o.initializers-1] = Extent{raw.value, raw.end - raw.value}
		*dst = appendBlob(*dst, graphInitializer, tensor)
		return nil
	})
}

// rawData gives the raw_data of a tensor that is to stay in the file, or nil.
func (o *outliner) rawData(f outlined) (raw *outlined, err error) {
	if f.end-f.value < leastLeft {
		return nil, nil
	}
	count, dt := 0, Undefined
	err = o.fields(f.value, f.end, func(f outlined) error {
		switch f.number {
		case tensorDataType:
			dt = DataType(f.varint)
		case tensorRawData:
			raw = &f
			count++
		}
		return nil
	})
	if count != 1 || !stays(dt) || raw.wire != protowire.BytesType || raw.end-raw.value < leastLeft {
		raw = nil
	}
	return raw, err
}

// fields calls f for each field of a message from begin to end.
func (o *outliner) fields(begin, end int64, f func(outlined) error) error {
	for at := begin; at < end; {
		field, err := o.field(at, end)
		if err != nil {
			return err
		}
		if err := f(field); err != nil {
			return err
		}
		at = field.end
	}
	return nil
}

// field takes the field at a place apart.
func (o *outliner) field(at, end int64) (outlined, error) {
	const most = 2 * 10 // bytes of a tag and a length
	b, err := o.peek(at, min(most, end-at))
	if err != nil {
		return outlined{}, err
	}
	f := outlined{begin: at}
	var n, k int
	if f.number, f.wire, n = protowire.ConsumeTag(b); n < 0 {
		return f, errNoOutline
	}
	f.value = at + int64(n)
	switch f.wire {
	case protowire.VarintType:
		f.varint, k = protowire.ConsumeVarint(b[n:])
		f.end = f.value + int64(k)
	case protowire.BytesType:
		var size uint64
		size, k = protowire.ConsumeVarint(b[n:])
		f.value += int64(k)
		if k >= 0 && size > uint64(end-min(end, f.value)) {
			return f, errNoOutline
		}
		f.end = f.value + int64(size)
	case protowire.Fixed32Type:
		f.end = f.value + 4
	case protowire.Fixed64Type:
		f.end = f.value + 8
	default: // groups
		return f, errNoOutline
	}
	if k < 0 || f.end > end {
		return f, errNoOutline
	}
	return f, nil
}

// aheadBytes is how much is read at a time.
const aheadBytes = 16 << 10

// peek gives the n bytes at a place, at most aheadBytes.
func (o *outliner) peek(at, n int64) ([]byte, error) {
	if at < o.at || at+n > o.at+int64(len(o.ahead)) {
		if o.ahead == nil {
			o.ahead = make([]byte, aheadBytes)
		}
		o.ahead = o.ahead[:min(aheadBytes, o.size-at)]
		o.at = at
		if err := readFull(o.r, o.ahead, at); err != nil {
			o.ahead = o.ahead[:0]
			return nil, err
		}
	}
	return o.ahead[at-o.at:][:n], nil
}

// copy appends the bytes from begin to end to dst.
func (o *outliner) copy(dst *[]byte, begin, end int64) error {
	if end-begin > aheadBytes {
		n := len(*dst)
		*dst = append(*dst, make([]byte, end-begin)...)
		return readFull(o.r, (*dst)[n:], begin)
	}
	b, err := o.peek(begin, end-begin)
	*dst = append(*dst, b...)
	return err
}

// appendBlob appends a length-delimited field.
func appendBlob(dst []byte, number protowire.Number, value []byte) []byte {
	return protowire.AppendBytes(protowire.AppendTag(dst, number, protowire.BytesType), value)
}
