package onnx

import (
	"io/fs"
	"math"
	"path"
	"path/filepath"
	"strconv"
	"strings"
)

// location is what external_data of a tensor says.
type location struct {
	path   string // cleaned, relative, with slashes
	offset int64
	length int64  // restOfFile if not given
	sha1   string // 40 hexadecimal digits, or empty if not given
}

const (
	restOfFile      = -1
	maxLocationPath = 4096 // bytes; PATH_MAX of Linux
)

// parseLocation reads the entries of external_data: location (required), offset, length and checksum. Other keys are
// ignored, as the specification has it.
func parseLocation(entries []StringEntry) (location, error) {
	seen := make(map[string]bool)
	loc := location{length: restOfFile}
	for _, e := range entries {
		if seen[e.Key] {
			return location{}, malformed("external_data has the key %s twice, want it once", quote(e.Key))
		}
		seen[e.Key] = true
		if err := loc.set(e); err != nil {
			return location{}, err
		}
	}
	if !seen["location"] {
		return location{}, malformed("external_data has no location, want the path of a file")
	}
	return loc, nil
}

func (l *location) set(e StringEntry) (err error) {
	switch e.Key {
	case "location":
		l.path, err = cleanLocation(e.Value)
	case "offset":
		l.offset, err = parseSize(e)
	case "length":
		l.length, err = parseSize(e)
	case "checksum":
		l.sha1, err = parseSHA1(e.Value)
	}
	return err
}

// cleanLocation gives the path of an external file without "." and double slashes, or says why a model may not name it.
// Backslashes and colons are refused on all systems: on Windows they would be separators, drives and streams.
func cleanLocation(s string) (string, error) {
	switch {
	case s == "":
		return "", malformed("location of external data is empty, want the path of a file")
	case len(s) > maxLocationPath:
		return "", overLimit("location of external data has %d bytes, want at most %d", len(s), maxLocationPath)
	case strings.ContainsAny(s, "\x00\\:"):
		return "", refused("location %s has a NUL, backslash or colon, want a relative path with slashes", quote(s))
	case strings.HasPrefix(s, "/"):
		return "", refused("location %s is absolute, want a path relative to the model's folder", quote(s))
	case strings.HasSuffix(s, "/"):
		return "", refused("location %s ends in a slash, want the path of a file", quote(s))
	}
	for element := range strings.SplitSeq(s, "/") {
		if element == ".." {
			return "", refused(`location %s has "..", want a path below the model's folder`, quote(s))
		}
	}
	clean := path.Clean(s)
	if clean == "." || !fs.ValidPath(clean) || !filepath.IsLocal(filepath.FromSlash(clean)) {
		return "", refused("location %s is no file name, want a path below the model's folder", quote(s))
	}
	return clean, nil
}

// parseSize reads an offset or a length: decimal digits and nothing else.
func parseSize(e StringEntry) (int64, error) {
	v, err := strconv.ParseUint(e.Value, 10, 63)
	if err != nil {
		return 0, malformed("%s of external data is %s, want a decimal number from 0 to %d", e.Key, quote(e.Value), int64(math.MaxInt64))
	}
	return int64(v), nil
}

// parseSHA1 checks the form of a checksum.
func parseSHA1(s string) (string, error) {
	const digits = 40
	if len(s) != digits || strings.Trim(s, "0123456789abcdefABCDEF") != "" {
		return "", malformed("checksum of external data is %s, want the %d hexadecimal digits of a SHA-1", quote(s), digits)
	}
	return s, nil
}

// check compares the range of a tensor of size bytes with the size of the file.
func (l location) check(size, fileSize int64) error {
	if l.offset > fileSize {
		return refused("offset is %d, want at most the file's %d bytes", l.offset, fileSize)
	}
	rest := fileSize - l.offset
	if size > rest {
		return refused("%d bytes from offset %d reach past the file's %d bytes", size, l.offset, fileSize)
	}
	if l.length == restOfFile && size != rest {
		return refused("there are %d bytes from offset %d to the end of the file and no length is given, want %d",
			rest, l.offset, size)
	}
	return nil
}
