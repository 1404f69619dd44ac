package onnx

import (
	"math"
	"unsafe"

	"google.golang.org/protobuf/encoding/protowire"
)

// Repeated fields are stored in slices of exactly the right size: the first occurrence counts the later ones of the same
// message. So memory is charged before it is allocated, and nothing is allocated twice.

// charge takes n values of type T off the budget.
func charge[T any](f field, n int) error {
	var zero T
	if err := f.d.budget.charge(int64(n) * int64(unsafe.Sizeof(zero))); err != nil {
		return f.fail(err)
	}
	return nil
}

// reserve makes room in list for this occurrence of a field and all later ones.
func reserve[T any](f field, list []T) ([]T, error) {
	n := f.elements()
	if cap(list)-len(list) >= n {
		return list, nil
	}
	for g := range f.following {
		n += g.elements()
	}
	if err := charge[T](f, len(list)+n); err != nil {
		return nil, err
	}
	return append(make([]T, 0, len(list)+n), list...), nil
}

// elements is how many elements one occurrence of a repeated field holds.
func (f field) elements() int {
	if f.wire != protowire.BytesType {
		return 1
	}
	switch f.kind {
	case varints:
		return countVarints(f.b)
	case fixed32s:
		return len(f.b) / 4
	case fixed64s:
		return len(f.b) / 8
	default:
		return 1
	}
}

// countVarints counts the bytes that end a varint.
func countVarints(b []byte) int {
	n := 0
	for _, c := range b {
		if c < 0x80 {
			n++
		}
	}
	return n
}

// mergeMessage decodes a singular message into *p, which is made if it is nil.
func mergeMessage[T any, P record[T]](f field, p **T) error {
	m, err := f.message()
	if err != nil {
		return err
	}
	if *p == nil {
		if err := charge[T](f, 1); err != nil {
			return err
		}
		*p = new(T)
	}
	return decode[T, P](m, *p)
}

// appendMessage decodes one occurrence of a repeated message. The structs of all occurrences are allocated together, and
// the spare capacity of the list already points to them.
func appendMessage[T any, P record[T]](f field, list *[]*T) error {
	m, err := f.message()
	if err != nil {
		return err
	}
	n := len(*list)
	if cap(*list) == n {
		if err := reserveMessages(f, list); err != nil {
			return err
		}
	}
	*list = (*list)[:n+1]
	return decode[T, P](m, (*list)[n])
}

// reserveMessages makes room for this occurrence of a field and all later ones, and for the structs they point to.
func reserveMessages[T any](f field, list *[]*T) error {
	grown, err := reserve(f, *list)
	if err != nil {
		return err
	}
	used := len(grown)
	spare := cap(grown) - used
	if err := charge[T](f, spare); err != nil {
		return err
	}
	grown = grown[:cap(grown)]
	structs := make([]T, spare)
	for i := range structs {
		grown[used+i] = &structs[i]
	}
	*list = grown[:used]
	return nil
}

// appendValue decodes one occurrence of a repeated message that is kept by value.
func appendValue[T any, P record[T]](f field, list *[]T) error {
	m, err := f.message()
	if err != nil {
		return err
	}
	grown, err := reserve(f, *list)
	if err != nil {
		return err
	}
	n := len(grown)
	*list = grown[:n+1]
	return decode[T, P](m, &(*list)[n])
}

// appendString stores one occurrence of a repeated string.
func (f field) appendString(list *[]string) error {
	grown, err := reserve(f, *list)
	if err != nil {
		return err
	}
	*list = append(grown, "")
	return f.setString(&(*list)[len(grown)])
}

// appendBytes stores a copy of one occurrence of a repeated byte string.
func (f field) appendBytes(list *[][]byte) error {
	grown, err := reserve(f, *list)
	if err != nil {
		return err
	}
	*list = append(grown, nil)
	return f.setBytes(&(*list)[len(grown)])
}

// appendInt64s stores a repeated int64, packed or not.
func (f field) appendInt64s(list *[]int64) error {
	return appendVarints(f, list, func(v uint64) (int64, error) { return int64(v), nil })
}

// appendUint64s stores a repeated uint64, packed or not.
func (f field) appendUint64s(list *[]uint64) error {
	return appendVarints(f, list, func(v uint64) (uint64, error) { return v, nil })
}

// appendInt32s stores a repeated int32, packed or not.
func (f field) appendInt32s(list *[]int32) error {
	return appendVarints(f, list, narrow)
}

// appendVarints stores repeated varints, converted one by one.
func appendVarints[T any](f field, list *[]T, convert func(uint64) (T, error)) error {
	grown, err := reserve(f, *list)
	if err != nil {
		return err
	}
	if f.wire == protowire.VarintType {
		v, err := convert(f.value)
		if err != nil {
			return f.fail(err)
		}
		*list = append(grown, v)
		return nil
	}
	for b := f.b; len(b) > 0; {
		at := f.offset + len(f.b) - len(b)
		v, n := protowire.ConsumeVarint(b)
		if n < 0 {
			return &ParseError{Offset: at, Err: describe(n, "varint")}
		}
		x, err := convert(v)
		if err != nil {
			return &ParseError{Offset: at, Err: err}
		}
		grown = append(grown, x)
		b = b[n:]
	}
	*list = grown
	return nil
}

// appendFloats stores a repeated float, packed or not.
func (f field) appendFloats(list *[]float32) error {
	grown, err := reserve(f, *list)
	if err != nil {
		return err
	}
	if f.wire == protowire.Fixed32Type {
		*list = append(grown, math.Float32frombits(uint32(f.value)))
		return nil
	}
	if len(f.b)%4 != 0 {
		return f.fail(malformed("packed floats take %d bytes, want a multiple of 4", len(f.b)))
	}
	for b := f.b; len(b) > 0; b = b[4:] {
		v, _ := protowire.ConsumeFixed32(b)
		grown = append(grown, math.Float32frombits(v))
	}
	*list = grown
	return nil
}

// appendDoubles stores a repeated double, packed or not.
func (f field) appendDoubles(list *[]float64) error {
	grown, err := reserve(f, *list)
	if err != nil {
		return err
	}
	if f.wire == protowire.Fixed64Type {
		*list = append(grown, math.Float64frombits(f.value))
		return nil
	}
	if len(f.b)%8 != 0 {
		return f.fail(malformed("packed doubles take %d bytes, want a multiple of 8", len(f.b)))
	}
	for b := f.b; len(b) > 0; b = b[8:] {
		v, _ := protowire.ConsumeFixed64(b)
		grown = append(grown, math.Float64frombits(v))
	}
	*list = grown
	return nil
}
