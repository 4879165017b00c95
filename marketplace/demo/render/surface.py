"""What a surface looks like at one point: colours, patterns, roughness."""

import numpy as np

from .raster import fast

# Columns of a material row; objects/palette.py writes them.
RED, GREEN, BLUE, ROUGH, METAL, COAT, GLOW, PATTERN = range(8)
RED2, GREEN2, BLUE2, ROUGH2, P1, P2, PICTURE, WRAP = range(8, 16)
GLASS = 16
COLUMNS = 17

PLAIN, SPECKLE, DIP, WOOD, STRIPES, DOTS, LABEL, WEAVE, FADE, CHIPS, BRUSHED = range(11)


@fast
def hashed(x, y, z):
    n = (x * 73856093) ^ (y * 19349663) ^ (z * 83492791)
    n = (n ^ (n >> 13)) * 1274126177
    return ((n ^ (n >> 16)) & 0xFFFF) / 65535.0


@fast
def noise(x, y, z):
    i, j, k = int(np.floor(x)), int(np.floor(y)), int(np.floor(z))
    fx, fy, fz = x - i, y - j, z - k
    fx, fy, fz = (
        fx * fx * (3 - 2 * fx),
        fy * fy * (3 - 2 * fy),
        fz * fz * (3 - 2 * fz),
    )
    total = 0.0
    for dz in range(2):
        for dy in range(2):
            for dx in range(2):
                weight = (
                    (fx if dx else 1 - fx)
                    * (fy if dy else 1 - fy)
                    * (fz if dz else 1 - fz)
                )
                total += weight * hashed(i + dx, j + dy, k + dz)
    return total


@fast
def _cells(x, y, z, size, share):
    """1 inside a spot; `share` of the cells of a grid hold one, of random size."""
    x, y, z = x / size, y / size, z / size
    i, j, k = int(np.floor(x)), int(np.floor(y)), int(np.floor(z))
    best = 0.0
    for dz in range(-1, 2):
        for dy in range(-1, 2):
            for dx in range(-1, 2):
                a, b, c = i + dx, j + dy, k + dz
                if hashed(a, b, c) > share:
                    continue
                ox = a + hashed(a + 7, b, c) - x
                oy = b + hashed(a, b + 7, c) - y
                oz = c + hashed(a, b, c + 7) - z
                r = 0.16 + 0.34 * hashed(a + 3, b + 5, c) ** 2
                d = np.sqrt(ox * ox + oy * oy + oz * oz)
                best = max(best, min(1.0, max(0.0, (r - d) * 12)))
    return best


@fast
def _chips(x, y, z, size):
    """The hash of the nearest cell of a Voronoi pattern, or 0 near its border."""
    x, y, z = x / size, y / size, z / size
    i, j, k = int(np.floor(x)), int(np.floor(y)), int(np.floor(z))
    first, second, name = 9.0, 9.0, 0.0
    for dz in range(-1, 2):
        for dy in range(-1, 2):
            for dx in range(-1, 2):
                a, b, c = i + dx, j + dy, k + dz
                ox = a + hashed(a + 7, b, c) - x
                oy = b + hashed(a, b + 7, c) - y
                oz = c + hashed(a, b, c + 7) - z
                d = np.sqrt(ox * ox + oy * oy + oz * oz)
                if d < first:
                    first, second, name = d, first, hashed(a + 1, b + 2, c + 3)
                elif d < second:
                    second = d
    return name if second - first > 0.16 else 0.0


@fast
def _grain(x, y, z, scale):
    bend = noise(x * 2, y * 0.7, z * 2) * 0.5
    rings = np.sqrt((x + 0.3) ** 2 + (z - 0.6) ** 2) * scale + bend * scale * 0.35
    ring = rings - np.floor(rings)
    fibre = noise(x * 160, y * 6, z * 160)
    soft = ring * ring * (1 - ring) * 4.0
    return min(1.0, 0.62 * soft + 0.38 * fibre)


@fast
def _dots(u, v, across, down):
    row = int(np.floor(v * down))
    x = u * across + 0.5 * (row & 1)
    fx, fy = x - np.floor(x) - 0.5, v * down - row - 0.5
    return min(1.0, max(0.0, (0.36 - np.sqrt(fx * fx + fy * fy)) * 7))


@fast
def _rough_pattern(kind, m, p, u, v):
    """The share of the second colour for the patterns that have roughness too."""
    if kind == SPECKLE:
        return _cells(p[0], p[1], p[2], m[P1], m[P2])
    if kind == DIP:
        wave = (noise(p[0] * 5, 3.0, p[2] * 5) - 0.5) * m[P2]
        return min(1.0, max(0.0, (p[1] - m[P1] - wave) * 90 + 0.5))
    if kind == WOOD:
        return _grain(p[0], p[1], p[2], m[P1])
    if kind == STRIPES:
        return 1.0 if (v * m[P1] - np.floor(v * m[P1])) < m[P2] else 0.0
    return 0.0


@fast
def share_of_second(m, p, u, v):
    kind = int(m[PATTERN])
    if kind == DOTS:
        return _dots(u, v, m[P1], m[P2])
    if kind == WEAVE:
        a, b = np.sin(u * m[P1] * 6.2832), np.sin(v * m[P2] * 6.2832)
        return 0.5 + 0.5 * a * b
    if kind == FADE:
        t = min(1.0, max(0.0, (p[1] - m[P1]) / (m[P2] - m[P1])))
        return t * t * (3 - 2 * t)
    if kind == CHIPS:
        name = _chips(p[0], p[1], p[2], m[P1])
        return 1.0 if name > 1 - m[P2] else 0.0
    if kind == BRUSHED:
        return noise(p[0] * 8, p[1] * 220, p[2] * 8)
    return _rough_pattern(kind, m, p, u, v)


@fast
def picture_at(pictures, index, u, v):
    """A printed label's colour and coverage, bilinear."""
    height, width = pictures.shape[1], pictures.shape[2]
    x = min(max(u * width - 0.5, 0.0), width - 1.001)
    y = min(max(v * height - 0.5, 0.0), height - 1.001)
    i, j = int(x), int(y)
    fx, fy = x - i, y - j
    a, b = pictures[index, j, i], pictures[index, j, i + 1]
    c, d = pictures[index, j + 1, i], pictures[index, j + 1, i + 1]
    wa, wb, wc, wd = (1 - fx) * (1 - fy), fx * (1 - fy), (1 - fx) * fy, fx * fy
    return (
        a[0] * wa + b[0] * wb + c[0] * wc + d[0] * wd,
        a[1] * wa + b[1] * wb + c[1] * wc + d[1] * wd,
        a[2] * wa + b[2] * wb + c[2] * wc + d[2] * wd,
        a[3] * wa + b[3] * wb + c[3] * wc + d[3] * wd,
    )
