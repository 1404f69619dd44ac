package onnx

// Map is a MapProto: keys and as many values, as test data holds it. Integer keys are in Keys, strings in StringKeys.
type Map struct {
	Name       string
	KeyType    DataType
	Keys       []int64
	StringKeys [][]byte
	Values     *Sequence
}

const (
	mapName       = 1
	mapKeyType    = 2
	mapKeys       = 3
	mapStringKeys = 4
	mapValues     = 5
)

var mapSchema = schema{
	mapName:       {"name", blob},
	mapKeyType:    {"key_type", varint},
	mapKeys:       {"keys", varints},
	mapStringKeys: {"string_keys", blobs},
	mapValues:     {"values", blob},
}

func (*Map) schema() *schema { return &mapSchema }

func (m *Map) set(f field) error {
	switch f.number {
	case mapName:
		return f.setString(&m.Name)
	case mapKeyType:
		return setInt32(f, &m.KeyType)
	case mapKeys:
		return f.appendInt64s(&m.Keys)
	case mapStringKeys:
		return f.appendBytes(&m.StringKeys)
	case mapValues:
		return mergeMessage(f, &m.Values)
	}
	return nil
}

func (m *Map) encode(e *encoder) {
	e.string(mapName, m.Name)
	e.nonzero(mapKeyType, int64(m.KeyType))
	e.int64s(mapKeys, m.Keys)
	e.bytes(mapStringKeys, m.StringKeys...)
	optional(e, mapValues, m.Values)
}
