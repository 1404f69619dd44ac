"""The photographs that the models are trained and measured on, and their luminance.

All of them ship inside the scikit-image wheel (nothing is downloaded); README.md repeats what scikit-image says of
the source and rights of each.
"""
import numpy as np
import skimage.data

# Each photograph takes part in training or in measurement, never in both.
SR_TRAIN = ["camera", "rocket", "retina", "immunohistochemistry", "hubble_deep_field", "brick", "grass", "gravel", "clock"]
SR_TEST = ["astronaut", "chelsea", "coffee"]


def pixels(name):
    """The photograph as uint8 [H, W] or [H, W, 3]."""
    return getattr(skimage.data, name)()


def luminance(rgb):
    """Y of JPEG (BT.601, full range) of uint8 pixels, as float32 in 0..1; grey pictures are their own luminance."""
    x = rgb.astype(np.float32) / 255
    return x if x.ndim == 2 else x @ np.array([0.299, 0.587, 0.114], np.float32)
