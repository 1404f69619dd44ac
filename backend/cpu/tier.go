package cpu

import (
	"fmt"
	"os"
	"slices"
	"strings"
)

// Tier names a family of kernels by the instruction set it needs.
type Tier string

const (
	AVX512  Tier = "avx512"  // amd64 with AVX-512 F, BW, DQ and VL
	AVX2    Tier = "avx2"    // amd64 with AVX2 and FMA
	NEON    Tier = "neon"    // arm64; the name is reserved, no kernels yet
	Generic Tier = "generic" // portable Go, everywhere

	// Reference asks the layers above for the plain definition of every operator. This package treats it as Generic.
	Reference Tier = "reference"
)

// TierVariable is the environment variable that forces a tier.
const TierVariable = "TCONV_KERNEL"

// Available lists the tiers that this processor and this build can run, best first. Generic is always among them.
// Reference is not listed: it is no tier of kernels.
func Available() []Tier {
	return append(nativeTiers(), Generic)
}

// Detect returns the best tier that this processor and this build can run.
func Detect() Tier { return Available()[0] }

// ParseTier returns the tier called name. The error for an unknown or unavailable tier lists those available.
func ParseTier(name string) (Tier, error) {
	choices := append(Available(), Reference)
	if t := Tier(name); slices.Contains(choices, t) {
		return t, nil
	}
	what := "unknown"
	if slices.Contains([]Tier{AVX512, AVX2, NEON}, Tier(name)) {
		what = "not available on this processor and build"
	}
	return "", fmt.Errorf("kernel tier %.40q is %s, want one of %s", name, what, tierList(choices))
}

// TierFromEnv returns the tier that TCONV_KERNEL names, or Detect() where it is empty or unset.
func TierFromEnv() (Tier, error) {
	name := os.Getenv(TierVariable)
	if name == "" {
		return Detect(), nil
	}
	t, err := ParseTier(name)
	if err != nil {
		return "", fmt.Errorf("%s: %w", TierVariable, err)
	}
	return t, nil
}

func tierList(tiers []Tier) string {
	names := make([]string, len(tiers))
	for i, t := range tiers {
		names[i] = string(t)
	}
	return strings.Join(names, ", ")
}
