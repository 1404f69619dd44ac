package npy

import (
	"fmt"
	"math"
	"strconv"
	"strings"
)

// fields is what a header's Python dictionary says.
type fields struct {
	descr   string
	fortran bool
	shape   []int
}

// parseDict reads the one form of Python literal that a header holds,
//
//	{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }
//
// with its three keys in any order and white space after it. Anything else is an error.
func parseDict(text string) (fields, error) {
	p := &parser{text: text}
	p.want('{')
	seen := map[string]bool{}
	var f fields
	for p.err == nil && !p.take('}') {
		p.entry(&f, seen)
		if !p.take(',') {
			p.want('}')
			break
		}
	}
	p.space()
	if p.err == nil && p.pos != len(p.text) {
		p.fail("something after the dictionary")
	}
	if p.err == nil && len(seen) != 3 {
		p.fail("%d keys, want descr, fortran_order and shape", len(seen))
	}
	return f, p.err
}

// parser walks over the text and keeps the first error.
type parser struct {
	text string
	pos  int
	err  error
}

// fail keeps the first error with its place.
func (p *parser) fail(format string, args ...any) {
	if p.err == nil {
		p.err = formatf("header at byte %d: %w", p.pos, fmt.Errorf(format, args...))
	}
}

// space skips white space.
func (p *parser) space() {
	for p.pos < len(p.text) && strings.IndexByte(" \t\r\n", p.text[p.pos]) >= 0 {
		p.pos++
	}
}

// peek gives the next byte that is no white space, or 0 at the end.
func (p *parser) peek() byte {
	p.space()
	if p.err != nil || p.pos == len(p.text) {
		return 0
	}
	return p.text[p.pos]
}

// take moves over the byte c if it is next.
func (p *parser) take(c byte) bool {
	if p.peek() != c || c == 0 {
		return false
	}
	p.pos++
	return true
}

// want moves over the byte c, which must be next.
func (p *parser) want(c byte) {
	if !p.take(c) {
		p.fail("want %q", c)
	}
}

// entry reads one key and its value.
func (p *parser) entry(f *fields, seen map[string]bool) {
	key := p.str()
	p.want(':')
	if p.err != nil {
		return
	}
	if seen[key] {
		p.fail("key %s twice", quote(key))
	}
	seen[key] = true
	switch key {
	case "descr":
		f.descr = p.descr()
	case "fortran_order":
		f.fortran = p.boolean()
	case "shape":
		f.shape = p.tuple()
	default:
		p.fail("key %s, want descr, fortran_order or shape", quote(key))
	}
}

// descr reads the type. A list or a tuple is a type of several named fields, valid but not read here.
func (p *parser) descr() string {
	if c := p.peek(); c == '[' || c == '(' || c == '{' {
		p.err = unsupportedf("a structured type (several named fields in one element), %s", wantTypes)
		return ""
	}
	return p.str()
}

// str reads a string in single or double quotes, without escapes.
func (p *parser) str() string {
	mark := p.peek()
	if mark != '\'' && mark != '"' {
		p.fail("want a string in quotes")
		return ""
	}
	rest := p.text[p.pos+1:]
	end := strings.IndexByte(rest, mark)
	if end < 0 || strings.ContainsAny(rest[:end], "\\\n") {
		p.fail("want a string that ends on its line and has no escapes")
		return ""
	}
	p.pos += end + 2
	return rest[:end]
}

// boolean reads True or False.
func (p *parser) boolean() bool {
	p.space()
	for word, value := range map[string]bool{"True": true, "False": false} {
		if strings.HasPrefix(p.text[p.pos:], word) {
			p.pos += len(word)
			return value
		}
	}
	p.fail("want True or False")
	return false
}

// tuple reads a shape: (), (3,), (2, 3) or (2, 3, ). As in Python, (3) is no tuple.
func (p *parser) tuple() []int {
	p.want('(')
	dims, commas := []int{}, 0
	for p.err == nil && !p.take(')') {
		dims = append(dims, p.dimension())
		if len(dims) > maxRank {
			p.err = limitf("more than %d dimensions", maxRank)
		}
		if !p.take(',') {
			p.want(')')
			break
		}
		commas++
	}
	if len(dims) == 1 && commas == 0 {
		p.fail("shape (%d) is a number, want a tuple such as (%d,)", dims[0], dims[0])
	}
	return dims
}

// dimension reads one size; Python 2 wrote an L behind some.
func (p *parser) dimension() int {
	p.space()
	digits := len(p.text[p.pos:]) - len(strings.TrimLeft(p.text[p.pos:], "0123456789"))
	text := p.text[p.pos : p.pos+digits]
	if text == "" || (len(text) > 1 && text[0] == '0') {
		p.fail("want a dimension (a number without sign or leading zero)")
		return 0
	}
	n, err := strconv.ParseUint(text, 10, 64)
	if err != nil || n > math.MaxInt {
		p.err = limitf("a dimension of %s", quote(text))
		return 0
	}
	p.pos += digits
	p.take('L')
	return int(n)
}
