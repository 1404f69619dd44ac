package npy

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// FuzzNpy: any bytes give an array or a typed error within a second, and an array can be written and read again.
func FuzzNpy(f *testing.F) {
	files, err := filepath.Glob("testdata/*.np[yz]")
	require.NoError(f, err)
	for _, name := range files {
		b, err := os.ReadFile(name)
		require.NoError(f, err)
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		watchdog := time.AfterFunc(time.Second, func() { panic("a file took more than a second") })
		defer watchdog.Stop()
		if err := readAny(b); err != nil {
			require.True(t, typed(err), "%v", err)
		}
		a, err := Decode(b, MaxBytes(1<<20))
		if err != nil {
			return
		}
		var out bytes.Buffer
		require.NoError(t, Write(&out, a))
		again, err := Decode(out.Bytes())
		require.NoError(t, err)
		require.Equal(t, a, again)
	})
}
