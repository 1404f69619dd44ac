package tconv

import "unicode/utf8"

// matchName tells whether a pattern, in which * stands for any text and ? for any
// character, is a form of name. Unlike those of package path, its * crosses slashes:
// names in models are full of them.
func matchName(pattern, name string) bool {
	star, resume := -1, 0 // the last * passed, and where its text ends so far
	p, n := 0, 0
	for n < len(name) {
		_, size := utf8.DecodeRuneInString(name[n:])
		switch {
		case p < len(pattern) && pattern[p] == '*':
			star, resume = p, n
			p++
		case p < len(pattern) && pattern[p] == '?':
			p, n = p+1, n+size
		case p < len(pattern) && pattern[p] == name[n]:
			p, n = p+1, n+1
		case star >= 0:
			_, skipped := utf8.DecodeRuneInString(name[resume:])
			resume += skipped
			p, n = star+1, resume
		default:
			return false
		}
	}
	for p < len(pattern) && pattern[p] == '*' {
		p++
	}
	return p == len(pattern)
}
