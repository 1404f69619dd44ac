#!/usr/bin/env python3
"""Train, measure and export unet_coins.onnx: a small U-Net that finds round objects in a grey photograph.

    pip install torch==2.15.0 onnx==1.22.0 onnxscript onnxruntime==1.30.0 numpy scipy pillow scikit-image==0.26.0
    python models/unet_coins/train.py             train (some minutes on two CPU cores), write the model, measure it
    python models/unet_coins/train.py --measure   measure the committed model
    python models/unet_coins/train.py --show DIR  write the pictures that show labels and results, to be looked at

Training pictures: synthetic ones with exact labels (synthetic.py), and the lower two rows of coins of the photograph
skimage.data.coins with labels by a classical method (coin_labels). The upper two rows are never seen in training.
README.md of the parent folder holds the numbers.
"""
import pathlib
import sys
import time

import numpy as np
import torch
import torch.nn as nn
import torch.nn.functional as F
from PIL import Image
from scipy import ndimage
from skimage.filters import sobel
from skimage.morphology import remove_small_objects
from skimage.segmentation import watershed

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent)]
from photographs import luminance, pixels  # noqa: E402
from synthetic import scene  # noqa: E402

MODEL = HERE / "unet_coins.onnx"
STEPS, SIZE = 3000, 128
SYNTHETIC, PHOTOGRAPH = 6, 4  # pictures of each kind in a batch
SPLIT = 152  # photograph rows below this number are held out: rows 146..155 hold no coin, and 152 is a multiple of 8


class UNet(nn.Module):
    """[N, 1, H, W] grey in 0..1 -> [N, 1, H, W] probability; H and W are multiples of 8."""

    def __init__(self, widths=(8, 16, 24, 32)):
        super().__init__()
        levels = range(len(widths) - 1)

        def double(cin, cout):
            return nn.Sequential(nn.Conv2d(cin, cout, 3, padding=1, bias=False), nn.BatchNorm2d(cout), nn.ReLU(),
                                 nn.Conv2d(cout, cout, 3, padding=1, bias=False), nn.BatchNorm2d(cout), nn.ReLU())

        self.down = nn.ModuleList([double(cin, cout) for cin, cout in zip((1,) + widths, widths)])
        self.up = nn.ModuleList([nn.Sequential(nn.ConvTranspose2d(widths[i + 1], widths[i], 2, 2, bias=False),
                                               nn.BatchNorm2d(widths[i]), nn.ReLU()) for i in reversed(levels)])
        self.join = nn.ModuleList([double(2 * widths[i], widths[i]) for i in reversed(levels)])
        self.head = nn.Conv2d(widths[0], 1, 1)

    def logits(self, x):
        skips = []
        for i, block in enumerate(self.down):
            x = block(x if i == 0 else F.max_pool2d(x, 2))
            skips.append(x)
        skips.pop()
        for up, join in zip(self.up, self.join):
            x = join(torch.cat([skips.pop(), up(x)], 1))
        return self.head(x)

    def forward(self, x):
        return torch.sigmoid(self.logits(x))


def coin_labels(grey):
    """Labels of the coins photograph (uint8): watershed of the Sobel gradient from sure background (< 30) and sure coin (> 150).

    This is the region-based method of scikit-image's gallery, with holes filled and specks under 50 pixels removed.
    The outlines were looked at, coin by coin (--show): all 24 coins are there, nothing else is.
    """
    markers = np.zeros(grey.shape, int)
    markers[grey < 30], markers[grey > 150] = 1, 2
    filled = ndimage.binary_fill_holes(watershed(sobel(grey), markers) == 2)
    return remove_small_objects(filled, max_size=50)


def photograph():
    """(luminance, labels) of the coins photograph."""
    grey = pixels("coins")
    return luminance(grey), coin_labels(grey)


def patch(grey, mask, rng):
    """A random piece of the photograph: scaled, turned, mirrored, with other brightness, contrast and gamma."""
    side = min(int(SIZE / rng.uniform(0.75, 1.6)), *grey.shape)
    r, c = rng.integers(grey.shape[0] - side + 1), rng.integers(grey.shape[1] - side + 1)
    x, y = grey[r:r + side, c:c + side], mask[r:r + side, c:c + side].astype(np.float32)
    x, y = (np.asarray(Image.fromarray(np.ascontiguousarray(v)).resize((SIZE, SIZE), Image.BILINEAR)) for v in (x, y))
    turns = rng.integers(4)
    x, y = np.rot90(x, turns), np.rot90(y, turns)
    if rng.integers(2):
        x, y = x[:, ::-1], y[:, ::-1]
    x = np.clip(x, 0, 1) ** rng.uniform(0.7, 1.4) * rng.uniform(0.7, 1.2) + rng.uniform(-0.05, 0.15)
    x = x + rng.normal(0, rng.uniform(0, 0.03), x.shape)
    return np.clip(x, 0, 1).astype(np.float32), (y > 0.5).astype(np.float32)


def loss_of(logits, target):
    """Cross-entropy plus the soft Dice distance."""
    p = torch.sigmoid(logits)
    dice = 1 - (2 * (p * target).sum((1, 2, 3)) + 1) / (p.sum((1, 2, 3)) + target.sum((1, 2, 3)) + 1)
    return F.binary_cross_entropy_with_logits(logits, target) + dice.mean()


def train():
    torch.manual_seed(0)
    torch.set_num_threads(2)
    torch.use_deterministic_algorithms(True)
    rng, start = np.random.default_rng(0), time.time()
    grey, mask = (v[SPLIT:] for v in photograph())
    pool = [scene(SIZE, SIZE, rng) for _ in range(1500)]
    print(f"{len(pool)} synthetic pictures  {time.time() - start:.0f} s", flush=True)
    net = UNet()
    optimiser = torch.optim.AdamW(net.parameters(), 4e-3, weight_decay=1e-3)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, 4e-3, STEPS, pct_start=0.1)
    for step in range(1, STEPS + 1):
        batch = [pool[i] for i in rng.integers(len(pool), size=SYNTHETIC)] + [patch(grey, mask, rng) for _ in range(PHOTOGRAPH)]
        x, y = (torch.from_numpy(np.stack(v))[:, None] for v in zip(*batch))
        loss = loss_of(net.logits(x), y)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        schedule.step()
        if step % 250 == 0:
            print(f"step {step}/{STEPS}  loss {loss.item():.4f}  {time.time() - start:.0f} s", flush=True)
    return net.eval()


def export(net):
    """BatchNormalization stays a node of its own (no folding into Conv): runtimes have that to do."""
    axes = {0: "N", 2: "H", 3: "W"}
    torch.onnx.export(net, (torch.rand(1, 1, 64, 64),), str(MODEL), opset_version=17, dynamo=False,
                      input_names=["input"], output_names=["output"], dynamic_axes={"input": axes, "output": axes},
                      training=torch.onnx.TrainingMode.PRESERVE, do_constant_folding=False)
    print(f"{MODEL.name}: {MODEL.stat().st_size} bytes")


def iou(p, mask):
    p, mask = p > 0.5, mask > 0.5
    return (p & mask).sum() / (p | mask).sum()


def heldout():
    """(name, grey, mask) of everything that the model is measured on."""
    rng = np.random.default_rng(1000)
    for i in range(64):
        yield ("synthetic", *scene(128, 160, rng))
    grey, mask = photograph()
    yield "photograph, held-out upper rows", grey[:SPLIT], mask[:SPLIT]
    end = SPLIT + (grey.shape[0] - SPLIT) // 8 * 8
    yield "photograph, training rows", grey[SPLIT:end], mask[SPLIT:end]


def run(session, grey):
    return session.run(None, {"input": np.ascontiguousarray(grey)[None, None]})[0][0, 0]


def open_model():
    import onnxruntime as ort
    return ort.InferenceSession(str(MODEL), providers=["CPUExecutionProvider"])


def measure():
    session, scores = open_model(), {}
    for name, grey, mask in heldout():
        scores.setdefault(name, []).append(iou(run(session, grey), mask))
    for name, v in scores.items():
        print(f"IoU {np.mean(v):.3f}  (worst {min(v):.3f} of {len(v)})  {name}")


def outlined(grey, mask, colour):
    rgb = np.repeat((np.clip(grey, 0, 1) * 255).astype(np.uint8)[..., None], 3, 2)
    rgb[mask ^ ndimage.binary_erosion(mask)] = colour
    return rgb


def show(folder):
    """Labels (red) above results (green): the photograph, and the first synthetic pictures."""
    folder.mkdir(parents=True, exist_ok=True)
    session = open_model()
    for i, (name, grey, mask) in enumerate(heldout()):
        if 6 <= i < 64:
            continue
        result = run(session, grey) > 0.5
        both = np.vstack([outlined(grey, mask > 0.5, (255, 0, 0)), outlined(grey, result, (0, 255, 0))])
        Image.fromarray(both).resize((both.shape[1] * 2, both.shape[0] * 2), Image.NEAREST).save(folder / f"{i:02d}.png")


if __name__ == "__main__":
    if "--show" in sys.argv[1:]:
        show(pathlib.Path(sys.argv[sys.argv.index("--show") + 1]))
    else:
        if "--measure" not in sys.argv[1:]:
            export(train())
        measure()
