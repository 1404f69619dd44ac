package main

import (
	"fmt"
	"strings"
	"time"
)

// progress is a bar on stderr: only on a terminal, and only for what takes more than a second. It is own code because
// the usual library for it brings net/http and TLS into the program: 2.6 MB.
type progress struct {
	app   *app
	what  string
	start time.Time
	drawn time.Time // when last; zero while nothing is on the screen
}

// How the bar looks.
const (
	barWidth    = 30
	barLabel    = 30                     // bytes of the label
	barInterval = 100 * time.Millisecond // between two drawings
)

// newProgress starts the clock.
func (a *app) newProgress(what string) *progress {
	return &progress{app: a, what: what, start: time.Now()}
}

// at shows that done of total are done.
func (p *progress) at(done, total int) {
	a, now := p.app, time.Now()
	if !a.terminal || a.noProgress || a.quiet || now.Sub(p.start) < time.Second || now.Sub(p.drawn) < barInterval {
		return
	}
	p.drawn = now
	fmt.Fprintf(a.stderr, "\r%s\x1b[K", p.text(done, total, now.Sub(p.start)))
}

// text is the bar: "layers [=====     ] 50 %, 12 s left".
func (p *progress) text(done, total int, since time.Duration) string {
	share := 0.0
	if total > 0 {
		share = min(float64(done)/float64(total), 1)
	}
	full := int(share * barWidth)
	bar := fmt.Sprintf("%s [%s%s] %.0f %%", clip(p.what, barLabel), strings.Repeat("=", full), strings.Repeat(" ", barWidth-full), 100*share)
	if share > 0 {
		left := time.Duration(float64(since) * (1 - share) / share)
		bar += fmt.Sprintf(", %v left", left.Round(time.Second))
	}
	return bar
}

// end removes the bar.
func (p *progress) end() {
	if !p.drawn.IsZero() {
		fmt.Fprint(p.app.stderr, "\r\x1b[K")
		p.drawn = time.Time{}
	}
}
