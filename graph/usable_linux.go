package graph

import (
	"bytes"
	"math"
	"os"
	"runtime/debug"
	"strconv"
	"strings"
)

// usableMemory is the memory that this process may use, in bytes: the smallest of
// the machine's, its control group's and GOMEMLIMIT.
func usableMemory() int {
	n := goMemoryLimit()
	for _, file := range []string{"/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"} {
		if b, err := os.ReadFile(file); err == nil {
			if v, err := strconv.Atoi(strings.TrimSpace(string(b))); err == nil && v > 0 {
				n = min(n, v)
			}
		}
	}
	if b, err := os.ReadFile("/proc/meminfo"); err == nil {
		if fields := bytes.Fields(b); len(fields) > 1 && string(fields[0]) == "MemTotal:" {
			if kib, err := strconv.Atoi(string(fields[1])); err == nil && kib <= math.MaxInt/1024 {
				n = min(n, kib*1024)
			}
		}
	}
	return n
}

// goMemoryLimit is GOMEMLIMIT, or the largest int.
func goMemoryLimit() int { return int(min(debug.SetMemoryLimit(-1), math.MaxInt)) }
