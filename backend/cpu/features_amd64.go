//go:build !purego

package cpu

import "golang.org/x/sys/cpu"

// nativeTiers lists the assembly tiers that this processor can run, best first. It honours GODEBUG=cpu.*=off.
func nativeTiers() []Tier {
	var tiers []Tier
	if cpu.X86.HasAVX512F && cpu.X86.HasAVX512BW && cpu.X86.HasAVX512DQ && cpu.X86.HasAVX512VL && cpu.X86.HasFMA {
		tiers = append(tiers, AVX512)
	}
	if cpu.X86.HasAVX2 && cpu.X86.HasFMA {
		tiers = append(tiers, AVX2)
	}
	return tiers
}
