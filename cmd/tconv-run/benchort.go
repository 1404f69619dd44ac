package main

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"time"
)

// ortBenchScript times a model in onnxruntime as measure does in tconv: inputs and outputs stay where they are, 200 ms
// of warm-up, at least 10 runs and as long as asked for.
const ortBenchScript = `
import json, sys, time
import numpy
with numpy.load(sys.argv[2]) as z:
    feeds = dict(z)
threads, seconds = int(sys.argv[3]), float(sys.argv[4])
import onnxruntime
start = time.perf_counter()
options = onnxruntime.SessionOptions()
options.log_severity_level = 3
options.intra_op_num_threads, options.inter_op_num_threads = threads, 1
session = onnxruntime.InferenceSession(sys.argv[1], options, providers=["CPUExecutionProvider"])
binding = session.io_binding()
for name, x in feeds.items():
    binding.bind_cpu_input(name, x)
for output in session.get_outputs():
    binding.bind_output(output.name)
loaded = time.perf_counter()
session.run_with_iobinding(binding)
first = time.perf_counter()
while time.perf_counter() < first + 0.2:
    session.run_with_iobinding(binding)
times, end = [], time.perf_counter() + seconds
while len(times) < 10 or time.perf_counter() < end:
    t = time.perf_counter()
    session.run_with_iobinding(binding)
    times.append(1e3 * (time.perf_counter() - t))
rss = 0
try:
    with open("/proc/self/status") as f:
        rss = next(int(line.split()[1]) / 1024 for line in f if line.startswith("VmHWM"))
except OSError:
    pass
print(json.dumps({"times_ms": times, "load_ms": 1e3 * (loaded - start), "first_run_ms": 1e3 * (first - loaded),
                  "peak_rss_mib": rss, "version": onnxruntime.__version__}))
`

// againstRounds is how often the runtimes take turns; the middle one of the rounds counts. A machine whose speed drifts
// then treats both alike.
const againstRounds = 3

// measureAgainst measures tconv and onnxruntime in turns, each time in a new process on the same cores.
func (f *benchFlags) measureAgainst(ctx context.Context, a *app, path string) (*benchReport, error) {
	file, feeds, err := f.exchange(a, path)
	if err != nil {
		return nil, err
	}
	if f.threads == 0 {
		f.threads = runtime.GOMAXPROCS(0)
	}
	turn := *f
	turn.duration = f.duration / againstRounds
	var own, other []*benchReport
	for range againstRounds {
		r, err := runORTBench(ctx, file, feeds, turn.threads, turn.duration)
		if err != nil {
			return nil, err
		}
		other = append(other, r)
		cmd, err := selfCommand(ctx, turn.childArgs(file, []string{feeds}))
		if err != nil {
			return nil, err
		}
		if r, err = runChild(cmd, func() error { return startPinned(cmd, turn.threads) }); err != nil {
			return nil, err
		}
		own = append(own, r)
	}
	r := middle(own)
	r.Model, r.Against = modelName(path), middle(other)
	r.Against.Model, r.Against.Precision, r.Against.Schema = r.Model, "highest", ""
	r.Ratio = r.Against.Latency.P50 / r.Latency.P50
	r.Against.GFLOPs, r.Against.PeakGFLOPs = r.GFLOPs/r.Ratio, r.PeakGFLOPs
	return r, nil
}

// middle gives the measurement with the middle median.
func middle(list []*benchReport) *benchReport {
	slices.SortFunc(list, func(x, y *benchReport) int { return cmp.Compare(x.Latency.P50, y.Latency.P50) })
	return list[len(list)/2]
}

// exchange writes the inputs, and a model from standard input, where another process can read them.
func (f *benchFlags) exchange(a *app, path string) (file, feeds string, err error) {
	p, err := f.prepare(a, path, f.inputs)
	if err != nil {
		return "", "", err
	}
	defer p.close()
	dir, err := a.temps.folder()
	if err != nil {
		return "", "", err
	}
	if file, err = a.modelFile(path, dir); err != nil {
		return "", "", err
	}
	feeds = filepath.Join(dir, "in.npz")
	return file, feeds, writeFeeds(feeds, p.model, p.in)
}

// runORTBench times onnxruntime, through python3.
func runORTBench(ctx context.Context, file, feeds string, threads int, duration time.Duration) (*benchReport, error) {
	cmd := exec.CommandContext(ctx, "python3", "-c", ortBenchScript, file, feeds, strconv.Itoa(threads), strconv.FormatFloat(duration.Seconds(), 'g', -1, 64))
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	err := startPinned(cmd, threads)
	if err == nil {
		err = cmd.Wait()
	}
	if err != nil {
		return nil, ortError("--against ort", stderr.String(), err)
	}
	var result struct {
		Times   []float64 `json:"times_ms"`
		Load    float64   `json:"load_ms"`
		First   float64   `json:"first_run_ms"`
		RSS     float64   `json:"peak_rss_mib"`
		Version string    `json:"version"`
	}
	if err := json.Unmarshal(stdout.Bytes(), &result); err != nil || len(result.Times) == 0 {
		return nil, errors.New("onnxruntime printed no times")
	}
	times := make([]time.Duration, len(result.Times))
	for i, ms := range result.Times {
		times[i] = time.Duration(ms * float64(time.Millisecond))
	}
	r := newBenchReport(file, times)
	r.Threads, r.LoadMS, r.FirstRunMS, r.PeakRSSMiB = threads, result.Load, result.First, result.RSS
	r.Version = "onnxruntime " + result.Version
	return r, nil
}
