package onnxgo

import (
	"encoding/binary"
	"fmt"

	"github.com/owulveryck/onnx-go"

	"github.com/tconv/tconv"
	"github.com/tconv/tconv/ops"
)

// SetOpset says which version of the operator set the model imports; see the text
// of the package.
func (g *Graph) SetOpset(version int) error {
	if version < 1 || version > ops.NewestOpset {
		return fmt.Errorf("%w: opset %d, want 1 to %d", tconv.ErrUnsupported, version, ops.NewestOpset)
	}
	g.opset = version
	g.release()
	return nil
}

// Unmarshal decodes a file into m, a model that NewModel made of g: as
// m.UnmarshalBinary(data), but it reads the version of the operator set as well, and
// where onnx-go's decoder panics, since it trusts the sizes and numbers in a file,
// Unmarshal gives an error.
func (g *Graph) Unmarshal(m *onnx.Model, data []byte) (err error) {
	defer func() {
		if v := recover(); v != nil {
			err = fmt.Errorf("%w: panic of onnx-go: %v", tconv.ErrInvalidModel, v)
		}
	}()
	if version := importedOpset(data); version != 0 {
		if err := g.SetOpset(version); err != nil {
			return err
		}
	}
	return m.UnmarshalBinary(data)
}

// importedOpset finds the version of the operator set that a file imports, 0 where it
// names none or is malformed.
func importedOpset(data []byte) int {
	version := 0
	fields(data, func(field int, _ uint64, message []byte) {
		if field != modelOpsetImport {
			return
		}
		domain, v := "", 0
		fields(message, func(field int, number uint64, text []byte) {
			switch field {
			case opsetDomain:
				domain = string(text)
			case opsetVersion:
				v = int(min(number, 1<<30))
			}
		})
		if domain == "" || domain == "ai.onnx" {
			version = v
		}
	})
	return version
}

// fields calls f for each field of a protobuf message with its number or its bytes,
// up to the first that is malformed.
func fields(m []byte, f func(field int, number uint64, data []byte)) {
	for len(m) > 0 {
		key, n := binary.Uvarint(m)
		if n <= 0 {
			return
		}
		m = m[n:]
		number, n := uint64(0), 0
		switch key & 7 {
		case 0:
			number, n = binary.Uvarint(m)
		case 1:
			n = 8
		case 2:
			number, n = binary.Uvarint(m)
		case 5:
			n = 4
		}
		if n <= 0 || n > len(m) {
			return
		}
		m = m[n:]
		var data []byte
		if key&7 == 2 {
			if number > uint64(len(m)) {
				return
			}
			data, m = m[:number], m[number:]
		}
		f(int(key>>3), number, data)
	}
}
