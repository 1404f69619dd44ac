package vision

import (
	"bytes"
	"encoding/binary"
	"image"

	"golang.org/x/image/draw"
)

// orientation gives what the file says about how the camera was held: 1 (upright) to 8, as Exif counts.
func (f format) orientation(file []byte) int {
	switch f.name {
	case "jpeg":
		return tiffOrientation(exif(file))
	case "tiff":
		return tiffOrientation(file)
	}
	return 1
}

// Markers of a jpeg file that matter here.
const (
	markerAPP1 = 0xe1
	markerSOS  = 0xda // pixels follow: no more headers
)

// exif finds the Exif block of a jpeg file, which is a small tiff file; nil if there is none.
func exif(file []byte) []byte {
	for at := 2; at+4 <= len(file) && file[at] == 0xff && file[at+1] != markerSOS; {
		end := at + 2 + int(binary.BigEndian.Uint16(file[at+2:]))
		if end > len(file) || end < at+4 {
			return nil
		}
		block, found := bytes.CutPrefix(file[at+4:end], []byte("Exif\x00\x00"))
		if found && file[at+1] == markerAPP1 {
			return block
		}
		at = end
	}
	return nil
}

// The entry of a tiff directory that holds the orientation: one 16-bit number.
const (
	tagOrientation = 0x0112
	typeShort      = 3
	entryBytes     = 12
)

// tiffOrientation reads the orientation from the first directory of a tiff file; 1 if it has none or is damaged.
func tiffOrientation(file []byte) int {
	if len(file) < 8 {
		return 1
	}
	var order binary.ByteOrder = binary.LittleEndian
	if file[0] == 'M' {
		order = binary.BigEndian
	}
	at := int64(order.Uint32(file[4:]))
	if at+2 > int64(len(file)) {
		return 1
	}
	entries := file[at+2:]
	for range order.Uint16(file[at:]) {
		if len(entries) < entryBytes {
			break
		}
		if order.Uint16(entries) == tagOrientation && order.Uint16(entries[2:]) == typeShort {
			return int(order.Uint16(entries[8:]))
		}
		entries = entries[entryBytes:]
	}
	return 1
}

// upright turns and mirrors a picture as its orientation asks; one that Exif does not define changes nothing.
func upright(img image.Image, orientation int) image.Image {
	if orientation < 2 || orientation > 8 {
		return img
	}
	src := image.NewRGBA(image.Rectangle{Max: img.Bounds().Size()})
	draw.Draw(src, src.Rect, img, img.Bounds().Min, draw.Src)
	size := src.Rect.Max
	if orientation >= 5 {
		size = image.Pt(size.Y, size.X)
	}
	dst := image.NewRGBA(image.Rectangle{Max: size})
	for y := range size.Y {
		for x := range size.X {
			from := source(orientation, x, y, src.Rect.Max)
			copy(dst.Pix[dst.PixOffset(x, y):][:4], src.Pix[src.PixOffset(from.X, from.Y):][:4])
		}
	}
	return dst
}

// source gives the pixel of the stored picture, which has this size, that is seen at (x, y) when upright.
func source(orientation, x, y int, size image.Point) image.Point {
	right, bottom := size.X-1, size.Y-1
	switch orientation {
	case 2: // mirrored
		return image.Pt(right-x, y)
	case 3: // half a turn
		return image.Pt(right-x, bottom-y)
	case 4: // mirrored, half a turn
		return image.Pt(x, bottom-y)
	case 5: // mirrored, then a quarter to the left
		return image.Pt(y, x)
	case 6: // a quarter to the right brings it upright
		return image.Pt(y, bottom-x)
	case 7: // mirrored, then a quarter to the right
		return image.Pt(right-y, bottom-x)
	case 8: // a quarter to the left brings it upright
		return image.Pt(right-y, x)
	}
	return image.Pt(x, y)
}
