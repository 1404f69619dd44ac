#!/usr/bin/env python3
"""Export one tiny model per decoder architecture, with onnxruntime's outputs.

    pip install torch torchvision onnx onnxscript onnxruntime==1.30.0 numpy
    python architectures.py

Writes <name>.onnx and <name>.npz (keys "in:<input>", "out:<output>")
and manifest.json next to this file. Weights are random with fixed seeds; opsets vary on purpose.
"""
import collections
import json
import pathlib
import warnings

import numpy as np
import onnx
import onnxruntime as ort
import torch
import torch.nn as nn
import torch.nn.functional as F
from onnx import TensorProto, helper, numpy_helper

warnings.filterwarnings("ignore")
ort.set_default_logger_severity(4)
HERE = pathlib.Path(__file__).parent


def bilinear_init(conv):
    """Weights of a ConvTranspose that interpolates bilinearly, channel by channel."""
    k = conv.kernel_size[0]
    f = (k + 1) // 2
    t = 1 - (torch.arange(k) - (f - 1 if k % 2 else f - 0.5)).abs() / f
    with torch.no_grad():
        conv.weight.zero_()
        for c in range(conv.in_channels):
            conv.weight[c, c if conv.groups == 1 else 0] = torch.outer(t, t)
    return conv


def block(cin, cout, bn=True, dims=2):
    conv, norm = {1: (nn.Conv1d, nn.BatchNorm1d), 2: (nn.Conv2d, nn.BatchNorm2d), 3: (nn.Conv3d, nn.BatchNorm3d)}[dims]
    mods = []
    for a, b in ((cin, cout), (cout, cout)):
        mods += [conv(a, b, 3, padding=1, bias=not bn)] + ([norm(b)] if bn else []) + [nn.ReLU()]
    return nn.Sequential(*mods)


class FCN(nn.Module):
    def __init__(self, skips, classes=5, w=8):
        super().__init__()
        self.stages = nn.ModuleList([nn.Sequential(nn.Conv2d(3 if i == 0 else w, w, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2)) for i in range(5)])
        self.score = nn.ModuleList([nn.Conv2d(w, classes, 1) for _ in range(3)])
        self.skips = skips
        up = lambda k, s: bilinear_init(nn.ConvTranspose2d(classes, classes, k, s, (k - s) // 2, bias=False))
        self.up32, self.up2a, self.up2b, self.up8 = up(64, 32), up(4, 2), up(4, 2), up(16, 8)

    def forward(self, x):
        f = []
        for s in self.stages:
            x = s(x)
            f.append(x)
        y = self.score[0](f[4])
        if not self.skips:
            return self.up32(y)
        y = self.up2a(y) + self.score[1](f[3])
        y = self.up2b(y) + self.score[2](f[2])
        return self.up8(y)


class UNet(nn.Module):
    def __init__(self, w=4, deconv=True, bn=True, dims=2, cin=1, classes=2):
        super().__init__()
        up = nn.ConvTranspose2d if dims == 2 else nn.ConvTranspose3d
        self.pool = F.max_pool2d if dims == 2 else F.max_pool3d
        self.deconv, self.mode = deconv, "bilinear" if dims == 2 else "trilinear"
        c = [w, 2 * w, 4 * w]
        self.down = nn.ModuleList([block(cin, c[0], bn, dims), block(c[0], c[1], bn, dims), block(c[1], c[2], bn, dims)])
        self.up = nn.ModuleList([up(c[2], c[1], 2, 2) if deconv else nn.Conv2d(c[2], c[1], 1), up(c[1], c[0], 2, 2) if deconv else nn.Conv2d(c[1], c[0], 1)])
        self.dec = nn.ModuleList([block(2 * c[1], c[1], bn, dims), block(2 * c[0], c[0], bn, dims)])
        self.head = (nn.Conv2d if dims == 2 else nn.Conv3d)(c[0], classes, 1)

    def forward(self, x):
        a = self.down[0](x)
        b = self.down[1](self.pool(a, 2))
        y = self.down[2](self.pool(b, 2))
        for skip, up, dec in zip((b, a), self.up, self.dec):
            if not self.deconv:
                y = F.interpolate(y, size=skip.shape[2:], mode=self.mode, align_corners=False)
            y = dec(torch.cat([skip, up(y)], 1))
        return self.head(y)


class Residual(nn.Module):
    def __init__(self, cin, cout, stride=1):
        super().__init__()
        self.a = nn.Sequential(nn.Conv2d(cin, cout, 3, stride, 1, bias=False), nn.BatchNorm2d(cout), nn.ReLU(), nn.Conv2d(cout, cout, 3, 1, 1, bias=False), nn.BatchNorm2d(cout))
        self.b = nn.Identity() if stride == 1 and cin == cout else nn.Sequential(nn.Conv2d(cin, cout, 1, stride, bias=False), nn.BatchNorm2d(cout))

    def forward(self, x):
        return F.relu(self.a(x) + self.b(x))


class ResUNet(nn.Module):
    """U-Net on a residual encoder; mode linknet adds skips and uses 1x1, ConvTranspose k3 s2, 1x1."""

    def __init__(self, link, w=6):
        super().__init__()
        self.link = link
        self.stem = nn.Sequential(nn.Conv2d(3, w, 7, 2, 3, bias=False), nn.BatchNorm2d(w), nn.ReLU())
        self.enc = nn.ModuleList([Residual(w, w), Residual(w, 2 * w, 2), Residual(2 * w, 4 * w, 2)])
        def up(cin, cout):
            if not link:
                return nn.ConvTranspose2d(cin, cout, 2, 2)
            return nn.Sequential(nn.Conv2d(cin, cin // 2, 1), nn.ReLU(), nn.ConvTranspose2d(cin // 2, cin // 2, 3, 2, 1, 1), nn.ReLU(), nn.Conv2d(cin // 2, cout, 1), nn.ReLU())
        self.up = nn.ModuleList([up(4 * w, 2 * w), up(2 * w, w)])
        self.dec = nn.ModuleList([block((2 if link else 4) * w, 2 * w), block((1 if link else 2) * w, w)])
        self.head = nn.ConvTranspose2d(w, 3, 4, 2, 1)

    def forward(self, x):
        x, f = self.stem(x), []
        for e in self.enc:
            x = e(x)
            f.append(x)
        for skip, up, dec in zip((f[1], f[0]), self.up, self.dec):
            y = up(x)
            x = dec(skip + y if self.link else torch.cat([skip, y], 1))
        return self.head(x)


class DIPSkip(nn.Module):
    def __init__(self, w=8):
        super().__init__()
        self.d = nn.ModuleList([nn.Sequential(nn.ReflectionPad2d(1), nn.Conv2d(i, w, 3, 2), nn.BatchNorm2d(w), nn.LeakyReLU(0.2)) for i in (4, w)])
        self.s = nn.ModuleList([nn.Sequential(nn.Conv2d(i, 2, 1), nn.BatchNorm2d(2), nn.LeakyReLU(0.2)) for i in (4, w)])
        self.u = nn.ModuleList([nn.Sequential(nn.BatchNorm2d(w + 2), nn.ReflectionPad2d(1), nn.Conv2d(w + 2, w, 3), nn.BatchNorm2d(w), nn.LeakyReLU(0.2)) for _ in range(2)])
        self.out = nn.Sequential(nn.Conv2d(w, 3, 1), nn.Sigmoid())

    def forward(self, z):
        a = self.d[0](z)
        b = self.d[1](a)
        up = lambda t: F.interpolate(t, scale_factor=2.0, mode="bilinear", align_corners=False)
        y = self.u[1](torch.cat([self.s[1](a), up(b)], 1))
        return self.out(self.u[0](torch.cat([self.s[0](z), up(y)], 1)))


class Style(nn.Module):
    def __init__(self, w=6):
        super().__init__()
        conv = lambda i, o, k, s=1: nn.Sequential(nn.ReflectionPad2d(k // 2), nn.Conv2d(i, o, k, s))
        norm = lambda c: nn.InstanceNorm2d(c, affine=True)
        self.a = nn.Sequential(conv(3, w, 9), norm(w), nn.ReLU(), conv(w, 2 * w, 3, 2), norm(2 * w), nn.ReLU())
        self.r = nn.Sequential(conv(2 * w, 2 * w, 3), norm(2 * w), nn.ReLU(), conv(2 * w, 2 * w, 3), norm(2 * w))
        self.b = nn.Sequential(nn.Upsample(scale_factor=2, mode="nearest"), conv(2 * w, w, 3), norm(w), nn.ReLU(), conv(w, 3, 9))

    def forward(self, x):
        x = self.a(x)
        return self.b(x + self.r(x))


class InfoGAN(nn.Module):
    """Noise, a categorical and two continuous codes -> 28x28."""

    def __init__(self):
        super().__init__()
        self.fc = nn.Sequential(nn.Linear(20 + 10 + 2, 7 * 7 * 8), nn.BatchNorm1d(7 * 7 * 8), nn.ReLU())
        self.up = nn.Sequential(nn.ConvTranspose2d(8, 6, 4, 2, 1, bias=False), nn.BatchNorm2d(6), nn.LeakyReLU(0.1), nn.ConvTranspose2d(6, 1, 4, 2, 1), nn.Tanh())

    def forward(self, noise, category, code):
        x = self.fc(torch.cat([noise, category, code], 1))
        return self.up(x.view(-1, 8, 7, 7))


class VAE(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(8, 6 * 4 * 4)
        self.n = nn.GroupNorm(3, 6)
        self.up = nn.Sequential(nn.ConvTranspose2d(6, 6, 3, 2, 1, 1), nn.SiLU(), nn.Upsample(scale_factor=2, mode="nearest"), nn.Conv2d(6, 6, 3, padding=1), nn.GELU(), nn.ConvTranspose2d(6, 3, 5, 2, 2, 1), nn.Sigmoid())

    def forward(self, z):
        return self.up(self.n(self.fc(z).view(-1, 6, 4, 4)))


class SubConv1d(nn.Module):
    """1-D sub-pixel convolution: (B, C, T) -> convolution to C·r channels -> (B, C, T·r), once by plain reshape, once interleaved."""

    def __init__(self, c=2, r=2):
        super().__init__()
        self.conv = nn.Sequential(nn.Conv1d(c, c * r, 5, padding=2), nn.BatchNorm1d(c * r), nn.ReLU())
        self.c, self.r = c, r

    def forward(self, x):
        y = self.conv(x)
        b, _, t = y.shape
        return y.reshape(b, self.c, -1), y.reshape(b, self.c, self.r, t).permute(0, 1, 3, 2).reshape(b, self.c, t * self.r)


class Sobel(nn.Module):
    def __init__(self):
        super().__init__()
        k = torch.tensor([[[1., 2, 1], [0, 0, 0], [-1, -2, -1]], [[-1, 0, 1], [-2, 0, 2], [-1, 0, 1]]])[:, None]
        self.conv, self.deconv = nn.Conv2d(1, 2, 3, bias=False), nn.ConvTranspose2d(2, 1, 3, bias=False)
        self.conv.weight.data, self.deconv.weight.data = k, k.clone()

    def forward(self, x):
        e = self.conv(x)
        return e.abs().sum(1, keepdim=True), self.deconv(e)


class NMFD(nn.Module):
    """V ≈ sum over templates of W[:, r, t] ⊛ H[r]: a transposed convolution of non-negative activations, cropped to their length."""

    def __init__(self, bins=33, rank=3, taps=7):
        super().__init__()
        self.w = nn.ConvTranspose1d(rank, bins, taps, bias=False)

    def forward(self, h):
        return self.w(h)[..., :h.shape[-1]]


class KernelNet(nn.Module):
    """Blur kernel from noise by a softmax, and the blurred picture (SelfDeblur's forward pass)."""

    def __init__(self, k=7):
        super().__init__()
        self.net = nn.Sequential(nn.Linear(16, 32), nn.ReLU6(), nn.Linear(32, k * k), nn.Softmax(1))
        self.k = k

    def forward(self, z, picture):
        kernel = self.net(z).view(1, 1, self.k, self.k)
        return kernel, F.conv2d(picture, kernel, padding=self.k // 2)


def segnet():
    """Encoder with MaxPool indices, decoder with MaxUnpool, written node by node."""
    r = np.random.default_rng(7)
    nodes, init = [], []

    def conv(x, y, i, o):
        weight = (r.standard_normal((o, i, 3, 3)) * (2 / (9 * i)) ** 0.5).astype(np.float32)
        init.extend([numpy_helper.from_array(weight, f"w_{y}"), numpy_helper.from_array(np.full(o, 0.05, np.float32), f"b_{y}")])
        nodes.append(helper.make_node("Conv", [x, f"w_{y}", f"b_{y}"], [f"{y}_c"], pads=[1, 1, 1, 1], kernel_shape=[3, 3]))
        nodes.append(helper.make_node("Relu", [f"{y}_c"], [y]))

    conv("x", "e1", 3, 6)
    nodes.append(helper.make_node("MaxPool", ["e1"], ["p1", "i1"], kernel_shape=[2, 2], strides=[2, 2]))
    conv("p1", "e2", 6, 10)
    nodes.append(helper.make_node("MaxPool", ["e2"], ["p2", "i2"], kernel_shape=[2, 2], strides=[2, 2]))
    nodes.append(helper.make_node("MaxUnpool", ["p2", "i2"], ["u2"], kernel_shape=[2, 2], strides=[2, 2]))
    conv("u2", "d2", 10, 6)
    nodes.append(helper.make_node("MaxUnpool", ["d2", "i1"], ["u1"], kernel_shape=[2, 2], strides=[2, 2]))
    conv("u1", "d1", 6, 4)
    nodes.append(helper.make_node("Softmax", ["d1"], ["y"], axis=1))
    g = helper.make_graph(nodes, "segnet", [helper.make_tensor_value_info("x", TensorProto.FLOAT, [1, 3, 32, 48])],
                          [helper.make_tensor_value_info("y", TensorProto.FLOAT, [1, 4, 32, 48])], init)
    return helper.make_model(g, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)


gan = lambda: nn.Sequential(nn.ConvTranspose2d(100, 8, 7, 1, 0, bias=False), nn.BatchNorm2d(8), nn.ReLU(), nn.ConvTranspose2d(8, 4, 4, 2, 1, bias=False), nn.BatchNorm2d(4), nn.ReLU(),
                            nn.ConvTranspose2d(4, 1, 4, 2, 1, bias=False), nn.Tanh())
autoencoder = lambda: nn.Sequential(nn.Conv2d(1, 8, 3, 2, 1), nn.ReLU(), nn.Conv2d(8, 12, 3, 2, 1), nn.ReLU(), nn.ConvTranspose2d(12, 8, 3, 2, 1, 1), nn.ReLU(), nn.ConvTranspose2d(8, 1, 3, 2, 1, 1), nn.Sigmoid())
espcn = lambda: nn.Sequential(nn.Conv2d(1, 12, 5, padding=2), nn.Tanh(), nn.Conv2d(12, 8, 3, padding=1), nn.Tanh(), nn.Conv2d(8, 9, 3, padding=1), nn.PixelShuffle(3), nn.Sigmoid())

# name: (what, module, input shapes, opset, dynamic axes of every input and output, dynamo exporter)
NETS = {
    "fcn32s": ("FCN-32s, bilinear-initialised ConvTranspose k64 s32", lambda: FCN(False), [(1, 3, 64, 96)], 11, None, False),
    "fcn8s": ("FCN-8s with skips, k4 s2 twice and k16 s8", lambda: FCN(True), [(1, 3, 64, 64)], 13, {0: "batch", 2: "height", 3: "width"}, False),
    "unet_deconv": ("U-Net with ConvTranspose and BatchNorm", lambda: UNet(), [(1, 1, 48, 64)], 13, {0: "batch", 2: "height", 3: "width"}, False),
    "unet_bilinear": ("U-Net with bilinear upsampling to the skip's size, no BatchNorm", lambda: UNet(deconv=False, bn=False), [(1, 1, 44, 60)], 11, None, False),
    "unet_dynamic_sizes": ("the same with dynamic sizes: Shape, Slice, Concat feed Resize", lambda: UNet(deconv=False, bn=False), [(1, 1, 44, 60)], 17, {0: "n", 2: "h", 3: "w"}, False),
    "unet_dynamo": ("U-Net by the newer exporter, opset 20", lambda: UNet(), [(1, 1, 48, 64)], 20, None, True),
    "unet_resnet": ("U-Net on a residual encoder", lambda: ResUNet(False), [(1, 3, 64, 64)], 17, None, False),
    "linknet": ("LinkNet: added skips, 1x1, ConvTranspose k3 s2 p1 op1, 1x1", lambda: ResUNet(True), [(2, 3, 64, 48)], 13, None, False),
    "encoder_decoder": ("convolutional auto-encoder", autoencoder, [(2, 1, 28, 28)], 9, {0: "batch"}, False),
    "dcgan_mnist": ("DCGAN generator, 100 -> 28x28", gan, [(3, 100, 1, 1)], 11, {0: "batch"}, False),
    "infogan_mnist": ("InfoGAN generator, three inputs", InfoGAN, [(2, 20), (2, 10), (2, 2)], 14, None, False),
    "vae_decoder": ("VAE decoder: GroupNorm, SiLU, GELU, nearest", VAE, [(2, 8)], 18, None, True),
    "fast_style": ("fast neural style: reflection pads, InstanceNorm, nearest + convolution", Style, [(1, 3, 48, 64)], 12, {2: "h", 3: "w"}, False),
    "dip_skip": ("deep-image-prior hourglass with skips, LeakyReLU, bilinear", DIPSkip, [(1, 4, 32, 48)], 16, None, False),
    "espcn_x3": ("ESPCN: PixelShuffle by three", espcn, [(1, 1, 24, 40)], 13, {2: "h", 3: "w"}, False),
    "subconv1d": ("1-D sub-pixel convolution, plain and interleaved", SubConv1d, [(5, 2, 160)], 15, None, False),
    "sobel_pair": ("Sobel edges by Conv, and back by ConvTranspose", Sobel, [(1, 1, 64, 64)], 9, None, False),
    "nmfd_reconstruct": ("non-negative deconvolution: templates x activations", NMFD, [(1, 3, 90)], 13, None, False),
    "unet3d_tiny": ("3-D U-Net", lambda: UNet(w=2, dims=3), [(1, 1, 8, 16, 12)], 17, None, False),
    "kernel_net": ("softmax blur kernel used as the weights of a Conv (dynamic weights)", KernelNet, [(1, 16), (1, 1, 24, 20)], 17, None, False),
}


def save(name, what, model, feeds):
    path = HERE / f"{name}.onnx"
    if model is not None:
        onnx.save(model, path)
    model = onnx.load(path)
    onnx.checker.check_model(model)
    s = ort.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    feeds = dict(zip([i.name for i in s.get_inputs()], feeds))
    outs = s.run(None, feeds)
    np.savez_compressed(path.with_suffix(".npz"), **{f"in:{k}": v for k, v in feeds.items()}, **{f"out:{o.name}": v for o, v in zip(s.get_outputs(), outs)})
    print(f"{name:20s} {path.stat().st_size / 1024:6.0f} KiB  npz {path.with_suffix('.npz').stat().st_size / 1024:5.0f} KiB  ", {o.name: (v.shape, round(float(np.abs(v).max()), 3)) for o, v in zip(s.get_outputs(), outs)})
    return {"name": name, "file": path.name, "npz": f"{name}.npz", "what": what, "opset": model.opset_import[0].version,
            "ops": dict(collections.Counter(n.op_type for n in model.graph.node).most_common())}


def main():
    HERE.mkdir(exist_ok=True)
    manifest = []
    for seed, (name, (what, make, shapes, opset, dynamic, dynamo)) in enumerate(NETS.items()):
        torch.manual_seed(seed)
        net = make().eval()
        for m in net.modules():
            if isinstance(m, (nn.BatchNorm1d, nn.BatchNorm2d, nn.BatchNorm3d)):
                m.running_mean.uniform_(-0.2, 0.2)
                m.running_var.uniform_(0.5, 1.5)
        rng = np.random.default_rng(seed)
        feeds = [(rng.random(s) if name in ("sobel_pair", "nmfd_reconstruct", "kernel_net", "espcn_x3") else rng.standard_normal(s)).astype(np.float32) for s in shapes]
        if name == "nmfd_reconstruct":
            net.w.weight.data.abs_()
        names = [f"input{i}" for i in range(len(shapes))] if len(shapes) > 1 else ["input"]
        outs = ["output0", "output1"] if name in ("subconv1d", "sobel_pair", "kernel_net") else ["output"]
        kw = dict(opset_version=opset, input_names=names, output_names=outs, dynamo=dynamo)
        if dynamic:
            kw["dynamic_axes"] = {n: dynamic for n in names + outs}
        with torch.no_grad():
            p = torch.onnx.export(net, tuple(torch.tensor(f) for f in feeds), None if dynamo else str(HERE / f"{name}.onnx"), **kw)
        if dynamo:
            p.save(str(HERE / f"{name}.onnx"), external_data=False)
        manifest.append(save(name, what, None, feeds))
    rng = np.random.default_rng(99)
    manifest.append(save("segnet_unpool", "SegNet: MaxPool indices, MaxUnpool", segnet(), [rng.standard_normal((1, 3, 32, 48)).astype(np.float32)]))
    (HERE / "manifest.json").write_text(json.dumps(manifest, indent=1) + "\n")


if __name__ == "__main__":
    main()
