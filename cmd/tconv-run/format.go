package main

import (
	"fmt"
	"math"
	"strings"
	"time"
	"unicode/utf8"
)

// plural writes a count and its word: 1 node, 2 nodes.
func plural(n int, word string) string {
	if n == 1 {
		return "1 " + word
	}
	return fmt.Sprintf("%d %ss", n, word)
}

// bytesText writes a number of bytes for people: 512 B, 1.5 KiB, 27.0 MiB.
func bytesText(n int64) string {
	if n < 1024 {
		return fmt.Sprintf("%d B", n)
	}
	value, unit := float64(n)/1024, 0
	for value >= 1024 && unit < 3 {
		value, unit = value/1024, unit+1
	}
	return fmt.Sprintf("%.1f %s", value, []string{"KiB", "MiB", "GiB", "TiB"}[unit])
}

// countText writes a large count for people so that a unit can follow: "950 ", "1.23 k", "4.56 G".
func countText(n float64) string {
	for _, u := range []struct {
		size float64
		name string
	}{{1e12, "T"}, {1e9, "G"}, {1e6, "M"}, {1e3, "k"}} {
		if math.Abs(n) >= u.size {
			return fmt.Sprintf("%.3g %s", n/u.size, u.name)
		}
	}
	return fmt.Sprintf("%.3g ", n)
}

// macText writes a number of multiply-adds: 6.34 M.
func macText(n int64) string { return strings.TrimSpace(countText(float64(n))) }

// milliseconds gives a duration as JSON and tables carry it.
func milliseconds(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }

// timeText writes a duration with three digits: 850 µs, 12.3 ms, 4.56 s.
func timeText(d time.Duration) string {
	switch {
	case d < time.Millisecond:
		return fmt.Sprintf("%.3g µs", float64(d)/float64(time.Microsecond))
	case d < time.Second:
		return fmt.Sprintf("%.3g ms", milliseconds(d))
	}
	return fmt.Sprintf("%.3g s", d.Seconds())
}

// shapeText writes a shape as flags take it: 1x3x64x64; "scalar" without dimensions.
func shapeText(shape []int) string {
	if len(shape) == 0 {
		return "scalar"
	}
	parts := make([]string, len(shape))
	for i, d := range shape {
		parts[i] = fmt.Sprint(d)
	}
	return strings.Join(parts, "x")
}

// clip cuts a text to n bytes, at a character.
func clip(s string, n int) string {
	if len(s) <= n {
		return s
	}
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n] + "..."
}

// clipLines cuts a text to n lines.
func clipLines(s string, n int) string {
	lines := strings.Split(s, "\n")
	if len(lines) <= n {
		return s
	}
	return strings.Join(lines[:n], "\n") + fmt.Sprintf("\n  ... %d more lines", len(lines)-n)
}

// shellQuote writes a text so that a shell takes it as one word.
func shellQuote(s string) string {
	if s != "" && !strings.ContainsFunc(s, func(r rune) bool { return strings.ContainsRune(" \t\n'\"\\$&|;<>()*?[]#~!`{}", r) }) {
		return s
	}
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}
