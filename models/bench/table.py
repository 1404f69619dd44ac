#!/usr/bin/env python3
"""Write the tables of docs/PERFORMANCE.md and its chart from what compare.py measured.

    python models/bench/table.py results.json

The text between the two comment lines in docs/PERFORMANCE.md is replaced, and docs/pictures/performance.svg.
Needs nothing but Python.
"""
import html
import json
import math
import pathlib
import statistics
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
PAGE, CHART = ROOT / "docs/PERFORMANCE.md", ROOT / "docs/pictures/performance.svg"
BEGIN, END = "<!-- results: written by models/bench/table.py -->", "<!-- end of results -->"

NAMES = {"tconv": "tconv", "onnxruntime": "onnxruntime", "openvino": "OpenVINO", "ncnn": "ncnn", "mnn": "MNN", "openvino-default": "OpenVINO, own default"}
REFERENCE = "onnxruntime"  # speeds in the chart are relative to it
OTHER_PRECISION = "openvino-default"  # may compute in bf16: shown, but not among the rivals
COLOURS = {"tconv": "#0072b2", "onnxruntime": "#999999", "openvino": "#e69f00", "ncnn": "#009e73", "mnn": "#cc79a7"}  # told apart by colour-blind eyes


class Results:
    """Medians of the turns, by model, threads and runtime; models in the order of the file."""

    def __init__(self, data):
        self.about, self.cells = data, {}
        for r in data["results"]:
            turns = r["turns"]
            bad = next((t["error"] for t in turns if "error" in t), None)
            if bad is None and turns:
                cell = {key: statistics.median(t[key] for t in turns) for key in turns[0]}
            else:
                cell = {"error": bad or "not measured"}
            self.cells[r["model"], r["threads"], r["runtime"]] = cell
        self.models = list(dict.fromkeys(m for m, _, _ in self.cells))
        self.threads = sorted({t for _, t, _ in self.cells})
        self.runtimes = [r for r in NAMES if r in data["versions"]]

    def get(self, model, threads, runtime, key="ms"):
        """A figure, or None."""
        return self.cells.get((model, threads, runtime), {}).get(key)

    def ratio(self, model, threads, runtime):
        """How many times tconv is as fast; None where one of them has no result."""
        own, other = self.get(model, threads, "tconv"), self.get(model, threads, runtime)
        return other / own if own and other else None

    def rival(self, model, threads):
        """The fastest other runtime of the same precision, and tconv's ratio to it."""
        found = [(self.ratio(model, threads, r), r) for r in self.runtimes if r not in ("tconv", OTHER_PRECISION)]
        return min((f for f in found if f[0]), default=(None, None))


def mean(values):
    """Geometric mean."""
    values = [v for v in values if v]
    return math.exp(sum(map(math.log, values)) / len(values)) if values else None


def ratio_text(ratio):
    """A ratio; where tconv is slower it stands out."""
    if not ratio:
        return ""
    return f"{ratio:.2f}" if ratio >= 1 else f"**{ratio:.2f}**"


def milliseconds(v):
    return "-" if v is None else f"{v:.2f}" if v < 10 else f"{v:.1f}" if v < 100 else f"{v:.0f}"


def row(cells):
    return "| " + " | ".join(str(c) for c in cells) + " |"


def head(cells):
    return [row(cells), "|---|" + "--:|" * (len(cells) - 1)]


def times_table(r, threads):
    """Milliseconds, with tconv's ratios to the runtime it is measured against most and to the fastest."""
    lines = head(["model"] + [NAMES[x] for x in r.runtimes] + [f"{NAMES[REFERENCE]} / tconv", "fastest other / tconv", "GFLOP/s of peak"])
    for m in r.models:
        best, who = r.rival(m, threads)
        rate, peak = r.get(m, threads, "tconv", "gflops"), r.get(m, threads, "tconv", "peak_gflops")
        lines.append(row([m] + [milliseconds(r.get(m, threads, x)) for x in r.runtimes] + [
            ratio_text(r.ratio(m, threads, REFERENCE)), f"{ratio_text(best)} ({NAMES[who]})" if who else "", f"{100 * rate / peak:.0f} %" if rate and peak else ""]))
    means = [mean(r.ratio(m, threads, x) for m in r.models) for x in r.runtimes]
    lines.append(row(["geometric mean of ratios to tconv"] + ["" if x == "tconv" else ratio_text(v) for x, v in zip(r.runtimes, means)] + [
        ratio_text(mean(r.ratio(m, threads, REFERENCE) for m in r.models)), ratio_text(mean(r.rival(m, threads)[0] for m in r.models)), ""]))
    return lines


def other_table(r, threads, key, unit):
    """Memory or load time."""
    runtimes = [x for x in r.runtimes if x != OTHER_PRECISION]
    lines = head([f"model, {unit}"] + [NAMES[x] for x in runtimes])
    for m in r.models:
        lines.append(row([m] + ["-" if r.get(m, threads, x, key) is None else f"{r.get(m, threads, x, key):.0f}" for x in runtimes]))
    return lines


def losses(r):
    """What tconv is slower at, in words."""
    found = []
    for t in r.threads:
        for m in r.models:
            ratio, who = r.rival(m, t)
            if ratio and ratio < 1:
                found.append(f"{m} with {count(t)} ({NAMES[who]}, {ratio:.2f})")
    return "tconv is slower than the fastest other runtime on: " + "; ".join(found) + "." if found else "tconv is the fastest in every line."


def missing(r):
    """What gave no result, and why."""
    found = {}
    for (model, _, runtime), cell in r.cells.items():
        if "error" in cell:
            found.setdefault((NAMES[runtime], cell["error"]), {})[model] = True
    return [f"- {runtime} has no result for {', '.join(models)}: {error}" for (runtime, error), models in found.items()]


def count(threads):
    return f"{threads} thread" + "s" * (threads > 1)


def markdown(r):
    about = r.about
    versions = ", ".join(f"{NAMES[x]} {v}" for x, v in about["versions"].items() if x != OTHER_PRECISION)
    lines = [f"Measured on {about['date']}: {about['cpu']}, {about['system']}; {versions}; {about['rounds']} rounds of {about['seconds']:g} s."]
    if "peak_gflops" in about:
        lines.append(f"tconv used its {about['tier']} kernels; one core makes {about['peak_gflops']:.0f} GFLOP/s of multiply-adds alone.")
    lines += ["", losses(r), ""]
    for t in r.threads:
        lines += [f"### Median time of a run in milliseconds, {count(t)}", ""] + times_table(r, t) + [""]
    lines += ["![Speed relative to onnxruntime](pictures/performance.svg)", ""]
    t = r.threads[0]
    lines += [f"### From file to the end of the first run, milliseconds, {count(t)}", ""] + other_table(r, t, "load_ms", "ms") + [""]
    lines += [f"### Peak resident memory of the process, MiB, {count(t)}", ""] + other_table(r, t, "rss_mib", "MiB") + [""]
    return "\n".join(lines + missing(r) + [""] * bool(missing(r)))


# The chart: one panel per number of threads, one group of bars per model, lengths relative to onnxruntime.
LABEL, PANEL, GAP, BAR, GROUP_GAP, TOP = 118, 330, 24, 9, 7, 62


def svg(r):
    runtimes = [x for x in r.runtimes if x in COLOURS and x != REFERENCE]
    speeds = [s for t in r.threads for m in r.models for x in runtimes if (s := speed(r, m, t, x))]
    scale = (PANEL - 40) / max(speeds + [1])
    group = BAR * len(runtimes) + GROUP_GAP
    width, height = LABEL + len(r.threads) * (PANEL + GAP), TOP + group * len(r.models) + 24
    out = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}" font-family="sans-serif" font-size="11">',
           f'<rect width="{width}" height="{height}" fill="#ffffff"/>',
           text(LABEL, 18, f"Speed relative to onnxruntime (= 1; longer is faster), {r.about['cpu']}", size=13)]
    x = LABEL
    for name in runtimes:
        out += [f'<rect x="{x}" y="28" width="10" height="10" fill="{COLOURS[name]}"/>', text(x + 14, 37, NAMES[name])]
        x += 90
    for i, threads in enumerate(r.threads):
        out += panel(r, threads, LABEL + i * (PANEL + GAP), scale, runtimes, group, height)
    for j, model in enumerate(r.models):
        out.append(text(LABEL - 8, TOP + j * group + (group - GROUP_GAP) / 2 + 4, model, anchor="end"))
    return "\n".join(out + ["</svg>"]) + "\n"


def panel(r, threads, left, scale, runtimes, group, height):
    out = [text(left, TOP - 8, count(threads), weight="bold")]
    for j, model in enumerate(r.models):
        for k, name in enumerate(runtimes):
            value, y = speed(r, model, threads, name), TOP + j * group + k * BAR
            if value is None:
                out.append(text(left + 3, y + BAR - 1, "no result", size=8, colour="#777777"))
                continue
            out += [f'<rect x="{left}" y="{y}" width="{value * scale:.1f}" height="{BAR - 1}" fill="{COLOURS[name]}"/>',
                    text(left + value * scale + 3, y + BAR - 1, f"{value:.2f}", size=8)]
    one, bottom = left + scale, height - 24
    out += [f'<line x1="{one:.1f}" y1="{TOP - 4}" x2="{one:.1f}" y2="{bottom}" stroke="#333333" stroke-dasharray="3 2"/>',
            text(one, bottom + 12, "onnxruntime", size=9, anchor="middle")]
    return out


def speed(r, model, threads, runtime):
    reference, own = r.get(model, threads, REFERENCE), r.get(model, threads, runtime)
    return reference / own if reference and own else None


def text(x, y, words, size=11, anchor="start", weight="normal", colour="#111111"):
    return f'<text x="{x:.1f}" y="{y:.1f}" font-size="{size}" text-anchor="{anchor}" font-weight="{weight}" fill="{colour}">{html.escape(words)}</text>'


def main():
    if len(sys.argv) != 2 or sys.argv[1].startswith("-"):
        sys.exit(__doc__)
    results = Results(json.loads(pathlib.Path(sys.argv[1]).read_text()))
    before, rest = PAGE.read_text().split(BEGIN)
    after = rest.split(END)[1]
    PAGE.write_text(f"{before}{BEGIN}\n{markdown(results)}{END}{after}")
    CHART.write_text(svg(results))
    print(f"wrote {PAGE} and {CHART}")


if __name__ == "__main__":
    main()
