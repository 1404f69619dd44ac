package onnx

// StringEntry is a StringStringEntryProto: one entry of a mapping, such as metadata or external data.
type StringEntry struct {
	Key, Value string
}

const (
	entryKey   = 1
	entryValue = 2
)

var entrySchema = schema{
	entryKey:   {"key", blob},
	entryValue: {"value", blob},
}

func (*StringEntry) schema() *schema { return &entrySchema }

func (e *StringEntry) set(f field) error {
	switch f.number {
	case entryKey:
		return f.setString(&e.Key)
	case entryValue:
		return f.setString(&e.Value)
	}
	return nil
}

func (s *StringEntry) encode(e *encoder) {
	e.strings(entryKey, s.Key)
	e.strings(entryValue, s.Value)
}
