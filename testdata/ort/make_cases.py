#!/usr/bin/env python3
"""Write cases.zip: one-node models over the attribute space of the operators that
decoders live on, with the outputs of onnxruntime.

    pip install onnx==1.22.0 onnxruntime==1.30.0 numpy
    python make_cases.py

The official node tests have 11 cases of ConvTranspose and 2 of DepthToSpace; here
are hundreds. Attributes and shapes are drawn from a seeded generator; what
onnxruntime refuses is left out. An entry NAME.onnx is a model (opset <= 23, IR 10),
NAME.npz its inputs (in:NAME) and onnxruntime's outputs (out:NAME), float32 cut to
what float32 holds. Where the reference evaluator of the onnx package disagrees with
onnxruntime (1e-3 relative, 1e-4 absolute), its outputs stand beside (ref:NAME).
The file is the same bytes every time.
"""
import io
import pathlib
import zipfile

import numpy as np
import onnx
import onnxruntime as ort
from onnx import TensorProto, helper
from onnx.reference import ReferenceEvaluator

ort.set_default_logger_severity(4)
rng = np.random.default_rng(20261121)
OPSET = 21


def pick(*choices):
    return choices[rng.integers(len(choices))]


def ints(n, lo, hi):
    return [int(v) for v in rng.integers(lo, hi + 1, n)]


def data(*shape):
    return (rng.integers(-64, 65, shape) / 16).astype(np.float32)


def conv(transposed):
    rank = pick(1, 2, 2, 2, 3)
    group = pick(1, 1, 2, 3)
    c, m = group * int(rng.integers(1, 4)), group * int(rng.integers(1, 4))
    if rng.random() < 0.15:
        group = c = m = int(rng.integers(2, 6))
    k = ints(rank, 1, 4)
    attrs = {"group": group, "strides": ints(rank, 1, 3), "dilations": ints(rank, 1, 2)}
    x = data(int(rng.integers(1, 3)), c, *ints(rank, 2, 8))
    if rng.random() < 0.25:
        attrs["auto_pad"] = pick("SAME_UPPER", "SAME_LOWER", "VALID")
        attrs["dilations"] = [1] * rank
    else:
        attrs["pads"] = [int(min(p, d * (q - 1))) for p, d, q in zip(ints(2 * rank, 0, 3), attrs["dilations"] * 2, k * 2)]
    if rng.random() < 0.5:
        attrs["kernel_shape"] = k
    if transposed:
        w = data(c, m // group, *k)
        if rng.random() < 0.4:
            attrs["output_padding"] = [int(rng.integers(0, s)) for s in attrs["strides"]]
        if rng.random() < 0.2:
            attrs.pop("pads", None)
            attrs["output_shape"] = [s * d + int(rng.integers(0, 2)) for s, d in zip(attrs["strides"], x.shape[2:])]
    else:
        w = data(m, c // group, *k)
    inputs = [x, w]
    if rng.random() < 0.5:
        inputs.append(data(m))
    return ("ConvTranspose" if transposed else "Conv"), inputs, attrs, 1


def resize():
    rank = pick(1, 2, 2, 2, 3)
    x = data(int(rng.integers(1, 3)), int(rng.integers(1, 4)), *ints(rank, 2, 7))
    mode = pick("nearest", "linear", "cubic" if rank == 2 else "linear")
    ctm = pick("half_pixel", "pytorch_half_pixel", "align_corners", "asymmetric", "half_pixel_symmetric")
    attrs = {"mode": mode, "coordinate_transformation_mode": ctm}
    if mode == "nearest":
        attrs["nearest_mode"] = pick("round_prefer_floor", "round_prefer_ceil", "floor", "ceil")
    if mode == "cubic":
        attrs["cubic_coeff_a"] = pick(-0.75, -0.5)
        attrs["exclude_outside"] = pick(0, 1)
    if rank == 2 and mode in ("linear", "cubic") and rng.random() < 0.25:
        attrs["antialias"] = 1
    if rng.random() < 0.5:
        sizes = [x.shape[0], x.shape[1]] + ints(rank, 1, 12)
        return "Resize", [x, None, None, np.array(sizes, np.int64)], attrs, 1
    scales = [1, 1] + [pick(0.5, 2, 3, 1.5, 0.75, 1, 2.5) for _ in range(rank)]
    return "Resize", [x, None, np.array(scales, np.float32)], attrs, 1


def pool():
    op = pick("MaxPool", "AveragePool", "LpPool")
    rank = pick(1, 2, 2, 3)
    k = ints(rank, 1, 4)
    attrs = {"kernel_shape": k, "strides": ints(rank, 1, 3), "ceil_mode": pick(0, 1)}
    if rng.random() < 0.25:
        attrs["auto_pad"] = pick("SAME_UPPER", "SAME_LOWER", "VALID")
    else:
        attrs["pads"] = [int(rng.integers(0, q)) for q in k * 2]
        attrs["dilations"] = ints(rank, 1, 2)
    if op == "AveragePool":
        attrs["count_include_pad"] = pick(0, 1)
    if op == "LpPool":
        attrs["p"] = pick(1, 2, 3)
    x = data(int(rng.integers(1, 3)), int(rng.integers(1, 4)), *ints(rank, 3, 9))
    outputs = 2 if op == "MaxPool" and rng.random() < 0.5 else 1
    return op, [x], attrs, outputs


def depth():
    b = int(rng.integers(1, 4))
    if rng.random() < 0.7:
        return "DepthToSpace", [data(int(rng.integers(1, 3)), b * b * int(rng.integers(1, 4)), *ints(2, 1, 5))], \
            {"blocksize": b, "mode": pick("DCR", "CRD")}, 1
    return "SpaceToDepth", [data(int(rng.integers(1, 3)), int(rng.integers(1, 4)), *[b * v for v in ints(2, 1, 4)])], {"blocksize": b}, 1


def pad():
    mode = pick("constant", "reflect", "edge", "wrap")
    x = data(*ints(int(rng.integers(1, 5)), 3, 6))
    low = -1 if mode == "constant" else 0
    pads = np.array(ints(2 * x.ndim, low, 2), np.int64)
    inputs = [x, pads]
    if mode == "constant" and rng.random() < 0.5:
        inputs.append(np.array(1.5, np.float32))
    return "Pad", inputs, {"mode": mode}, 1


def norm():
    op = pick("InstanceNormalization", "GroupNormalization", "BatchNormalization", "LayerNormalization", "LRN", "LpNormalization")
    c = int(rng.integers(2, 7))
    x = data(int(rng.integers(1, 3)), c, *ints(pick(1, 2, 3), 2, 6))
    eps = float(pick(1e-5, 1e-3))
    if op == "InstanceNormalization":
        return op, [x, data(c), data(c)], {"epsilon": eps}, 1
    if op == "GroupNormalization":
        g = pick(*[d for d in range(1, c + 1) if c % d == 0])
        return op, [x, data(c), data(c)], {"epsilon": eps, "num_groups": g}, 1
    if op == "BatchNormalization":
        return op, [x, data(c), data(c), data(c), np.abs(data(c)) + np.float32(0.5)], {"epsilon": eps}, 1
    if op == "LayerNormalization":
        axis = int(rng.integers(-x.ndim, x.ndim))
        shape = x.shape[axis:]
        return op, [x, data(*shape), data(*shape)][:pick(2, 3)], {"axis": axis, "epsilon": eps}, 1
    if op == "LpNormalization":
        return op, [x], {"axis": int(rng.integers(-x.ndim, x.ndim)), "p": pick(1, 2)}, 1
    return op, [data(1, c, *ints(2, 2, 6))], {"size": pick(1, 3, 5), "alpha": 0.01, "beta": 0.75, "bias": 1.0}, 1


def gridsample():
    n, c = int(rng.integers(1, 3)), int(rng.integers(1, 4))
    x = data(n, c, *ints(2, 2, 6))
    grid = (rng.random((n, *ints(2, 1, 5), 2)) * 3 - 1.5).astype(np.float32)
    return "GridSample", [x, grid], {"mode": pick("linear", "nearest", "cubic"), "align_corners": pick(0, 1),
                                     "padding_mode": pick("zeros", "border", "reflection")}, 1


def quantised():
    op = pick("QuantizeLinear", "DequantizeLinear", "QLinearConv", "ConvInteger", "DynamicQuantizeLinear", "QLinearMatMul", "MatMulInteger")
    kind = pick(np.uint8, np.int8)
    lo, hi = np.iinfo(kind).min, np.iinfo(kind).max
    q = lambda *s: rng.integers(lo, hi + 1, s).astype(kind)  # noqa: E731
    scale = np.array(pick(0.02, 0.05, 0.25), np.float32)
    zero = np.array(rng.integers(lo, hi + 1), kind)
    if op == "QuantizeLinear":
        if rng.random() < 0.5:
            c = int(rng.integers(1, 5))
            return op, [data(2, c, 3), (rng.random(c) / 8 + 0.01).astype(np.float32), q(c)], {"axis": 1}, 1
        return op, [data(3, 5), scale, zero], {}, 1
    if op == "DequantizeLinear":
        if rng.random() < 0.5:
            c = int(rng.integers(1, 5))
            return op, [q(2, c, 3), (rng.random(c) / 8 + 0.01).astype(np.float32), q(c)], {"axis": 1}, 1
        return op, [q(3, 5), scale, zero], {}, 1
    if op == "DynamicQuantizeLinear":
        return op, [data(3, 5)], {}, 3
    if op in ("QLinearMatMul", "MatMulInteger"):
        a, b = rng.integers(0, 256, (3, 4)).astype(np.uint8), q(4, 5)
        za, zb = np.array(rng.integers(0, 256), np.uint8), zero
        if op == "MatMulInteger":
            return op, [a, b, za, zb], {}, 1
        return op, [a, scale, za, b, scale, zb, np.array(pick(0.5, 2.0), np.float32), np.array(rng.integers(0, 256), np.uint8)], {}, 1
    m, c = int(rng.integers(1, 5)), int(rng.integers(1, 4))
    x = rng.integers(0, 256, (1, c, 5, 6)).astype(np.uint8)
    w = q(m, c, 3, 3)
    zx = np.array(rng.integers(0, 256), np.uint8)
    attrs = {"pads": ints(4, 0, 1), "strides": ints(2, 1, 2)}
    if op == "ConvInteger":
        return op, [x, w, zx, zero], attrs, 1
    ws = (rng.random(m) / 32 + 0.005).astype(np.float32) if rng.random() < 0.5 else scale
    wz = np.zeros(m, kind) if ws.ndim else zero
    inputs = [x, scale, zx, w, ws, wz, np.array(pick(0.5, 2.0), np.float32), np.array(rng.integers(0, 256), np.uint8)]
    if rng.random() < 0.5:
        inputs.append(rng.integers(-500, 501, m).astype(np.int32))
    return op, inputs, attrs, 1


def rest():
    op = pick("Softmax", "ReduceMean", "ReduceMax", "ReduceL2", "ReduceLogSumExp", "ArgMax", "Gemm", "MatMul", "Slice", "CumSum", "TopK", "Gelu", "HardSwish", "PRelu", "Clip", "Einsum")
    x = data(*ints(int(rng.integers(2, 5)), 1, 5))
    axis = int(rng.integers(-x.ndim, x.ndim))
    if op == "Softmax":
        return op, [x], {"axis": axis}, 1
    if op.startswith("Reduce"):
        return op, [x, np.array([axis], np.int64)], {"keepdims": pick(0, 1)}, 1
    if op == "ArgMax":
        return op, [x], {"axis": axis, "keepdims": pick(0, 1), "select_last_index": pick(0, 1)}, 1
    if op == "Gemm":
        ta, tb = pick(0, 1), pick(0, 1)
        return op, [data(*((4, 3) if ta else (3, 4))), data(*((5, 4) if tb else (4, 5))), data(*pick((3, 5), (5,), (1, 5), (3, 1)))], \
            {"transA": ta, "transB": tb, "alpha": pick(1.0, 0.5), "beta": pick(1.0, 2.0)}, 1
    if op == "MatMul":
        return op, pick([data(2, 3, 4), data(4, 5)], [data(4), data(2, 4, 3)], [data(2, 1, 3, 4), data(3, 4, 2)], [data(3, 4), data(4)]), {}, 1
    if op == "Slice":
        n = x.ndim
        return op, [x, np.array(ints(n, -6, 5), np.int64), np.array(ints(n, -6, 6), np.int64), np.arange(n), np.array([pick(-2, -1, 1, 2) for _ in range(n)], np.int64)], {}, 1
    if op == "CumSum":
        return op, [x, np.array(axis, np.int64)], {"exclusive": pick(0, 1), "reverse": pick(0, 1)}, 1
    if op == "TopK":
        return op, [x, np.array([int(rng.integers(1, x.shape[axis] + 1))], np.int64)], {"axis": axis, "largest": pick(0, 1)}, 2
    if op == "Gelu":
        return op, [x], {"approximate": pick("none", "tanh")}, 1
    if op == "PRelu":
        return op, [x, data(*pick((1,), x.shape[-1:], x.shape))], {}, 1
    if op == "Clip":
        return op, [x, np.array(-1, np.float32), np.array(2, np.float32)], {}, 1
    if op == "Einsum":
        return op, [data(2, 3, 4), data(2, 4, 5)], {"equation": pick("bij,bjk->bik", "bij,bjk->ik", "bij,bjk->bki")}, 1
    return op, [x], {}, 1


PLAN = [(lambda: conv(True), 160), (lambda: conv(False), 90), (resize, 110), (pool, 90), (depth, 30), (pad, 50), (norm, 60),
        (gridsample, 40), (quantised, 80), (rest, 80)]


def model_of(op, inputs, attrs, outputs):
    names = [f"x{i}" if v is not None else "" for i, v in enumerate(inputs)]
    node = helper.make_node(op, names, [f"y{i}" for i in range(outputs)], **attrs)
    infos = [helper.make_tensor_value_info(n, helper.np_dtype_to_tensor_dtype(v.dtype), v.shape) for n, v in zip(names, inputs) if v is not None]
    outs = [helper.make_empty_tensor_value_info(f"y{i}") for i in range(outputs)]
    graph = helper.make_graph([node], op, infos, outs)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=10)
    model.producer_name = ""
    return model, {n: v for n, v in zip(names, inputs) if v is not None}


def agrees(a, b):
    return all(x.shape == np.shape(y) and np.allclose(x, y, rtol=1e-3, atol=1e-4, equal_nan=True) for x, y in zip(a, b))


def main():
    here = pathlib.Path(__file__).parent
    entries, refused, differ = [], 0, 0
    for make, count in PLAN:
        made = 0
        while made < count:
            op, inputs, attrs, outputs = make()
            model, feed = model_of(op, inputs, attrs, outputs)
            try:
                inferred = onnx.shape_inference.infer_shapes(model)
                got = ort.InferenceSession(inferred.SerializeToString(), providers=["CPUExecutionProvider"]).run(None, feed)
            except Exception:  # what onnxruntime refuses is no case
                refused += 1
                continue
            if any(np.size(g) == 0 or np.size(g) > 4000 for g in got):
                continue
            arrays = {f"in:{k}": v for k, v in feed.items()} | {f"out:y{i}": g for i, g in enumerate(got)}
            try:
                ref = ReferenceEvaluator(model).run(None, feed)
                if not agrees(got, ref):
                    differ += 1
                    arrays |= {f"ref:y{i}": np.asarray(r) for i, r in enumerate(ref)}
            except Exception:
                pass
            entries.append((f"{len(entries):03d}_{op}", model.SerializeToString(), arrays))
            made += 1
    with zipfile.ZipFile(here / "cases.zip", "w", zipfile.ZIP_DEFLATED) as z:
        def put(name, content):
            info = zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))
            info.compress_type = zipfile.ZIP_DEFLATED
            z.writestr(info, content)
        for name, model, arrays in entries:
            put(name + ".onnx", model)
            buffer = io.BytesIO()
            with zipfile.ZipFile(buffer, "w") as npz:
                for key, value in arrays.items():
                    b = io.BytesIO()
                    np.lib.format.write_array(b, np.asarray(value, order="C"))
                    npz.writestr(zipfile.ZipInfo(key + ".npy", (1980, 1, 1, 0, 0, 0)), b.getvalue())
            put(name + ".npz", buffer.getvalue())
    print(f"{len(entries)} cases; onnxruntime refused {refused} draws; the reference evaluator differs in {differ}")


if __name__ == "__main__":
    main()
