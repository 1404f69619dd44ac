package main

import (
	"bytes"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestProgress(t *testing.T) {
	var screen bytes.Buffer
	p := (&app{terminal: true, stderr: &screen}).newProgress("layers")
	require.Equal(t, "layers [===============               ] 50 %, 12s left", p.text(3, 6, 12*time.Second))
	require.Equal(t, "layers [                              ] 0 %", p.text(0, 0, time.Second))
	p.at(1, 2)
	p.end()
	require.Empty(t, screen.String(), "what takes less than a second needs no bar")
	p.start = p.start.Add(-2 * time.Second)
	p.at(1, 2)
	p.at(2, 2) // too soon
	require.Equal(t, "\rlayers [===============               ] 50 %, 2s left\x1b[K", screen.String())
	p.end()
	require.Equal(t, "\r\x1b[K", screen.String()[screen.Len()-4:])
	p.app.quiet = true
	screen.Reset()
	p.drawn = time.Time{}
	p.at(1, 2)
	require.Empty(t, screen.String())
}
