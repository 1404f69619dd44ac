//go:build !amd64 || purego

package cpu

// nativeKernels is empty: this build has no assembly kernels.
func nativeKernels() map[Tier]*Kernels { return map[Tier]*Kernels{} }
