package cpu

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestTierFromEnv(t *testing.T) {
	t.Setenv(TierVariable, "")
	got, err := TierFromEnv()
	require.NoError(t, err)
	require.Equal(t, Detect(), got)

	for _, want := range append(Available(), Reference) {
		t.Setenv(TierVariable, string(want))
		got, err := TierFromEnv()
		require.NoError(t, err)
		require.Equal(t, want, got)
	}

	t.Setenv(TierVariable, "sse9")
	_, err = TierFromEnv()
	require.ErrorContains(t, err, `TCONV_KERNEL: kernel tier "sse9" is unknown, want one of `)
	require.ErrorContains(t, err, "generic, reference")

	t.Setenv(TierVariable, string(NEON)) // no kernels yet, on no processor
	_, err = TierFromEnv()
	require.ErrorContains(t, err, `kernel tier "neon" is not available on this processor and build, want one of `)
}

func TestAvailableEndsInGeneric(t *testing.T) {
	tiers := Available()
	require.Equal(t, Generic, tiers[len(tiers)-1])
	require.Equal(t, tiers[0], Detect())
}
