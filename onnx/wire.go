package onnx

import (
	"errors"
	"fmt"
	"io"
	"strings"

	"google.golang.org/protobuf/encoding/protowire"
)

// decoder is what all messages of one call to Unmarshal share.
type decoder struct {
	budget budget
	nodes  int             // seen so far, in all graphs and functions
	text   strings.Builder // chunk that short strings are copied to
	chunk  int             // size of the next chunk
}

// message is the encoded form of one message.
type message struct {
	d      *decoder
	b      []byte
	offset int // absolute, of b[0]
	depth  int // 1 for the root
}

// field is one field of a message, taken apart but not interpreted.
type field struct {
	d      *decoder
	number protowire.Number
	wire   protowire.Type
	kind   kind
	value  uint64 // of a varint, fixed32 or fixed64
	b      []byte // of a length-delimited value
	offset int    // absolute, of the value
	rest   []byte // what follows this field in its message
	depth  int    // of its message
}

// kind is how the value of a field is encoded.
type kind uint8

const (
	unknown  kind = iota
	varint        // int32, int64, uint64 or enum
	fixed32       // float
	blob          // string, bytes or a message
	blobs         // the same, repeated
	varints       // repeated, packed or not
	fixed32s      // repeated float, packed or not
	fixed64s      // repeated double, packed or not
)

// schema describes the fields of a message that are read, by field number.
type schema [32]struct {
	name string
	kind kind
}

// record is a struct that a message is decoded into. T is the struct, the methods are those of *T.
type record[T any] interface {
	*T
	// schema tells the fields that set understands.
	schema() *schema
	// set stores one field; a repeated field arrives one occurrence at a time.
	set(f field) error
}

// beginner is a record with fields whose zero value does not mean "absent".
type beginner interface {
	begin() // before the fields of each occurrence
}

// decode reads the fields of m into r. What r already holds is kept: this is protobuf's merge.
func decode[T any, P record[T]](m message, r P) error {
	if b, ok := any(r).(beginner); ok {
		b.begin()
	}
	s := r.schema()
	for pos := 0; pos < len(m.b); {
		f, end, err := m.next(pos)
		if s.knows(f.number) {
			f.kind = s[f.number].kind
			if err == nil {
				err = f.checkWire()
			}
			if err == nil {
				err = r.set(f)
			}
			if err != nil {
				return under(m.nameOf(f, s, pos), err)
			}
		}
		if err != nil {
			return err
		}
		pos = end
	}
	return nil
}

func (s *schema) knows(n protowire.Number) bool {
	return n >= 0 && int(n) < len(s) && s[n].kind != unknown
}

// next takes apart the field at m.b[pos:] and says where it ends. After an error the field has its number, if that
// much could be read.
func (m message) next(pos int) (f field, end int, err error) {
	number, wire, n := protowire.ConsumeTag(m.b[pos:])
	if n < 0 {
		return field{}, 0, m.errorAt(pos, describe(n, "field tag"))
	}
	f = field{d: m.d, number: number, wire: wire, depth: m.depth}
	if number > protowire.MaxValidNumber {
		return f, 0, m.errorAt(pos, malformed("field number %d, want at most %d", number, protowire.MaxValidNumber))
	}
	n, err = f.consume(m.b[pos+n:], n)
	if err != nil {
		return f, 0, m.errorAt(pos, err)
	}
	end = pos + n
	f.offset = m.offset + end - len(f.b)
	f.rest = m.b[end:]
	return f, end, nil
}

// consume reads the value at the start of b and returns its length plus that of the tag before it.
func (f *field) consume(b []byte, tag int) (int, error) {
	n := 0
	switch f.wire {
	case protowire.VarintType:
		f.value, n = protowire.ConsumeVarint(b)
	case protowire.Fixed64Type:
		f.value, n = protowire.ConsumeFixed64(b)
	case protowire.Fixed32Type:
		var v uint32
		v, n = protowire.ConsumeFixed32(b)
		f.value = uint64(v)
	case protowire.BytesType:
		f.b, n = protowire.ConsumeBytes(b)
	case protowire.StartGroupType, protowire.EndGroupType:
		return 0, malformed("field %d is a protobuf group (wire type %d), which ONNX does not use", f.number, f.wire)
	default:
		return 0, malformed("field %d has wire type %d, want 0, 1, 2 or 5", f.number, f.wire)
	}
	if n < 0 {
		return 0, f.describeValue(b, n)
	}
	return tag + n, nil
}

// describeValue says why protowire refused the value at the start of b with code n.
func (f *field) describeValue(b []byte, n int) error {
	if f.wire == protowire.BytesType {
		if length, used := protowire.ConsumeVarint(b); used > 0 {
			return malformed("length is %d, but only %d bytes are left", length, len(b)-used)
		}
	}
	return describe(n, wireNames[f.wire])
}

// describe gives the reason of a negative result of protowire for an item.
func describe(n int, item string) error {
	err := protowire.ParseError(n)
	if errors.Is(err, io.ErrUnexpectedEOF) {
		return malformed("the bytes end inside a %s", item)
	}
	reason := strings.TrimLeft(strings.TrimPrefix(err.Error(), "proto:"), " \u00a0")
	return malformed("invalid %s: %s", item, reason)
}

// wireNames are protobuf's names of the wire types.
var wireNames = map[protowire.Type]string{
	protowire.VarintType:  "varint",
	protowire.Fixed64Type: "64-bit value",
	protowire.Fixed32Type: "32-bit value",
	protowire.BytesType:   "length-delimited value",
}

// checkWire compares the wire type found with the one that the field's kind wants.
func (f *field) checkWire() error {
	want := protowire.BytesType
	switch f.kind {
	case varint, varints:
		want = protowire.VarintType
	case fixed32, fixed32s:
		want = protowire.Fixed32Type
	case fixed64s:
		want = protowire.Fixed64Type
	}
	packed := f.wire == protowire.BytesType && f.kind >= varints
	if f.wire == want || packed {
		return nil
	}
	return f.fail(malformed("found a %s, want a %s", wireNames[f.wire], wireNames[want]))
}

// fail gives err the place of the field's value. The path is added by decode on the way out.
func (f *field) fail(err error) error {
	return &ParseError{Offset: f.offset, Err: err}
}

func (m message) errorAt(pos int, err error) error {
	return &ParseError{Offset: m.offset + pos, Err: err}
}

// nameOf is the path element of the field at m.b[pos:], with its index if it is repeated. Only errors need it, so it
// counts the occurrences before.
func (m message) nameOf(f field, s *schema, pos int) string {
	name := s[f.number].name
	if f.kind != blobs {
		return name
	}
	index := 0
	for at := 0; at < pos; {
		g, end, err := m.next(at)
		if err != nil {
			break
		}
		if g.number == f.number {
			index++
		}
		at = end
	}
	return fmt.Sprintf("%s[%d]", name, index)
}

// following iterates over the later fields of the same message with the same number. It ends early at malformed bytes,
// which decode will report.
func (f field) following(yield func(field) bool) {
	m := message{d: f.d, b: f.rest}
	for pos := 0; pos < len(m.b); {
		g, end, err := m.next(pos)
		if err != nil {
			return
		}
		g.kind = f.kind
		if g.number == f.number && !yield(g) {
			return
		}
		pos = end
	}
}

// message is the message that the field holds.
func (f field) message() (message, error) {
	if f.depth >= MaxDepth {
		return message{}, f.fail(overLimit("messages nest deeper than %d", MaxDepth))
	}
	return message{d: f.d, b: f.b, offset: f.offset, depth: f.depth + 1}, nil
}
