"""The studio's light: soft boxes around the set, and the shade that is baked once."""

from functools import cache

import numpy as np

from .mesh import unit
from .raster import fast, light_depths, light_frame, lit_share

ROUGHNESSES = (0.04, 0.18, 0.35, 0.6, 1.0)  # one reflection map each
ROWS, COLUMNS = 96, 192
KEY = np.array([-0.85, 1.0, 0.28])  # towards the main light

# A soft box: where it is, its half width and height as seen, and its radiance.
BOXES = (
    ((-0.75, 0.75, 0.55), (0.42, 0.42), (5.2, 5.0, 4.7)),
    ((0.95, 0.35, 0.15), (0.16, 0.75), (3.2, 3.3, 3.5)),
    ((0.1, 1.0, -0.35), (0.8, 0.3), (2.6, 2.6, 2.6)),
    ((-0.9, 0.15, -0.5), (0.14, 0.6), (2.2, 2.2, 2.3)),
)


def directions():
    theta = (np.arange(ROWS) + 0.5) / ROWS * np.pi
    phi = (np.arange(COLUMNS) + 0.5) / COLUMNS * 2 * np.pi
    theta, phi = np.meshgrid(theta, phi, indexing="ij")
    sine = np.sin(theta)
    return np.stack([sine * np.sin(phi), np.cos(theta), sine * np.cos(phi)], -1)


def soft_edge(distance, width=0.1):
    return 1 / (1 + np.exp(np.clip(distance / width * 4, -40, 40)))


def studio():
    """Radiance of the room above the floor, and the part where the floor shows."""
    d = directions()
    height = d[..., 1:2]
    room = np.array([0.50, 0.50, 0.52]) * (0.55 + 0.45 * np.clip(height, 0, 1))
    room = room + 0.25 * np.clip(d[..., 2:], 0, 1)
    for place, half, radiance in BOXES:
        axis = unit(np.array(place))
        side = unit(np.cross([0.0, 1.0, 0.0], axis))
        up = np.cross(axis, side)
        front = np.maximum(d @ axis, 1e-3)
        x, y = np.abs(d @ side) / front, np.abs(d @ up) / front
        inside = soft_edge(x - half[0], 0.09) * soft_edge(y - half[1], 0.09)
        room = room + (inside * (d @ axis > 0))[..., None] * np.array(radiance)
    floor = soft_edge(height[..., 0], 0.12)
    return room * (1 - floor[..., None]), floor


@fast
def _blurred(source, rows, columns, power, out):
    """`source` (radiance, weight of solid angle) seen through a cosine lobe."""
    for i in range(rows.shape[0]):
        for j in range(columns.shape[0]):
            dx = np.sin(rows[i]) * np.sin(columns[j])
            dy = np.cos(rows[i])
            dz = np.sin(rows[i]) * np.cos(columns[j])
            total = 0.0
            for c in range(4):
                out[i, j, c] = 0.0
            for s in range(source.shape[0]):
                cosine = dx * source[s, 0] + dy * source[s, 1] + dz * source[s, 2]
                if cosine <= 0:
                    continue
                weight = cosine**power * source[s, 7]
                total += weight
                for c in range(4):
                    out[i, j, c] += weight * source[s, 3 + c]
            for c in range(4):
                out[i, j, c] /= total


@cache
def reflections():
    """Maps [level, row, column, (r, g, b, floor)], the last one for matt surfaces."""
    room, floor = studio()
    both = np.concatenate([room, floor[..., None]], -1)
    pooled = both.reshape(ROWS // 2, 2, COLUMNS // 2, 2, 4).mean((1, 3))
    d = directions().reshape(ROWS // 2, 2, COLUMNS // 2, 2, 3).mean((1, 3))
    d = unit(d)
    area = np.sqrt(1 - d[..., 1:2] ** 2)
    source = np.concatenate([d, pooled, area], -1).reshape(-1, 8)
    rows = (np.arange(ROWS) + 0.5) / ROWS * np.pi
    columns = (np.arange(COLUMNS) + 0.5) / COLUMNS * 2 * np.pi
    levels = [both]
    powers = [2 / r**4 - 2 for r in ROUGHNESSES[1:-1]]
    for power in (*(max(p, 2.0) for p in powers), 2.0, 1.0):
        out = np.empty((ROWS, COLUMNS, 4))
        _blurred(source, rows, columns, power, out)
        levels.append(out)
    return np.array(levels, np.float32)


def spread(count):
    """Directions spread evenly over the upper half of the sky."""
    i = np.arange(count)
    y = (i + 0.5) / count
    phi = i * np.pi * (3 - np.sqrt(5))
    r = np.sqrt(1 - y**2)
    return np.stack([r * np.cos(phi), y, r * np.sin(phi)], 1)


@fast
def _openness(points, normals, frames, depths, bias):
    count = points.shape[0]
    out = np.empty(count, np.float32)
    for p in range(count):
        seen, total = 0.0, 0.0
        for s in range(frames.shape[0]):
            cosine = (
                normals[p, 0] * frames[s, 8]
                + normals[p, 1] * frames[s, 9]
                + normals[p, 2] * frames[s, 10]
            )
            if cosine <= 0.02:
                continue
            total += cosine
            seen += cosine * lit_share(
                points[p] + normals[p] * bias,
                frames[s : s + 1],
                depths[s : s + 1],
                bias,
            )
        # What looks down sees the floor, darker the nearer it is.
        floor = max(0.0, -normals[p, 1]) * min(1.0, 0.3 + points[p, 1] * 2.0)
        low = max(0.0, 0.5 - 0.5 * normals[p, 1])
        sky = seen / total if total > 0 else 0.0
        out[p] = (1 - low) * sky + low * (0.45 * sky + 0.55 * max(floor, sky))
    return out


FLOOR_CELLS = 72


def openness(points, normals, triangles, *, count=56, size=192):
    """How open each point is to the sky, and a map of the floor around the object.

    The map covers a square of `reach` to each side of the origin.
    """
    low, high = points.min(0), points.max(0)
    center = (low + high) / 2
    radius = np.linalg.norm(high - low) / 2 * 1.02
    reach = max(np.abs(low[[0, 2]]).max(), np.abs(high[[0, 2]]).max()) + 0.45
    frames = np.array([light_frame(d, center, radius, size) for d in spread(count)])
    depths = light_depths(points, triangles, frames, size)
    bias = 2.2 * radius / size
    line = np.linspace(-reach, reach, FLOOR_CELLS)
    x, z = np.meshgrid(line, line)
    floor = np.stack([x, np.full_like(x, 0.002), z], -1).reshape(-1, 3)
    up = np.tile([0.0, 1.0, 0.0], (len(floor), 1))
    shade = _openness(points, normals, frames, depths, bias)
    ground = _openness(floor, up, frames, depths, bias * 0.5)
    return shade, ground.reshape(FLOOR_CELLS, FLOOR_CELLS), reach


def key_frames(center, radius, *, count=9, size=256, spread_by=0.16):
    """The main light as several small ones on a disc, so that shadows are soft."""
    axis = unit(KEY)
    side = unit(np.cross(axis, [0.0, 1.0, 0.0]))
    up = np.cross(side, axis)
    i = np.arange(count)
    r = spread_by * np.sqrt((i + 0.5) / count)
    phi = i * np.pi * (3 - np.sqrt(5))
    offsets = r[:, None] * (np.cos(phi)[:, None] * side + np.sin(phi)[:, None] * up)
    return np.array([light_frame(axis + o, center, radius, size) for o in offsets])
