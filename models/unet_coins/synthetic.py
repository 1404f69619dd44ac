"""Synthetic pictures of round, embossed objects on an uneven background, with exact labels."""
import numpy as np
from scipy import ndimage


def noise(height, width, rng, octaves):
    """Smooth noise of zero mean and unit deviation: normal noise, blurred at several scales and added."""
    total = np.zeros((height, width))
    for sigma in octaves:
        v = ndimage.gaussian_filter(rng.standard_normal((height, width)), sigma)
        total += v / v.std()
    return total / total.std()


def gradient(height, width, rng):
    """A slope of random direction over -1..1."""
    r, c = np.mgrid[-1:1:height * 1j, -1:1:width * 1j]
    a = rng.uniform(0, 2 * np.pi)
    return (np.cos(a) * r + np.sin(a) * c) / (abs(np.cos(a)) + abs(np.sin(a)))


def dark_corner(height, width, rng):
    """1 inside a large circle, 0 in the corners that it cuts off, as at the edge of a scan; most often 1 everywhere."""
    if rng.random() < 0.6:
        return np.ones((height, width))
    r, c = np.mgrid[:height, :width].astype(float)
    y, x = rng.uniform(0, height), rng.uniform(0, width)
    distance = np.hypot(r - y, c - x)
    return np.clip((np.quantile(distance, rng.uniform(0.85, 1)) - distance) / rng.uniform(1, 4), 0, 1)


def outlines(height, width, rng):
    """Yields (mask, distance) of discs that do not overlap: distance is 0 in the middle and 1 at the uneven rim."""
    r, c = np.mgrid[:height, :width].astype(float)
    placed, wanted = [], rng.integers(3, 12)
    for _ in range(60):
        radius = rng.uniform(12, 34)
        y, x = rng.uniform(-5, height + 5), rng.uniform(-5, width + 5)
        if any(np.hypot(y - py, x - px) < radius + pr + rng.uniform(2, 8) for py, px, pr in placed):
            continue
        placed.append((y, x, radius))
        if len(placed) == wanted:
            break
    for y, x, radius in placed:
        angle, lean = np.arctan2(r - y, c - x), rng.uniform(0, np.pi)
        shape = 1 + rng.uniform(0, 0.1) * np.cos(2 * (angle - lean))
        for k in range(3, 9):
            shape += rng.normal(0, 0.05 / k) * np.cos(k * angle + rng.uniform(0, 2 * np.pi))
        distance = np.hypot(r - y, c - x) / (radius * 0.92 * shape)
        yield distance < 1, distance


def scene(height, width, rng):
    """(grey, mask): float32 [height, width] in 0..1, and 1 where an object is.

    Background: a level, an illumination slope, cloudy and fine texture. Objects: a level of their own, a relief lit from
    one side, a rim, shading towards the edge, a soft shadow. Then blur, the dark corner of a scan, sensor noise, gamma.
    """
    mask = np.zeros((height, width), bool)
    background = rng.uniform(0.05, 0.5)
    grey = background + rng.uniform(0, 0.06) * noise(height, width, rng, (8, 20)) + rng.uniform(0, 0.03) * noise(height, width, rng, (0.7, 2))
    light = rng.uniform(0, 2 * np.pi)
    contrast, relief_gain = rng.uniform(0.06, 0.4), rng.uniform(0.02, 0.14)
    darker = rng.random() < 0.15 and background > 0.3
    for inside, distance in outlines(height, width, rng):
        shadow = ndimage.gaussian_filter(np.roll(inside.astype(float), rng.integers(-2, 4, 2), (0, 1)), rng.uniform(1, 4))
        grey = grey * (1 - rng.uniform(0, 0.5) * shadow * ~mask)
        relief = noise(height, width, rng, (1.2, 2.5, 5))
        relief = relief + rng.uniform(0, 6) * np.exp(-((distance - rng.uniform(0.8, 0.95)) / 0.06) ** 2)
        dr, dc = np.gradient(relief)
        lit = np.cos(light) * dr + np.sin(light) * dc
        level = background + (-1 if darker else 1) * contrast * rng.uniform(0.8, 1.2)
        face = level + relief_gain * lit / (lit.std() + 1e-6) * rng.uniform(0.3, 1) + rng.uniform(-0.1, 0.1) * distance ** 3
        grey, mask = np.where(inside, face, grey), mask | inside
    grey = ndimage.gaussian_filter(grey * (1 + rng.uniform(0, 0.5) * gradient(height, width, rng)), rng.uniform(0.3, 1.0))
    grey = grey + rng.uniform(-0.1, 0.25) * (1 + gradient(height, width, rng)) / 2
    field = dark_corner(height, width, rng)
    grey, mask = grey * (0.1 + 0.9 * field), mask & (field > 0.5)
    grey = np.clip(grey + rng.normal(0, rng.uniform(0.005, 0.03), grey.shape), 0, 1) ** rng.uniform(0.8, 1.25)
    return grey.astype(np.float32), mask.astype(np.float32)
