package main

import (
	"fmt"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/tconv/tconv"
	"github.com/tconv/tconv/vision"
)

// pictureFlags say how a picture becomes an input, and how a result is shown.
type pictureFlags struct {
	presetName, fit, size string
	multiple              int
	as, palette, labels   string
	alpha                 float64
	threshold             float64
}

// register adds the flags to a command.
func (f *pictureFlags) register(cmd *cobra.Command) {
	fs, style := cmd.Flags(), vision.DefaultStyle()
	fs.StringVar(&f.presetName, "preset", "unit", "numbers of the input: `NAME` of "+strings.Join(vision.PresetNames(), ", ")+", or FILE.json")
	fs.StringVar(&f.size, "size", "", "size of the model's input, `WxH`, where the model leaves it open (default: the picture's)")
	fs.IntVar(&f.multiple, "multiple", 0, "bring width and height to a multiple of `N`")
	fs.StringVar(&f.fit, "fit", "", "how the picture fills the input: `resize`, letterbox, crop or pad")
	fs.StringVar(&f.as, "as", "auto", "show the result as `WAY`:\n"+waysText()+"\n")
	fs.StringVar(&f.palette, "palette", style.Palette.Name, "colours of classes: `voc` or cityscapes")
	fs.Float64Var(&f.alpha, "alpha", style.Alpha, "how much an overlay covers: `X` of 0 to 1")
	fs.Float64Var(&f.threshold, "threshold", float64(style.Threshold), "value `X` from where on a pixel belongs to a mask")
	fs.StringVar(&f.labels, "labels", "", "names of the classes, one per line: `FILE`")
}

func waysText() string {
	var names []string
	for _, w := range vision.Ways() {
		names = append(names, string(w))
	}
	return strings.Join(names, ", ")
}

// preset makes the preset that the flags ask for and adapts it to the input.
func (f *pictureFlags) preset(info tconv.Info) (vision.Preset, error) {
	p, err := f.namedPreset()
	if err != nil {
		return p, usagef("--preset: %w", err)
	}
	if f.fit != "" {
		p.Fit = vision.Fit(f.fit)
	}
	if f.multiple != 0 {
		p.Multiple = f.multiple
	}
	if f.size != "" {
		if _, err := fmt.Sscanf(f.size+" ", "%dx%d ", &p.Size[0], &p.Size[1]); err != nil {
			return p, usagef("--size %s, want WIDTHxHEIGHT such as 512x512", f.size)
		}
	}
	p, err = p.For(info.Shape)
	if err != nil {
		return p, withHint(inputf("input %s is %v: %w", quoted(info.Name), info, err), "--preset, --fit, --size and --multiple say how a picture becomes an input")
	}
	return p, nil
}

// namedPreset is a preset by name, or from a JSON file.
func (f *pictureFlags) namedPreset() (vision.Preset, error) {
	if !strings.HasSuffix(f.presetName, ".json") {
		return vision.Named(f.presetName)
	}
	text, err := os.ReadFile(f.presetName)
	if err != nil {
		return vision.Preset{}, readError(f.presetName, err)
	}
	return vision.ParsePreset(f.presetName, text)
}

// style is how results are drawn.
func (f *pictureFlags) style() (vision.Style, error) {
	s := vision.DefaultStyle()
	s.Alpha, s.Threshold = f.alpha, float32(f.threshold)
	if !(f.alpha >= 0 && f.alpha <= 1) {
		return s, usagef("--alpha %v, want 0 to 1", f.alpha)
	}
	var err error
	if s.Palette, err = vision.NamedPalette(f.palette); err != nil {
		return s, usagef("--palette: %w", err)
	}
	return s, nil
}

// labelList reads the names of the classes.
func (f *pictureFlags) labelList() ([]string, error) {
	if f.labels == "" {
		return nil, nil
	}
	text, err := os.ReadFile(f.labels)
	if err != nil {
		return nil, usagef("--labels: %w", readError(f.labels, err))
	}
	lines := strings.Split(strings.ReplaceAll(strings.TrimRight(string(text), "\r\n"), "\r\n", "\n"), "\n")
	return lines, nil
}
