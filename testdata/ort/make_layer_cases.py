#!/usr/bin/env python3
"""Write layers.zip: small models of recurrent layers, of the operators that
onnxruntime adds to ONNX, and of quantised groups (DequantizeLinear, operator,
QuantizeLinear), with the outputs of onnxruntime at its default optimisation.

    pip install onnx==1.22.0 onnxruntime==1.30.0 numpy
    python make_layer_cases.py

Entries are as in cases.zip, which make_cases.py writes. Inputs but the first are
initializers four times in five, so that what is packed at load is tested. The file is
the same bytes every time.
"""
import io
import pathlib
import zipfile

import numpy as np
import onnx
import onnxruntime as ort
from onnx import helper, numpy_helper

ort.set_default_logger_severity(4)
rng = np.random.default_rng(20261122)
F, U8, S8 = np.float32, np.uint8, np.int8
MICROSOFT = "com.microsoft"


def pick(*options):
    return options[rng.integers(len(options))]


def reals(*shape):
    return (rng.normal(size=shape) * 0.7).astype(F)


def octets(kind, *shape):
    return rng.integers(np.iinfo(kind).min, np.iinfo(kind).max + 1, shape).astype(kind)


def scale(lo=0.01, hi=0.05):
    return np.array(rng.uniform(lo, hi), F)


class Graph:
    """Nodes and values of one model."""

    def __init__(self):
        self.nodes, self.feeds, self.inits = [], {}, []

    def value(self, v):
        if v is None or isinstance(v, str):
            return v or ""
        v, name = np.asarray(v), f"x{len(self.feeds) + len(self.inits)}"
        if not self.feeds or rng.random() < 0.2:
            self.feeds[name] = v
        else:
            self.inits.append(numpy_helper.from_array(v, name))
        return name

    def constant(self, v):
        name = f"c{len(self.inits)}"
        self.inits.append(numpy_helper.from_array(np.asarray(v), name))
        return name

    def node(self, op, inputs, outputs=1, domain="", **attrs):
        names = [f"y{len(self.nodes)}_{i}" for i in range(outputs)]
        self.nodes.append(helper.make_node(op, [self.value(v) for v in inputs], names, domain=domain, **attrs))
        return names

    def pair(self, x, s, z):
        """Quantise and give back."""
        q = self.node("QuantizeLinear", [x, s, z])
        return self.node("DequantizeLinear", [q[0], s, z])[0]

    def model(self, outputs):
        info = [helper.make_tensor_value_info(n, helper.np_dtype_to_tensor_dtype(v.dtype), v.shape) for n, v in self.feeds.items()]
        graph = helper.make_graph(self.nodes, "case", info, [onnx.ValueInfoProto(name=o) for o in outputs], self.inits)
        opsets = [helper.make_opsetid("", 21), helper.make_opsetid(MICROSOFT, 1)]
        return helper.make_model(graph, opset_imports=opsets, ir_version=10, producer_name="")


def one(op, inputs, outputs=1, domain="", **attrs):
    g = Graph()
    return g, g.node(op, inputs, outputs, domain, **attrs), op


def recurrent():
    op = pick("LSTM", "GRU", "RNN")
    gates, acts = {"LSTM": (4, 3), "GRU": (3, 2), "RNN": (1, 1)}[op]
    s, n, i, h = (int(rng.integers(1, k)) for k in (6, 4, 6, 10))
    direction = pick("forward", "reverse", "bidirectional")
    d = 2 if direction == "bidirectional" else 1
    attrs = {"hidden_size": h, "direction": direction}
    if rng.random() < 0.3:
        attrs["clip"] = 0.5
    if op == "GRU":
        attrs["linear_before_reset"] = pick(0, 1)
    if op == "LSTM" and rng.random() < 0.2:
        attrs["input_forget"] = 1
    if rng.random() < 0.4:
        attrs["activations"] = [pick("Relu", "Tanh", "Sigmoid", "Softsign", "LeakyRelu", "HardSigmoid", "Elu", "Softplus") for _ in range(acts * d)]
        attrs.setdefault("clip", 3.0)
    lengths = rng.integers(1, s + 1, n).astype(np.int32)
    inputs = [reals(s, n, i), reals(d, gates * h, i), reals(d, gates * h, h), pick(None, reals(d, 2 * gates * h)),
              pick(None, lengths), pick(None, reals(d, n, h))]
    if op == "LSTM":
        inputs += [pick(None, reals(d, n, h)), pick(None, reals(d, 3 * h))]
    return one(op, inputs, 3 if op == "LSTM" else 2, **attrs)


def floats():
    x, row = reals(2, 3, 8), lambda: pick(None, reals(8))  # noqa: E731
    ta, tb = pick(0, 1), pick(0, 1)
    act, params = pick(("Relu", []), ("LeakyRelu", [0.2]), ("Clip", [-0.5, 0.7]), ("HardSigmoid", [0.3, 0.4]), ("Tanh", []), ("Sigmoid", []))
    fused = {"activation": act, "pads": [1, 1, 1, 1]} | ({"activation_params": params} if params else {})
    return pick(
        lambda: one("SkipLayerNormalization", [x, reals(2, 3, 8), reals(8), row(), row()], domain=MICROSOFT, epsilon=1e-5),
        lambda: one("SkipSimplifiedLayerNormalization", [x, reals(2, 3, 8), reals(8)], domain=MICROSOFT, epsilon=1e-5),
        lambda: one("SimplifiedLayerNormalization", [x, reals(8)], epsilon=1e-5, axis=-1),
        lambda: one("FastGelu", [x, row()], domain=MICROSOFT),
        lambda: one("BiasGelu", [x, reals(8)], domain=MICROSOFT),
        lambda: one("Gelu", [x], domain=MICROSOFT),
        lambda: one("QuickGelu", [x], domain=MICROSOFT, alpha=1.5),
        lambda: one("FusedMatMul", [reals(2, *((4, 3) if ta else (3, 4))), reals(*((5, 4) if tb else (4, 5)))],
                    domain=MICROSOFT, transA=ta, transB=tb, alpha=0.37),
        lambda: one("FusedConv", [reals(1, 4, 6, 7), reals(5, 4, 3, 3), pick(None, reals(5)), pick(None, reals(1, 5, 6, 7))], domain=MICROSOFT, **fused),
        lambda: one("ConvTransposeWithDynamicPads", [reals(1, 4, 5, 5), reals(4, 3, 3, 3), np.array([1, 0, 1, 1]), pick(None, reals(3))],
                    domain=MICROSOFT, strides=[2, 2]),
    )()


def integers():
    def q(*shape):
        return octets(U8, *shape)

    def sz():
        return [scale(), q()]
    op = pick("QLinearAdd", "QLinearMul", "QLinearSoftmax", "QLinearAveragePool", "QLinearGlobalAveragePool", "QLinearSigmoid",
              "QLinearLeakyRelu", "QLinearConcat", "QGemm", "QuantizeLinear", "DequantizeLinear")
    if op in ("QLinearAdd", "QLinearMul"):
        return one(op, [q(2, 3, 4), *sz(), q(*pick((2, 3, 4), (3, 1), ())), *sz(), *sz()], domain=MICROSOFT)
    if op == "QLinearSoftmax":
        return one(op, [q(3, 50), *sz(), np.array(1 / 256, F), np.array(0, U8)], domain=MICROSOFT, axis=-1, opset=13)
    if op == "QLinearAveragePool":
        return one(op, [q(1, 3, 8, 7), *sz(), *sz()], domain=MICROSOFT, kernel_shape=[3, 2], strides=[2, 1], pads=[1, 0, 1, 1],
                   count_include_pad=pick(0, 1), ceil_mode=0)
    if op == "QLinearGlobalAveragePool":
        return one(op, [q(2, 3, 8, 7), *sz(), *sz()], domain=MICROSOFT)
    if op in ("QLinearSigmoid", "QLinearLeakyRelu"):
        return one(op, [q(100), *sz(), *sz()], domain=MICROSOFT, **({"alpha": 0.1} if op == "QLinearLeakyRelu" else {}))
    if op == "QLinearConcat":
        return one(op, [*sz(), q(2, 3), *sz(), q(2, 5), *sz()], domain=MICROSOFT, axis=1)
    if op == "QGemm":
        bias = pick(None, rng.integers(-500, 500, 4).astype(np.int32))
        return one(op, [q(3, 7), *sz(), octets(S8, 7, 4), scale(), np.array(0, S8), bias, *pick(sz(), [])], domain=MICROSOFT, alpha=1.25)
    if op == "QuantizeLinear":
        inputs, attrs = pick(([reals(4, 6), np.abs(reals(4, 3)) + F(0.05), rng.integers(-8, 8, (4, 3)).astype(S8)], {"axis": 1, "block_size": 2}),
                             ([reals(4, 6), np.array(0.1, F), np.array(300, np.uint16)], {}))
        return one(op, inputs, **attrs)
    return one(op, [rng.integers(-3000, 3000, (4, 6)).astype(np.int16), np.abs(reals(4)) + F(0.05), rng.integers(-8, 8, 4).astype(np.int16)], axis=0)


def groups():
    """DequantizeLinear, operator, QuantizeLinear; int8 activations are read once or twice."""
    g = Graph()
    kind = pick(U8, S8)
    params = lambda: (g.constant(scale(0.02, 0.05)), g.constant(octets(kind)))  # noqa: E731
    op = pick("Conv", "Conv", "Conv", "MatMul", "Gemm", "Add", "Mul", "Concat", "Sigmoid", "LeakyRelu", "Softmax", "AveragePool",
              "GlobalAveragePool", "MaxPool", "Transpose", "Relu", "ConvRelu")
    image = op in ("Conv", "ConvRelu", "AveragePool", "GlobalAveragePool", "MaxPool")
    a = g.pair(g.value(reals(1, 5, 7, 8) * 2 if image else reals(4, 6) * 2), *(pa := params()))
    if op in ("Conv", "ConvRelu"):
        ws = scale(0.005, 0.02) if rng.random() < 0.5 else rng.uniform(0.005, 0.02, 6).astype(F)
        w = g.node("DequantizeLinear", [g.constant(octets(S8, 6, 5, 3, 3)), g.constant(ws), g.constant(np.zeros(ws.shape, S8))], axis=0)[0]
        bias = []
        if rng.random() < 0.5:
            bs = (ws * numpy_helper.to_array(next(t for t in g.inits if t.name == pa[0]))).astype(F)
            bias = [g.node("DequantizeLinear", [g.constant(rng.integers(-500, 500, 6).astype(np.int32)), g.constant(bs),
                                                g.constant(np.zeros(bs.shape, np.int32))], axis=0)[0]]
        y = g.node("Conv", [a, w, *bias], pads=[1, 1, 1, 1], strides=pick([1, 1], [2, 1]))[0]
        if op == "ConvRelu":
            y = g.node("Relu", [y])[0]
    elif op in ("MatMul", "Gemm"):
        w = g.node("DequantizeLinear", [g.constant(octets(S8, 6, 5)), g.constant(scale(0.005, 0.02)), g.constant(np.array(0, S8))])[0]
        y = g.node(op, [a, w], **({"alpha": 1.0, "beta": 1.0} if op == "Gemm" else {}))[0]
    elif op in ("Add", "Mul", "Concat"):
        b = g.pair(g.node("Neg", [a if rng.random() < 0.3 else list(g.feeds)[0]])[0], *params())
        y = g.node(op, [a, b], **({"axis": 1} if op == "Concat" else {}))[0]
    else:
        attrs = {"AveragePool": {"kernel_shape": [2, 3], "pads": [0, 1, 0, 1]}, "MaxPool": {"kernel_shape": [2, 2]}, "Transpose": {"perm": [1, 0]},
                 "Softmax": {"axis": -1}, "LeakyRelu": {"alpha": 0.1}}.get(op, {})
        y = g.node(op, [a], **attrs)[0]
    out = pa if op in ("MaxPool", "Transpose") else params()
    y = g.pair(y, *out)
    return g, [y] + ([g.node("Abs", [a])[0]] if rng.random() < 0.3 else []), "group_" + op


PLAN = [(recurrent, 100), (floats, 80), (integers, 120), (groups, 160)]


def main():
    here = pathlib.Path(__file__).parent
    entries, refused = [], 0
    for make, count in PLAN:
        made = 0
        while made < count:
            g, outputs, name = make()
            model = g.model(outputs)
            try:
                session = ort.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
                got = session.run(None, g.feeds)
            except Exception:  # what onnxruntime refuses is no case
                refused += 1
                continue
            arrays = {f"in:{k}": v for k, v in g.feeds.items()} | {f"out:{o.name}": v for o, v in zip(session.get_outputs(), got)}
            entries.append((f"{len(entries):03d}_{name}", model.SerializeToString(), arrays))
            made += 1
    with zipfile.ZipFile(here / "layers.zip", "w", zipfile.ZIP_DEFLATED) as z:
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
    print(f"{len(entries)} cases; onnxruntime refused {refused} draws")


if __name__ == "__main__":
    main()
