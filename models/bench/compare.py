#!/usr/bin/env python3
"""Time tconv-run and other runtimes on the same models, in turns, on the same cores.

    pip install onnx==1.22.0 onnxruntime==1.30.0 numpy openvino==2026.4.1 ncnn==1.0.20261020 pnnx MNN==3.6.1
    go build -o tconv-run ./cmd/tconv-run
    python models/bench/compare.py --tconv ./tconv-run --out results.json MODELS_DIR
    python models/bench/table.py results.json

Every measurement is a process of its own that may use as many cores as it has threads, always the same ones. Within a
round every runtime has one turn; there are several rounds, so that a machine that becomes slower meanwhile slows all of
them. A turn loads the model, runs it once, warms up for 0.2 s and then times at least ten runs; its result is the median.
table.py takes the median of the turns.

Runtimes that are not installed are left out. Models are float32 and all runtimes compute in float32, except
"openvino-default": on processors with bf16 units OpenVINO runs such models in bf16 unless told not to, as "openvino" is.
ncnn and MNN read formats of their own: models are converted beforehand, which is not timed.
"""
import argparse
import importlib
import importlib.metadata
import json
import os
import pathlib
import platform
import statistics
import subprocess
import sys
import tempfile
import time

RUNTIMES = ["tconv", "onnxruntime", "openvino", "openvino-default", "ncnn", "mnn"]
PACKAGES = {"onnxruntime": "onnxruntime", "openvino": "openvino", "openvino-default": "openvino", "ncnn": "ncnn", "mnn": "MNN"}
WARM_UP, LEAST_RUNS = 0.2, 10


def run_onnxruntime(model, feeds, threads):
    import onnxruntime
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads, options.inter_op_num_threads = threads, 1
    session = onnxruntime.InferenceSession(str(model.onnx), options, providers=["CPUExecutionProvider"])
    binding = session.io_binding()  # inputs are not copied, outputs keep their memory
    for name, x in feeds.items():
        binding.bind_cpu_input(name, x)
    for output in session.get_outputs():
        binding.bind_output(output.name)
    return lambda: session.run_with_iobinding(binding)


def run_openvino(model, feeds, threads, **config):
    import openvino
    core = openvino.Core()
    config = {"PERFORMANCE_HINT": "LATENCY", "INFERENCE_NUM_THREADS": threads, **config}
    request = core.compile_model(core.read_model(model.onnx), "CPU", config).create_infer_request()
    for i, x in enumerate(feeds.values()):
        request.set_input_tensor(i, openvino.Tensor(x))
    return request.infer


def run_openvino_f32(model, feeds, threads):
    return run_openvino(model, feeds, threads, INFERENCE_PRECISION_HINT="f32")


def run_ncnn(model, feeds, threads):
    import ncnn
    (x,) = feeds.values()
    if x.shape[0] != 1:
        raise SystemExit("batches of 1 only")
    net = ncnn.Net()
    net.opt.num_threads = threads
    for flag in ("use_fp16_packed", "use_fp16_storage", "use_fp16_arithmetic", "use_bf16_storage"):
        setattr(net.opt, flag, False)
    if net.load_param(f"{model.stem}.ncnn.param") or net.load_model(f"{model.stem}.ncnn.bin"):
        raise SystemExit("cannot load what pnnx made of the model")
    data = ncnn.Mat(x[0].copy()).clone()

    def run():
        with net.create_extractor() as extractor:
            extractor.input("in0", data)
            status, _ = extractor.extract("out0")
        if status:
            raise SystemExit("cannot run what pnnx made of the model")
    return run


def run_mnn(model, feeds, threads):
    import MNN.nn
    import MNN.numpy
    runtime = MNN.nn.create_runtime_manager(({"backend": "CPU", "numThread": threads, "precision": "high"},))
    net = MNN.nn.load_module_from_file(f"{model.stem}.mnn", list(feeds), model.outputs(), runtime_manager=runtime)
    data = [MNN.numpy.array(x) for x in feeds.values()]
    return lambda: [y.read() for y in net.forward(data)]


MODULES = {"onnxruntime": ["onnxruntime"], "openvino": ["openvino"], "openvino-default": ["openvino"], "ncnn": ["ncnn"], "mnn": ["MNN.nn", "MNN.numpy"]}
STARTERS = {"onnxruntime": run_onnxruntime, "openvino": run_openvino_f32, "openvino-default": run_openvino, "ncnn": run_ncnn, "mnn": run_mnn}


class Model:
    """A model with the files that belong to it in the work folder."""

    def __init__(self, path, work):
        self.onnx = pathlib.Path(path).resolve()
        self.name = self.onnx.stem
        self.stem = pathlib.Path(work) / self.name
        self.feeds = pathlib.Path(f"{self.stem}.npz")

    def graph(self):
        import onnx
        return onnx.load(self.onnx, load_external_data=False).graph

    def outputs(self):
        return pathlib.Path(f"{self.stem}.outputs").read_text().splitlines()

    def prepare(self, runtimes):
        """Write seeded inputs, and the forms that other runtimes read. Open dimensions are 1."""
        import numpy
        import onnx
        graph = self.graph()
        constants = {t.name for t in graph.initializer}
        rng, feeds = numpy.random.default_rng(0), {}
        for value in graph.input:
            if value.name in constants:
                continue
            kind = value.type.tensor_type
            shape = [d.dim_value if d.HasField("dim_value") else 1 for d in kind.shape.dim]
            feeds[value.name] = rng.standard_normal(shape).astype(onnx.helper.tensor_dtype_to_np_dtype(kind.elem_type))
        numpy.savez(self.feeds, **feeds)
        pathlib.Path(f"{self.stem}.outputs").write_text("\n".join(v.name for v in graph.output))
        if "ncnn" in runtimes:
            self.convert(["pnnx", str(self.onnx), f"ncnnparam={self.stem}.ncnn.param", f"ncnnbin={self.stem}.ncnn.bin", "fp16=0"]
                         + [f"{key}={self.stem}.pnnx{end}" for key, end in
                            [("pnnxparam", ".param"), ("pnnxbin", ".bin"), ("pnnxpy", ".py"), ("pnnxonnx", ".onnx"), ("ncnnpy", ".ncnn.py")]])
        if "mnn" in runtimes:  # not by its command, which asks for a package that reports usage
            script = "import sys, _tools; _tools.mnnconvert(['mnnconvert'] + sys.argv[1:])"
            self.convert([sys.executable, "-c", script, "-f", "ONNX", "--modelFile", str(self.onnx), "--MNNModel", f"{self.stem}.mnn", "--bizCode", "x"])

    def convert(self, command):
        """Run a converter beside a link to the model: some leave files there. A failure shows when the runtime loads."""
        link = self.stem.with_suffix(".onnx")
        if not link.exists():
            link.symlink_to(self.onnx)
        command = [str(link) if c == str(self.onnx) else c for c in command]
        try:
            subprocess.run(command, cwd=self.stem.parent, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=600)
        except (OSError, subprocess.TimeoutExpired):
            pass


def peak_memory():
    """The most resident memory so far, in MiB. getrusage would count what the parent had."""
    with open("/proc/self/status") as f:
        return next(int(line.split()[1]) for line in f if line.startswith("VmHWM")) / 1024


def turn(runtime, model, threads, seconds):
    """Measure in this process and print the result."""
    import numpy
    with numpy.load(model.feeds) as z:
        feeds = dict(z)
    for module in MODULES[runtime]:  # its libraries, which are not counted as loading a model
        importlib.import_module(module)
    start = time.perf_counter()
    run = STARTERS[runtime](model, feeds, threads)
    run()
    ready = time.perf_counter()
    while time.perf_counter() < ready + WARM_UP:
        run()
    times, end = [], time.perf_counter() + seconds
    while len(times) < LEAST_RUNS or time.perf_counter() < end:
        t = time.perf_counter()
        run()
        times.append(1e3 * (time.perf_counter() - t))
    print(json.dumps({"ms": statistics.median(times), "load_ms": 1e3 * (ready - start), "rss_mib": peak_memory()}))


def turn_tconv(tconv, model, threads, seconds):
    command = [tconv, "bench", str(model.onnx), "-i", str(model.feeds), "-t", str(threads), "--duration", f"{seconds}s", "--json", "-q"]
    r = json.loads(subprocess.run(command, stdout=subprocess.PIPE, check=True).stdout)
    print(json.dumps({"ms": r["latency_ms"]["p50"], "load_ms": r["load_ms"] + r["first_run_ms"], "rss_mib": r["peak_rss_mib"],
                      "gflops": r["gflops"], "peak_gflops": r["peak_gflops"]}))


def measure(args, runtime, model, threads, work):
    """One turn in a process of its own. The result holds an error where there is none."""
    command = [sys.executable, __file__, str(model.onnx), "--turn", runtime, str(threads), work, "--seconds", str(args.seconds)]
    if args.tconv:
        command += ["--tconv", args.tconv]
    try:
        p = subprocess.run(command, capture_output=True, text=True, timeout=args.timeout)
    except subprocess.TimeoutExpired:
        return {"error": f"no result after {args.timeout:.0f} s"}
    lines = p.stdout.strip().splitlines()
    if p.returncode == 0 and lines:
        return json.loads(lines[-1])
    reason = (p.stderr.strip().splitlines() or [f"ended with status {p.returncode}"])[-1]
    return {"error": reason[:120]}


def processor():
    try:
        with open("/proc/cpuinfo") as f:
            return next(line.split(":", 1)[1].strip() for line in f if line.startswith("model name"))
    except (OSError, StopIteration):
        return platform.machine()


def installed(args):
    """The runtimes that can be measured here, with their versions."""
    found = {}
    for name in args.runtimes.split(","):
        try:
            if name == "tconv":
                found[name] = json.loads(subprocess.run([args.tconv, "version", "--json"], stdout=subprocess.PIPE, check=True).stdout)["version"]
            else:
                found[name] = importlib.metadata.version(PACKAGES[name])
        except KeyError:
            sys.exit(f"runtime {name}, want some of {', '.join(RUNTIMES)}")
        except (importlib.metadata.PackageNotFoundError, OSError, TypeError) as e:
            print(f"left out: {name} ({e})", file=sys.stderr)
    return found


def describe(args, versions):
    """What the figures belong to."""
    about = {"schema": "tconv/compare/1", "cpu": processor(), "system": f"{platform.system()} {platform.machine()}", "date": time.strftime("%Y-%m-%d"),
             "seconds": args.seconds, "rounds": args.rounds, "versions": versions, "results": []}
    if "tconv" in versions:
        env = json.loads(subprocess.run([args.tconv, "env", "--json"], stdout=subprocess.PIPE, check=True).stdout)
        about.update(tier=env["tier"], features=env["features"], peak_gflops=env["peak_gflops"])
    return about


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("models", nargs="+", help="models, or folders of models")
    parser.add_argument("--tconv", help="the tconv-run program")
    parser.add_argument("--runtimes", default=",".join(RUNTIMES))
    parser.add_argument("--threads", default="1,2")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=1.0, help="of each turn, after the warm-up")
    parser.add_argument("--timeout", type=float, default=300.0, help="of each turn, in seconds")
    parser.add_argument("--out", default="results.json")
    parser.add_argument("--turn", nargs=3, help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.tconv:
        args.tconv = str(pathlib.Path(args.tconv).resolve())
    if args.turn:
        runtime, threads, work = args.turn
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:int(threads)])
        model = Model(args.models[0], work)
        if runtime == "tconv":
            return turn_tconv(args.tconv, model, int(threads), args.seconds)
        return turn(runtime, model, int(threads), args.seconds)

    versions = installed(args)
    about = describe(args, versions)
    paths = [p for q in map(pathlib.Path, args.models) for p in (sorted(q.glob("*.onnx")) if q.is_dir() else [q])]
    with tempfile.TemporaryDirectory() as work:
        for model in (Model(p, work) for p in paths):
            model.prepare(versions)
            for threads in map(int, args.threads.split(",")):
                turns = {name: [] for name in versions}
                for _ in range(args.rounds):
                    for name, list_ in turns.items():
                        if not (list_ and "error" in list_[-1]):
                            list_.append(measure(args, name, model, threads, work))
                for name, list_ in turns.items():
                    about["results"].append({"model": model.name, "threads": threads, "runtime": name, "turns": list_})
                print(f"{model.name:16s} {threads} threads  " + "  ".join(
                    f"{name} " + (list_[-1]["error"] if "error" in list_[-1] else f"{statistics.median(t['ms'] for t in list_):.2f} ms")
                    for name, list_ in turns.items()), flush=True)
                pathlib.Path(args.out).write_text(json.dumps(about, indent=1) + "\n")


if __name__ == "__main__":
    main()
