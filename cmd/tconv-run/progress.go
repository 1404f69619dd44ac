package main

import (
	"time"

	"github.com/schollz/progressbar/v3"
)

// progress is a bar on stderr: only on a terminal, and only for what takes more than a second.
type progress struct {
	app   *app
	what  string
	start time.Time
	bar   *progressbar.ProgressBar
}

// newProgress starts the clock.
func (a *app) newProgress(what string) *progress {
	return &progress{app: a, what: what, start: time.Now()}
}

// at shows that done of total are done.
func (p *progress) at(done, total int) {
	a := p.app
	if !a.terminal || a.noProgress || a.quiet || time.Since(p.start) < time.Second {
		return
	}
	if p.bar == nil {
		p.bar = progressbar.NewOptions(total, progressbar.OptionSetWriter(a.stderr), progressbar.OptionSetDescription(p.what),
			progressbar.OptionClearOnFinish(), progressbar.OptionSetPredictTime(true), progressbar.OptionThrottle(100*time.Millisecond))
	}
	p.bar.Set(done)
}

// end removes the bar.
func (p *progress) end() {
	if p.bar != nil {
		p.bar.Clear()
		p.bar = nil
	}
}
