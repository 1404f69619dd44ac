#!/usr/bin/env python3
"""Export the benchmark models to ONNX.

    pip install torch==2.15.0 torchvision onnx==1.22.0 onnxscript onnxruntime==1.30.0 numpy
    python models/bench/export_models.py OUT_DIR [NAME...]

Weights are random with a fixed seed (speed does not depend on them), scaled so that activations stay finite. Static
input shapes, float32, opset 17. Besides OUT_DIR/NAME.onnx it writes OUT_DIR/refs/NAME.npz: a seeded standard-normal
input (in:input) and onnxruntime's output (out:output), for tconv-run verify NAME.onnx --golden refs/NAME.npz.
"""
import pathlib
import sys

import numpy as np
import onnxruntime
import torch
import torch.nn as nn
import torch.nn.functional as F


class DoubleConv(nn.Sequential):
    def __init__(self, cin, cout):
        super().__init__(
            nn.Conv2d(cin, cout, 3, padding=1, bias=False), nn.BatchNorm2d(cout), nn.ReLU(True),
            nn.Conv2d(cout, cout, 3, padding=1, bias=False), nn.BatchNorm2d(cout), nn.ReLU(True))


class UNet(nn.Module):
    """U-Net, 4 levels, up by ConvTranspose k2s2 or bilinear + 1x1 convolution."""

    def __init__(self, base=32, classes=2, bilinear=False):
        super().__init__()
        w = [base * 2 ** i for i in range(5)]
        self.bilinear = bilinear
        self.down = nn.ModuleList([DoubleConv(3, w[0])] + [DoubleConv(w[i], w[i + 1]) for i in range(4)])
        self.up = nn.ModuleList([
            nn.Conv2d(w[i + 1], w[i], 1) if bilinear else nn.ConvTranspose2d(w[i + 1], w[i], 2, 2)
            for i in reversed(range(4))])
        self.dec = nn.ModuleList([DoubleConv(2 * w[i], w[i]) for i in reversed(range(4))])
        self.head = nn.Conv2d(w[0], classes, 1)

    def forward(self, x):
        skips = []
        for i, block in enumerate(self.down):
            x = block(x)
            if i < 4:
                skips.append(x)
                x = F.max_pool2d(x, 2)
        for up, dec in zip(self.up, self.dec):
            if self.bilinear:
                x = F.interpolate(x, scale_factor=2, mode="bilinear", align_corners=True)
            x = up(x)
            x = dec(torch.cat([skips.pop(), x], 1))
        return self.head(x)


def dcgan(nz=100, ngf=64):
    """DCGAN generator 1x1 -> 64x64."""
    layers, c = [nn.ConvTranspose2d(nz, ngf * 8, 4, 1, 0, bias=False), nn.BatchNorm2d(ngf * 8), nn.ReLU(True)], ngf * 8
    for _ in range(3):
        layers += [nn.ConvTranspose2d(c, c // 2, 4, 2, 1, bias=False), nn.BatchNorm2d(c // 2), nn.ReLU(True)]
        c //= 2
    return nn.Sequential(*layers, nn.ConvTranspose2d(c, 3, 4, 2, 1, bias=False), nn.Tanh())


class EDSR(nn.Module):
    """EDSR-baseline x2: 16 residual blocks of 64 channels, PixelShuffle."""

    def __init__(self, n=16, c=64):
        super().__init__()
        self.head = nn.Conv2d(3, c, 3, padding=1)
        self.body = nn.ModuleList([nn.Sequential(nn.Conv2d(c, c, 3, padding=1), nn.ReLU(True),
                                                 nn.Conv2d(c, c, 3, padding=1)) for _ in range(n)])
        self.tail = nn.Conv2d(c, c, 3, padding=1)
        self.up = nn.Sequential(nn.Conv2d(c, 4 * c, 3, padding=1), nn.PixelShuffle(2), nn.Conv2d(c, 3, 3, padding=1))

    def forward(self, x):
        x = self.head(x)
        y = x
        for block in self.body:
            y = y + block(y)
        return self.up(self.tail(y) + x)


def espcn(r=3):
    return nn.Sequential(nn.Conv2d(1, 64, 5, padding=2), nn.Tanh(), nn.Conv2d(64, 32, 3, padding=1), nn.Tanh(),
                         nn.Conv2d(32, r * r, 3, padding=1), nn.PixelShuffle(r), nn.Sigmoid())


class Style(nn.Module):
    """Fast neural style transformer: reflect pads, InstanceNorm, nearest upsampling."""

    class Layer(nn.Module):
        def __init__(self, cin, cout, k, stride=1, up=1):
            super().__init__()
            self.up, self.pad = up, nn.ReflectionPad2d(k // 2)
            self.conv = nn.Conv2d(cin, cout, k, stride)

        def forward(self, x):
            if self.up > 1:
                x = F.interpolate(x, scale_factor=self.up, mode="nearest")
            return self.conv(self.pad(x))

    class Res(nn.Module):
        def __init__(self, c):
            super().__init__()
            self.c1, self.n1 = Style.Layer(c, c, 3), nn.InstanceNorm2d(c, affine=True)
            self.c2, self.n2 = Style.Layer(c, c, 3), nn.InstanceNorm2d(c, affine=True)

        def forward(self, x):
            return x + self.n2(self.c2(F.relu(self.n1(self.c1(x)))))

    def __init__(self):
        super().__init__()
        L, N = Style.Layer, lambda c: nn.InstanceNorm2d(c, affine=True)
        self.net = nn.Sequential(
            L(3, 32, 9), N(32), nn.ReLU(), L(32, 64, 3, 2), N(64), nn.ReLU(), L(64, 128, 3, 2), N(128), nn.ReLU(),
            *[Style.Res(128) for _ in range(5)],
            L(128, 64, 3, up=2), N(64), nn.ReLU(), L(64, 32, 3, up=2), N(32), nn.ReLU(), L(32, 3, 9))

    def forward(self, x):
        return self.net(x)


class FCN8s(nn.Module):
    """FCN-8s on a half-width VGG-16, decoded by k4s2 and k16s8 ConvTranspose."""

    def __init__(self, classes=21, w=0.5):
        super().__init__()
        def stage(cin, cout, n):
            cin, cout = (3 if cin == 3 else int(cin * w)), int(cout * w)
            mods = []
            for i in range(n):
                mods += [nn.Conv2d(cin if i == 0 else cout, cout, 3, padding=1), nn.ReLU(True)]
            return nn.Sequential(*mods, nn.MaxPool2d(2))
        self.s = nn.ModuleList([stage(3, 64, 2), stage(64, 128, 2), stage(128, 256, 3), stage(256, 512, 3), stage(512, 512, 3)])
        c5 = int(512 * w)
        self.fc = nn.Sequential(nn.Conv2d(c5, 512, 7, padding=3), nn.ReLU(True), nn.Conv2d(512, 512, 1), nn.ReLU(True), nn.Conv2d(512, classes, 1))
        self.p3, self.p4 = nn.Conv2d(int(256 * w), classes, 1), nn.Conv2d(int(512 * w), classes, 1)
        self.u2a = nn.ConvTranspose2d(classes, classes, 4, 2, 1, bias=False)
        self.u2b = nn.ConvTranspose2d(classes, classes, 4, 2, 1, bias=False)
        self.u8 = nn.ConvTranspose2d(classes, classes, 16, 8, 4, bias=False)

    def forward(self, x):
        f = []
        for s in self.s:
            x = s(x)
            f.append(x)
        y = self.u2a(self.fc(f[4])) + self.p4(f[3])
        y = self.u2b(y) + self.p3(f[2])
        return self.u8(y)


class VAEDecoder(nn.Module):
    """Latent-diffusion style decoder 4x32x32 -> 3x256x256: GroupNorm, SiLU, nearest."""

    class Res(nn.Module):
        def __init__(self, cin, cout):
            super().__init__()
            self.n1, self.c1 = nn.GroupNorm(8, cin), nn.Conv2d(cin, cout, 3, padding=1)
            self.n2, self.c2 = nn.GroupNorm(8, cout), nn.Conv2d(cout, cout, 3, padding=1)
            self.skip = nn.Conv2d(cin, cout, 1) if cin != cout else nn.Identity()

        def forward(self, x):
            y = self.c1(F.silu(self.n1(x)))
            return self.skip(x) + self.c2(F.silu(self.n2(y)))

    def __init__(self, w=(128, 64, 64, 32)):
        super().__init__()
        self.conv_in = nn.Conv2d(4, w[0], 3, padding=1)
        self.mid = nn.Sequential(self.Res(w[0], w[0]), self.Res(w[0], w[0]))
        blocks = []
        for i, c in enumerate(w):
            blocks += [self.Res(w[max(i - 1, 0)], c), self.Res(c, c)]
            if i < 3:
                blocks += [nn.Upsample(scale_factor=2, mode="nearest"), nn.Conv2d(c, c, 3, padding=1)]
        self.blocks = nn.Sequential(*blocks)
        self.out = nn.Sequential(nn.GroupNorm(8, w[-1]), nn.SiLU(), nn.Conv2d(w[-1], 3, 3, padding=1))

    def forward(self, z):
        return self.out(self.blocks(self.mid(self.conv_in(z))))


class LinkNet(nn.Module):
    """LinkNet on ResNet-18: 1x1, ConvTranspose k3s2p1op1, 1x1 decoders with added skips."""

    def __init__(self, classes=19):
        super().__init__()
        import torchvision
        r = torchvision.models.resnet18(weights=None)
        self.stem = nn.Sequential(r.conv1, r.bn1, r.relu, r.maxpool)
        self.enc = nn.ModuleList([r.layer1, r.layer2, r.layer3, r.layer4])
        def dec(cin, cout, s):
            m = cin // 4
            return nn.Sequential(nn.Conv2d(cin, m, 1), nn.BatchNorm2d(m), nn.ReLU(True),
                                 nn.ConvTranspose2d(m, m, 3, s, 1, s - 1), nn.BatchNorm2d(m), nn.ReLU(True),
                                 nn.Conv2d(m, cout, 1), nn.BatchNorm2d(cout), nn.ReLU(True))
        self.dec = nn.ModuleList([dec(512, 256, 2), dec(256, 128, 2), dec(128, 64, 2), dec(64, 64, 1)])
        self.head = nn.Sequential(nn.ConvTranspose2d(64, 32, 3, 2, 1, 1), nn.ReLU(True), nn.Conv2d(32, 32, 3, padding=1),
                                  nn.ReLU(True), nn.ConvTranspose2d(32, classes, 2, 2))

    def forward(self, x):
        x, e = self.stem(x), []
        for b in self.enc:
            x = b(x)
            e.append(x)
        for i, d in enumerate(self.dec):
            x = d(x)
            if i < 3:
                x = x + e[2 - i]
        return self.head(x)


class HiFiGAN(nn.Module):
    """HiFi-GAN V2 style vocoder, 1-D ConvTranspose: 80xT -> 1x256T."""

    def __init__(self, c=128):
        super().__init__()
        self.pre = nn.Conv1d(80, c, 7, padding=3)
        self.ups, self.res = nn.ModuleList(), nn.ModuleList()
        for k, s in ((16, 8), (16, 8), (4, 2), (4, 2)):
            self.ups.append(nn.ConvTranspose1d(c, c // 2, k, s, (k - s) // 2))
            c //= 2
            self.res.append(nn.ModuleList([nn.ModuleList([
                nn.Conv1d(c, c, kk, padding=d * (kk - 1) // 2, dilation=d) for d in (1, 3, 5)]) for kk in (3, 7, 11)]))
        self.post = nn.Conv1d(c, 1, 7, padding=3)

    def forward(self, x):
        x = self.pre(x)
        for up, stacks in zip(self.ups, self.res):
            x = up(F.leaky_relu(x, 0.1))
            total = 0
            for stack in stacks:
                y = x
                for conv in stack:
                    y = y + conv(F.leaky_relu(y, 0.1))
                total = total + y
            x = total / len(stacks)
        return torch.tanh(self.post(F.leaky_relu(x)))


class UNet3D(nn.Module):
    """Small 3-D U-Net (nnU-Net style): InstanceNorm, LeakyReLU, ConvTranspose3d k2s2."""

    def __init__(self, base=16, classes=3):
        super().__init__()
        def block(cin, cout):
            return nn.Sequential(nn.Conv3d(cin, cout, 3, padding=1), nn.InstanceNorm3d(cout, affine=True), nn.LeakyReLU(0.01),
                                 nn.Conv3d(cout, cout, 3, padding=1), nn.InstanceNorm3d(cout, affine=True), nn.LeakyReLU(0.01))
        w = [base, base * 2, base * 4]
        self.d = nn.ModuleList([block(1, w[0]), block(w[0], w[1]), block(w[1], w[2])])
        self.u = nn.ModuleList([nn.ConvTranspose3d(w[2], w[1], 2, 2), nn.ConvTranspose3d(w[1], w[0], 2, 2)])
        self.c = nn.ModuleList([block(2 * w[1], w[1]), block(2 * w[0], w[0])])
        self.head = nn.Conv3d(w[0], classes, 1)

    def forward(self, x):
        a = self.d[0](x)
        b = self.d[1](F.max_pool3d(a, 2))
        y = self.d[2](F.max_pool3d(b, 2))
        y = self.c[0](torch.cat([b, self.u[0](y)], 1))
        y = self.c[1](torch.cat([a, self.u[1](y)], 1))
        return self.head(y)


class Pick(nn.Module):
    """torchvision segmentation model, 'out' head only."""

    def __init__(self, net):
        super().__init__()
        self.net = net

    def forward(self, x):
        return self.net(x)["out"]


def torchvision_seg(name):
    import torchvision
    return Pick(getattr(torchvision.models.segmentation, name)(weights=None, weights_backbone=None))


# name: (module, input shape)
MODELS = {
    "unet32": (lambda: UNet(32), (1, 3, 256, 256)),
    "unet32_bilinear": (lambda: UNet(32, bilinear=True), (1, 3, 256, 256)),
    "dcgan64": (dcgan, (16, 100, 1, 1)),
    "edsr_x2": (EDSR, (1, 3, 96, 96)),
    "espcn_x3": (espcn, (1, 1, 224, 224)),
    "style": (Style, (1, 3, 256, 256)),
    "fcn8s": (FCN8s, (1, 3, 256, 256)),
    "vae_decoder": (VAEDecoder, (1, 4, 32, 32)),
    "linknet": (LinkNet, (1, 3, 256, 256)),
    "fcn_resnet50": (lambda: torchvision_seg("fcn_resnet50"), (1, 3, 224, 224)),
    "deeplabv3_mbv3": (lambda: torchvision_seg("deeplabv3_mobilenet_v3_large"), (1, 3, 224, 224)),
    "hifigan_1d": (HiFiGAN, (1, 80, 64)),
    "unet3d": (UNet3D, (1, 1, 32, 64, 64)),
}


def scale_weights(net):
    """He-style scaling, so that random weights neither explode nor vanish."""
    for m in net.modules():
        if isinstance(m, (nn.Conv1d, nn.Conv2d, nn.Conv3d, nn.ConvTranspose1d, nn.ConvTranspose2d, nn.ConvTranspose3d)):
            k = m.weight[0, 0].numel()
            if isinstance(m, (nn.ConvTranspose1d, nn.ConvTranspose2d, nn.ConvTranspose3d)):
                fan_in = m.in_channels // m.groups * k / max(1, torch.tensor(m.stride).prod().item())
            else:
                fan_in = m.in_channels // m.groups * k
            nn.init.normal_(m.weight, std=(2.0 / fan_in) ** 0.5)
            if m.bias is not None:
                nn.init.uniform_(m.bias, -0.1, 0.1)
        if isinstance(m, (nn.BatchNorm2d, nn.InstanceNorm2d, nn.InstanceNorm3d, nn.GroupNorm)) and m.weight is not None:
            nn.init.uniform_(m.weight, 0.5, 1.5)
            nn.init.uniform_(m.bias, -0.2, 0.2)
        if isinstance(m, nn.BatchNorm2d):
            m.running_mean.uniform_(-0.2, 0.2)
            m.running_var.uniform_(0.5, 1.5)


def reference(path, shape):
    """Input and output of onnxruntime, as the arrays of an npz file."""
    x = np.random.default_rng(0).standard_normal(shape).astype(np.float32)
    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    return {"in:input": x, "out:output": session.run(None, {"input": x})[0]}


def main():
    if len(sys.argv) < 2 or sys.argv[1].startswith("-"):
        sys.exit(__doc__)
    out = pathlib.Path(sys.argv[1])
    (out / "refs").mkdir(parents=True, exist_ok=True)
    for name in sys.argv[2:] or MODELS:
        make, shape = MODELS[name]
        torch.manual_seed(0)
        net = make().eval()
        scale_weights(net)
        path = out / f"{name}.onnx"
        with torch.no_grad():
            torch.onnx.export(net, (torch.randn(*shape),), str(path), opset_version=17, dynamo=False,
                              input_names=["input"], output_names=["output"], do_constant_folding=True)
        np.savez(out / "refs" / f"{name}.npz", **reference(path, shape))
        print(f"{path}  {path.stat().st_size / 2 ** 20:.1f} MiB  input {list(shape)}", flush=True)


if __name__ == "__main__":
    main()
