package vision

import (
	"image/color"
	"strings"
)

// Palette gives each class its colour.
type Palette struct {
	Name       string
	Colours    [maxClasses]color.RGBA
	Background int // the class that overlays leave unpainted; -1: none
}

// VOC gives the colours of PASCAL VOC. Class 0 is the background.
func VOC() Palette {
	p := Palette{Name: "voc"}
	for class := range p.Colours {
		p.Colours[class] = vocColour(class)
	}
	return p
}

// vocColour spreads the bits of a class over red, green and blue, lowest bit to the highest, as VOC's own code does.
func vocColour(class int) color.RGBA {
	c := color.RGBA{A: 255}
	for bit := 7; class > 0; bit, class = bit-1, class>>3 {
		c.R |= uint8(class&1) << bit
		c.G |= uint8(class>>1&1) << bit
		c.B |= uint8(class>>2&1) << bit
	}
	return c
}

// cityscapes lists the colours of the 19 classes that are used in training, from road to bicycle.
var cityscapes = [][3]uint8{
	{128, 64, 128}, {244, 35, 232}, {70, 70, 70}, {102, 102, 156}, {190, 153, 153}, {153, 153, 153}, {250, 170, 30},
	{220, 220, 0}, {107, 142, 35}, {152, 251, 152}, {70, 130, 180}, {220, 20, 60}, {255, 0, 0}, {0, 0, 142}, {0, 0, 70},
	{0, 60, 100}, {0, 80, 100}, {0, 0, 230}, {119, 11, 32},
}

// Cityscapes gives the colours of Cityscapes, which has no background class; classes from 19 on are coloured as VOC's.
func Cityscapes() Palette {
	p := VOC()
	p.Name, p.Background = "cityscapes", -1
	for class, c := range cityscapes {
		p.Colours[class] = color.RGBA{c[0], c[1], c[2], 255}
	}
	return p
}

// NamedPalette gives the palette of that name: voc or cityscapes.
func NamedPalette(name string) (Palette, error) {
	for _, p := range []Palette{VOC(), Cityscapes()} {
		if strings.EqualFold(p.Name, name) {
			return p, nil
		}
	}
	return Palette{}, errorf(ErrPreset, "palette %q, want voc or cityscapes", name)
}

// model gives the palette in the form of package image.
func (p Palette) model() color.Palette {
	model := make(color.Palette, len(p.Colours))
	for i, c := range p.Colours {
		model[i] = c
	}
	return model
}
