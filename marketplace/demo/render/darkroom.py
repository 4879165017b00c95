"""From linear light to the finished 8-bit picture: tone, bloom, type, vignette."""

from functools import cache

import numpy as np
from numba import njit

from .studio import resized

fast = njit(cache=True, fastmath=True, error_model="numpy")


@fast
def _neutral(r, g, b):
    """The PBR Neutral curve (Khronos) without its toe: colours stay true."""
    start, desaturation = 0.76, 0.15
    peak = max(r, g, b)
    if peak < start:
        return r, g, b
    d = 1.0 - start
    after = 1.0 - d * d / (peak + d - start)
    scale = after / peak
    mix = 1.0 - 1.0 / (desaturation * (peak - after) + 1.0)
    return (
        r * scale * (1 - mix) + after * mix,
        g * scale * (1 - mix) + after * mix,
        b * scale * (1 - mix) + after * mix,
    )


@fast
def _encoded(value):
    if value <= 0.0031308:
        return max(0.0, value) * 12.92
    return 1.055 * value ** (1 / 2.4) - 0.055


@fast
def _developed(image, exposure, out):
    for y in range(image.shape[0]):
        for x in range(image.shape[1]):
            cover = 1.0
            if image.shape[2] == 4:
                cover = image[y, x, 3]
                out[y, x, 3] = cover
                if cover < 1e-4:
                    out[y, x, 0] = out[y, x, 1] = out[y, x, 2] = 0.0
                    continue
            scale = exposure / cover
            r, g, b = _neutral(
                image[y, x, 0] * scale, image[y, x, 1] * scale, image[y, x, 2] * scale
            )
            out[y, x, 0] = _encoded(r) * cover
            out[y, x, 1] = _encoded(g) * cover
            out[y, x, 2] = _encoded(b) * cover


def developed(image, exposure=1.0):
    """Display values 0..1; a coverage channel stays, colours multiplied by it."""
    out = np.empty_like(image, np.float32)
    _developed(np.ascontiguousarray(image, np.float32), exposure, out)
    return out


@fast
def _table():
    """Display values for linear light 0..1, by its square root."""
    table = np.empty(1025, np.float32)
    for i in range(1025):
        table[i] = _encoded((i / 1023.0) ** 2)
    return table


@fast
def _shown(table, value):
    place = np.sqrt(min(1.0, max(0.0, value))) * 1023.0
    i = int(place)
    return table[i] + (table[i + 1] - table[i]) * (place - i)


@fast
def lay_objects(fine, picture, table):
    """Lay the finely drawn objects (linear, with coverage) over the picture.

    Each pixel averages the part of the fine image that it covers.
    """
    height, width = picture.shape[:2]
    ratio = fine.shape[0] / height
    for y in range(height):
        top, bottom = y * ratio, (y + 1) * ratio
        for x in range(width):
            left, right = x * ratio, (x + 1) * ratio
            r, g, b, cover, total = 0.0, 0.0, 0.0, 0.0, 0.0
            for j in range(int(top), min(int(np.ceil(bottom)), fine.shape[0])):
                tall = min(j + 1.0, bottom) - max(float(j), top)
                for i in range(int(left), min(int(np.ceil(right)), fine.shape[1])):
                    weight = tall * (min(i + 1.0, right) - max(float(i), left))
                    total += weight
                    part = fine[j, i, 3] * weight
                    if part > 0:
                        cover += part
                        # Averaged after the curve, so that glints keep smooth edges.
                        one, two, three = _neutral(
                            fine[j, i, 0], fine[j, i, 1], fine[j, i, 2]
                        )
                        r, g, b = r + one * weight, g + two * weight, b + three * weight
            if cover <= 0:
                continue
            share = cover / total
            mean = (r / cover, g / cover, b / cover)
            for c in range(3):
                shown = _shown(table, mean[c])
                picture[y, x, c] = picture[y, x, c] * (1 - share) + shown * share


def bloom(fine, paper, strength):
    """Light that spills from what is brighter than white; half of paper's size."""
    height, width = paper.shape[0] // 2, paper.shape[1] // 2
    small = resized(fine, (width, height))
    behind = resized(paper, (width, height))
    light = small[..., :3] + behind * (1 - small[..., 3:])
    bright = np.maximum(light - 0.9, 0.0)
    spill = sum(_blurred(bright, radius) for radius in (2.0, 6.0, 16.0)) / 3
    return np.clip(strength * spill, 0, 1)


def _blurred(image, radius):
    reach = int(radius * 2.5)
    taps = np.exp(-0.5 * (np.arange(-reach, reach + 1) / radius) ** 2)
    taps /= taps.sum()
    for axis in (0, 1):
        pad = [(reach, reach) if a == axis else (0, 0) for a in range(3)]
        wide = np.pad(image, pad, mode="edge")
        size = image.shape[axis]
        image = sum(
            weight * np.take(wide, range(k, k + size), axis)
            for k, weight in enumerate(taps)
        )
    return image


@cache
def _vignette(width, height, strength):
    y, x = np.mgrid[-1 : 1 : height * 1j, -1 : 1 : width * 1j]
    falloff = np.clip((x * x * 0.8 + y * y * 0.8) ** 1.4, 0, 2)
    return (1 - strength * falloff).astype(np.float32)


@cache
def _dither(width, height):
    """Noise of less than one step, so that soft gradients do not show bands."""
    random = np.random.default_rng(1)
    return random.uniform(-0.6, 0.6, (height, width)).astype(np.float32)


@fast
def _finish(picture, vignette, dither, out):
    for y in range(picture.shape[0]):
        for x in range(picture.shape[1]):
            for c in range(3):
                value = picture[y, x, c] * vignette[y, x] * 255 + dither[y, x] + 0.5
                out[y, x, c] = np.uint8(min(255.0, max(0.0, value)))


@fast
def _enlarged(small, picture):
    """Twice or more as large, linear; any two sizes."""
    height, width = picture.shape[:2]
    fy, fx = small.shape[0] / height, small.shape[1] / width
    for y in range(height):
        v = min(max((y + 0.5) * fy - 0.5, 0.0), small.shape[0] - 1.001)
        j = int(v)
        b = v - j
        for x in range(width):
            u = min(max((x + 0.5) * fx - 0.5, 0.0), small.shape[1] - 1.001)
            i = int(u)
            a = u - i
            for c in range(3):
                top = small[j, i, c] * (1 - a) + small[j, i + 1, c] * a
                low = small[j + 1, i, c] * (1 - a) + small[j + 1, i + 1, c] * a
                picture[y, x, c] = top * (1 - b) + low * b


def enlarged(small, size):
    picture = np.empty((size[1], size[0], small.shape[2]), np.float32)
    _enlarged(small, picture)
    return picture


def lay_type(picture, layer, place, opacity=1.0):
    """Lay a line of type (colours multiplied by coverage) at x, y, cut at the edge."""
    x, y = int(round(place[0])), int(round(place[1]))
    height, width = picture.shape[:2]
    left, top = max(0, x), max(0, y)
    right, bottom = min(width, x + layer.shape[1]), min(height, y + layer.shape[0])
    if right <= left or bottom <= top:
        return
    part = layer[top - y : bottom - y, left - x : right - x] * opacity
    below = picture[top:bottom, left:right]
    below *= 1 - part[..., 3:]
    below += part[..., :3]


def print_of(paper, fine, size, *, glow=0.0, words=((), ())):
    """The finished picture; `words` behind and before the objects, each of them
    (layer, place, opacity)."""
    behind, before = words
    picture = enlarged(developed(paper), size)
    for layer, place, opacity in behind:
        lay_type(picture, layer, place, opacity)
    lay_objects(fine, picture, _table())
    if glow:
        spill = enlarged(bloom(fine, paper, glow).astype(np.float32), size)
        picture = 1 - (1 - np.clip(picture, 0, 1)) * (1 - spill)
    for layer, place, opacity in before:
        lay_type(picture, layer, place, opacity)
    out = np.empty((size[1], size[0], 3), np.uint8)
    _finish(
        np.ascontiguousarray(picture, np.float32),
        _vignette(*size, 0.14),
        _dither(*size),
        out,
    )
    return out
