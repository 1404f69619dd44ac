package vision

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"reflect"
	"strings"
)

// maxPresetBytes is far more than a preset can need.
const maxPresetBytes = 64 << 10

// ParsePreset reads a preset from JSON, such as
//
//	{"size": [512, 512], "layout": "NHWC", "colour": "BGR", "mean": [0.5], "std": [0.5], "fit": "letterbox"}
//
// Fields are those of Preset; what is left out is as in Unit. The name appears in messages. Unknown fields and values
// are errors that list what is allowed.
func ParsePreset(name string, text []byte) (Preset, error) {
	p := Unit()
	p.Name = name
	if len(text) > maxPresetBytes {
		return Preset{}, p.errorf("a file of %d bytes, want at most %d", len(text), maxPresetBytes)
	}
	d := json.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields()
	p.Mean, p.Std = nil, nil // Decode would write into their arrays
	if err := d.Decode(&p); err != nil {
		return Preset{}, p.errorf("%w, want a JSON object of %s", jsonReason(err), strings.Join(presetFields(), ", "))
	}
	if _, err := d.Token(); err != io.EOF {
		return Preset{}, p.errorf("something follows the JSON object")
	}
	if p.Mean == nil {
		p.Mean = []float32{0}
	}
	if p.Std == nil {
		p.Std = []float32{1}
	}
	return p, p.check()
}

// presetFields lists the names that a JSON preset may have.
func presetFields() []string {
	var names []string
	for field := range reflect.TypeFor[Preset]().Fields() {
		if name := field.Tag.Get("json"); name != "-" {
			names = append(names, name)
		}
	}
	return names
}

// jsonReason says in a reader's words what the JSON decoder did not like.
func jsonReason(err error) error {
	var wrong *json.UnmarshalTypeError
	switch {
	case errors.As(err, &wrong):
		return errors.New("field " + wrong.Field + " cannot be a " + wrong.Value)
	case errors.Is(err, io.EOF):
		return errors.New("an empty file")
	}
	return errors.New(strings.TrimPrefix(err.Error(), "json: "))
}
