package main

import (
	"bufio"
	"os"
	"runtime"
	"strings"

	"github.com/spf13/cobra"
	xcpu "golang.org/x/sys/cpu"

	"github.com/tconv/tconv/backend/cpu"
	"github.com/tconv/tconv/graph"
)

// envReport is the JSON of env.
type envReport struct {
	Schema   string   `json:"schema"`
	Version  string   `json:"version"`
	Go       string   `json:"go"`
	Platform string   `json:"platform"`
	CPU      string   `json:"cpu"`
	Features []string `json:"features"`
	Tiers    []string `json:"tiers"`
	Tier     string   `json:"tier"`
	Tile     [2]int   `json:"tile"`
	Cores    int      `json:"cores"`
	Threads  int      `json:"threads"`
	Memory   int      `json:"memory_limit_bytes"`
	Peak     float64  `json:"peak_gflops"` // multiply-adds of one core, measured
}

// newEnv makes the command that describes the machine.
func newEnv(a *app) *cobra.Command {
	return &cobra.Command{
		Use: "env [flags]", Short: "processor features, kernels, threads, version", Example: "  tconv-run env\n  TCONV_KERNEL=avx2 tconv-run env",
		Args: args(0, 0, ""),
		RunE: func(*cobra.Command, []string) error { return printEnv(a) },
	}
}

// printEnv prints what decides how models are computed here.
func printEnv(a *app) error {
	tier, err := cpu.TierFromEnv()
	if err != nil {
		return usagef("%w", err)
	}
	k := cpu.KernelsFor(tier)
	r := envReport{
		Schema: "tconv/env/1", Version: versionText(), Go: runtime.Version(), Platform: runtime.GOOS + "/" + runtime.GOARCH,
		CPU: cpuName(), Features: cpuFeatures(), Tier: string(tier), Tile: [2]int{k.MR, k.NR},
		Cores: runtime.NumCPU(), Threads: runtime.GOMAXPROCS(0), Memory: graph.DefaultLimits().MemoryBytes, Peak: cpu.MeasurePeak(k),
	}
	for _, t := range cpu.Available() {
		r.Tiers = append(r.Tiers, string(t))
	}
	if a.json {
		return a.printJSON(r)
	}
	a.printf("tconv-run  %s, %s, %s\n", r.Version, r.Go, r.Platform)
	a.printf("processor  %s\n", r.CPU)
	a.printf("features   %s\n", strings.Join(r.Features, " "))
	a.printf("kernels    %s, tiles of %d x %d (%s=%s chooses)\n", r.Tier, k.MR, k.NR, cpu.TierVariable, strings.Join(append(r.Tiers, string(cpu.Reference)), "|"))
	a.printf("threads    %d of %d cores (-t N, GOMAXPROCS)\n", r.Threads, r.Cores)
	a.printf("peak       %.0f GFLOP/s of multiply-adds on one core, measured just now\n", r.Peak)
	a.printf("memory     limited to %s: half of what the process may use (--memory-limit, GOMEMLIMIT)\n", bytesText(int64(r.Memory)))
	return nil
}

// cpuFeatures lists what kernels look for.
func cpuFeatures() []string {
	x, arm := xcpu.X86, xcpu.ARM64
	list := []string{}
	for _, f := range []struct {
		name string
		has  bool
	}{
		{"sse4.1", x.HasSSE41}, {"avx", x.HasAVX}, {"avx2", x.HasAVX2}, {"fma", x.HasFMA}, {"avx512f", x.HasAVX512F},
		{"avx512bw", x.HasAVX512BW}, {"avx512dq", x.HasAVX512DQ}, {"avx512vl", x.HasAVX512VL}, {"avx512vnni", x.HasAVX512VNNI},
		{"avx512bf16", x.HasAVX512BF16}, {"amx", x.HasAMXTile}, {"asimd", arm.HasASIMD}, {"asimddp", arm.HasASIMDDP}, {"sve", arm.HasSVE},
	} {
		if f.has {
			list = append(list, f.name)
		}
	}
	return list
}

// cpuName gives the processor's name, where the system tells it.
func cpuName() string {
	f, err := os.Open("/proc/cpuinfo")
	if err != nil {
		return runtime.GOARCH
	}
	defer f.Close()
	for s := bufio.NewScanner(f); s.Scan(); {
		if name, value, ok := strings.Cut(s.Text(), ":"); ok && strings.TrimSpace(name) == "model name" {
			return strings.TrimSpace(value)
		}
	}
	return runtime.GOARCH
}
