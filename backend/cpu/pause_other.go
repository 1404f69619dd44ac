//go:build !amd64 || purego

package cpu

// pause passes a few cycles in a loop that waits.
//
//go:noinline
func pause() {}
