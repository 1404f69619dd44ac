#!/usr/bin/env python3
"""Train, measure and export espcn_x2.onnx: luminance super-resolution by two.

    pip install torch==2.15.0 onnx==1.22.0 onnxscript onnxruntime==1.30.0 numpy pillow scikit-image==0.26.0
    python models/espcn_x2/train.py             train (some minutes on two CPU cores), write the model, measure it
    python models/espcn_x2/train.py --measure   measure the committed model

The low-resolution picture is the photograph's 8-bit luminance, reduced by two with PIL's antialiased bicubic filter and
rounded to 8 bits. "bicubic" is the same low-resolution picture enlarged by PIL's bicubic filter. PSNR is that of 8-bit
pictures, four pixels at each border left out. README.md of the parent folder holds the numbers.
"""
import pathlib
import sys
import time

import numpy as np
import torch
import torch.nn as nn
import torch.nn.functional as F
from PIL import Image

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))
from photographs import SR_TEST, SR_TRAIN, luminance, pixels  # noqa: E402

MODEL = HERE / "espcn_x2.onnx"
STEPS, BATCH, PATCH = 6000, 16, 40  # PATCH counts low-resolution pixels


class ESPCN(nn.Module):
    """Sub-pixel convolution on low-resolution features, added to the bilinearly enlarged input.

    [N, 1, H, W] -> [N, 1, 2H, 2W], both luminance in 0..1.
    """

    def __init__(self, c=32, blocks=2):
        super().__init__()
        self.head = nn.Sequential(nn.Conv2d(1, c, 5, padding=2), nn.PReLU(c))
        self.body = nn.ModuleList([nn.Sequential(nn.Conv2d(c, c, 3, padding=1), nn.PReLU(c), nn.Conv2d(c, c, 3, padding=1))
                                   for _ in range(blocks)])
        self.tail = nn.Conv2d(c, 4, 3, padding=1)
        self.shuffle = nn.PixelShuffle(2)

    def forward(self, x):
        y = self.head(x)
        for block in self.body:
            y = y + block(y)
        detail = self.shuffle(self.tail(y))
        base = F.interpolate(x, scale_factor=2.0, mode="bilinear", align_corners=False)
        return torch.clamp(base + detail, 0.0, 1.0)


def resize(y, height, width):
    """PIL's bicubic filter (a = -0.5, antialiased when it reduces) on float luminance, rounded to 8 bits."""
    out = np.asarray(Image.fromarray(y).resize((width, height), Image.BICUBIC))
    return (np.clip(np.round(out * 255), 0, 255) / 255).astype(np.float32)


def even(y):
    return np.ascontiguousarray(y[:y.shape[0] // 2 * 2, :y.shape[1] // 2 * 2])


def pair(y):
    """(low, high) luminance of one photograph."""
    y = even(y)
    return resize(y, y.shape[0] // 2, y.shape[1] // 2), y


def training_pairs():
    """Every training photograph at several sizes, so that soft photographs give sharp edges too."""
    for name in SR_TRAIN:
        y = luminance(pixels(name))
        for scale in (1.0, 0.7, 0.5):
            h, w = int(y.shape[0] * scale), int(y.shape[1] * scale)
            yield pair(y if scale == 1.0 else resize(y, h, w))


def batches(pairs, rng):
    """Endless random patches, turned and mirrored; a photograph is drawn in proportion to the root of its area."""
    weight = np.sqrt([low.size for low, _ in pairs])
    weight /= weight.sum()
    while True:
        lows, highs = [], []
        for i in rng.choice(len(pairs), BATCH, p=weight):
            low, high = pairs[i]
            r, c = rng.integers(low.shape[0] - PATCH + 1), rng.integers(low.shape[1] - PATCH + 1)
            a, b = low[r:r + PATCH, c:c + PATCH], high[2 * r:2 * (r + PATCH), 2 * c:2 * (c + PATCH)]
            turns, mirror = rng.integers(4), rng.integers(2)
            a, b = np.rot90(a, turns), np.rot90(b, turns)
            lows.append(a[:, ::-1] if mirror else a)
            highs.append(b[:, ::-1] if mirror else b)
        yield tuple(torch.from_numpy(np.ascontiguousarray(np.stack(v)))[:, None] for v in (lows, highs))


def train():
    torch.manual_seed(0)
    torch.set_num_threads(2)
    torch.use_deterministic_algorithms(True)
    net = ESPCN()
    nn.init.normal_(net.tail.weight, std=1e-3)
    nn.init.zeros_(net.tail.bias)
    optimiser = torch.optim.Adam(net.parameters(), 2e-3)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, 2e-3, STEPS, pct_start=0.05)
    source, start = batches(list(training_pairs()), np.random.default_rng(0)), time.time()
    for step in range(1, STEPS + 1):
        low, high = next(source)
        loss = F.l1_loss(net(low), high)
        optimiser.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(net.parameters(), 0.5)
        optimiser.step()
        schedule.step()
        if step % 500 == 0:
            print(f"step {step}/{STEPS}  loss {loss.item():.5f}  {time.time() - start:.0f} s", flush=True)
    return net.eval()


def export(net):
    axes = {0: "N", 2: "H", 3: "W"}
    torch.onnx.export(net, (torch.rand(1, 1, 24, 32),), str(MODEL), opset_version=17, dynamo=False,
                      input_names=["input"], output_names=["output"],
                      dynamic_axes={"input": axes, "output": {0: "N", 2: "2H", 3: "2W"}})
    print(f"{MODEL.name}: {MODEL.stat().st_size} bytes")


def psnr(a, b):
    a, b = (np.round(np.clip(v[4:-4, 4:-4], 0, 1) * 255) for v in (a, b))
    return 10 * np.log10(255 ** 2 / np.mean((a - b) ** 2))


def measure():
    import onnxruntime as ort
    session = ort.InferenceSession(str(MODEL), providers=["CPUExecutionProvider"])
    print("photograph             bicubic    model     gain")
    for name in SR_TEST + SR_TRAIN:
        low, high = pair(luminance(pixels(name)))
        bicubic = psnr(resize(low, *high.shape), high)
        model = psnr(session.run(None, {"input": low[None, None]})[0][0, 0], high)
        print(f"{name:22s} {bicubic:5.2f} dB {model:5.2f} dB {model - bicubic:+5.2f} dB   {'test' if name in SR_TEST else 'training'}")


if __name__ == "__main__":
    if "--measure" not in sys.argv[1:]:
        export(train())
    measure()
