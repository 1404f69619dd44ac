package cpu

import (
	"runtime"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestMeasureLinePass(t *testing.T) {
	require.Zero(t, MeasureLinePass(1))
	if runtime.GOMAXPROCS(0) < 2 {
		require.Zero(t, MeasureLinePass(2))
		t.Skip("one processor has nobody to pass a line to")
	}
	pass := MeasureLinePass(2)
	require.Greater(t, pass, time.Nanosecond, "faster than a cache")
	require.Less(t, pass, time.Millisecond)
	require.Positive(t, MeasureLinePass(1000), "no more threads than run at once")
}
