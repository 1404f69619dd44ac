#!/usr/bin/env python3
"""Write the demo pictures and the reference results that are embedded in tconv-run.

    pip install onnxruntime==1.30.0 numpy pillow scikit-image==0.26.0
    python models/make_refs.py

espcn_x2/chelsea_half.png   the photograph "chelsea" (not used in training), in colour, at half its size
unet_coins/coins_upper.png  the upper rows of the photograph "coins", which training never saw
*/<model>.npz               onnxruntime's output (out:output) for that picture or a piece of it (in:input), float32
"""
import pathlib

import numpy as np
import onnxruntime
from PIL import Image

from photographs import luminance, pixels

HERE = pathlib.Path(__file__).resolve().parent
SPLIT = 152  # as in unet_coins/train.py: the rows above it are held out


def reference(name, grey):
    """Run the model on 8-bit luminance and store both arrays."""
    x = (np.round(grey * 255) / 255).astype(np.float32)[None, None]
    session = onnxruntime.InferenceSession(str(HERE / name / f"{name}.onnx"), providers=["CPUExecutionProvider"])
    out = session.run(None, {"input": x})[0]
    path = HERE / name / f"{name}.npz"
    np.savez_compressed(path, **{"in:input": x, "out:output": out})
    print(f"{path.name}: {x.shape} -> {out.shape}, {path.stat().st_size} bytes")


def main():
    chelsea = Image.fromarray(pixels("chelsea")[:300, :450]).resize((225, 150), Image.BICUBIC)
    chelsea.save(HERE / "espcn_x2" / "chelsea_half.png", optimize=True)
    reference("espcn_x2", luminance(np.asarray(chelsea))[24:24 + 75, 40:40 + 112])  # the face; odd and even sizes

    coins = pixels("coins")[:SPLIT]
    Image.fromarray(coins).save(HERE / "unet_coins" / "coins_upper.png", optimize=True)
    reference("unet_coins", luminance(coins))


if __name__ == "__main__":
    main()
