//go:build !amd64 || purego

package cpu

// nativeTiers is empty: this build has no assembly kernels.
func nativeTiers() []Tier { return nil }
