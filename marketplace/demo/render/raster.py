"""Triangles to pixels: which triangle is nearest, and where on it."""

import numpy as np
from numba import njit

fast = njit(cache=True, fastmath=True, error_model="numpy")


@fast
def _edge(a, b, p):
    """Twice the area of the triangle a, b, p, by its sense of rotation."""
    return (b[0] - a[0]) * (p[1] - a[1]) - (b[1] - a[1]) * (p[0] - a[0])


@fast
def fill(screen, triangles, nearness, hit, where):
    """Draw triangles into the buffers; `screen` is (x, y, 1 / distance).

    `nearness` grows towards the eye.  `where` gets the two weights on the triangle,
    right in perspective.
    """
    height, width = nearness.shape
    for t in range(triangles.shape[0]):
        i, j, k = triangles[t, 0], triangles[t, 1], triangles[t, 2]
        ax, ay, az = screen[i, 0], screen[i, 1], screen[i, 2]
        bx, by, bz = screen[j, 0], screen[j, 1], screen[j, 2]
        cx, cy, cz = screen[k, 0], screen[k, 1], screen[k, 2]
        area = _edge((ax, ay), (bx, by), (cx, cy))
        if abs(area) < 1e-9:
            continue
        left = max(0, int(np.ceil(min(ax, bx, cx) - 0.5)))
        right = min(width - 1, int(np.floor(max(ax, bx, cx) - 0.5)))
        top = max(0, int(np.ceil(min(ay, by, cy) - 0.5)))
        bottom = min(height - 1, int(np.floor(max(ay, by, cy) - 0.5)))
        for y in range(top, bottom + 1):
            for x in range(left, right + 1):
                u = _edge((bx, by), (cx, cy), (x + 0.5, y + 0.5)) / area
                v = _edge((cx, cy), (ax, ay), (x + 0.5, y + 0.5)) / area
                w = 1.0 - u - v
                if min(u, v, w) < -1e-6:
                    continue
                z = u * az + v * bz + w * cz
                if z > nearness[y, x]:
                    nearness[y, x] = z
                    hit[y, x] = t
                    where[y, x, 0] = u * az / z
                    where[y, x, 1] = v * bz / z


@fast
def fill_depth(screen, triangles, depth):
    """The same for a light: only how near, in parallel projection."""
    height, width = depth.shape
    for t in range(triangles.shape[0]):
        i, j, k = triangles[t, 0], triangles[t, 1], triangles[t, 2]
        ax, ay, az = screen[i, 0], screen[i, 1], screen[i, 2]
        bx, by, bz = screen[j, 0], screen[j, 1], screen[j, 2]
        cx, cy, cz = screen[k, 0], screen[k, 1], screen[k, 2]
        area = _edge((ax, ay), (bx, by), (cx, cy))
        if abs(area) < 1e-9:
            continue
        left = max(0, int(np.ceil(min(ax, bx, cx) - 0.5)))
        right = min(width - 1, int(np.floor(max(ax, bx, cx) - 0.5)))
        top = max(0, int(np.ceil(min(ay, by, cy) - 0.5)))
        bottom = min(height - 1, int(np.floor(max(ay, by, cy) - 0.5)))
        for y in range(top, bottom + 1):
            for x in range(left, right + 1):
                u = _edge((bx, by), (cx, cy), (x + 0.5, y + 0.5)) / area
                v = _edge((cx, cy), (ax, ay), (x + 0.5, y + 0.5)) / area
                if u < -1e-6 or v < -1e-6 or u + v > 1.000001:
                    continue
                z = u * az + v * bz + (1.0 - u - v) * cz
                depth[y, x] = max(depth[y, x], z)


@fast
def lit_share(point, frames, depths, bias):
    """How much of an area light, given as several shadow maps, reaches a point."""
    total = 0.0
    lights, size = depths.shape[0], depths.shape[1]
    for s in range(lights):
        f = frames[s]
        x = f[0] * point[0] + f[1] * point[1] + f[2] * point[2] + f[3] - 0.5
        y = f[4] * point[0] + f[5] * point[1] + f[6] * point[2] + f[7] - 0.5
        z = f[8] * point[0] + f[9] * point[1] + f[10] * point[2] + bias
        if x < 0 or y < 0 or x >= size - 1 or y >= size - 1:
            total += 1.0
            continue
        i, j = int(x), int(y)
        fx, fy = x - i, y - j
        d = depths[s]
        total += (
            (1 - fx) * (1 - fy) * (z > d[j, i])
            + fx * (1 - fy) * (z > d[j, i + 1])
            + (1 - fx) * fy * (z > d[j + 1, i])
            + fx * fy * (z > d[j + 1, i + 1])
        )
    return total / lights


def light_frame(direction, center, radius, size):
    """Rows that take a point to a light's map: x, y in pixels, z towards the light."""
    forward = direction / np.linalg.norm(direction)
    helper = np.array([0.0, 0.0, 1.0]) if abs(forward[1]) > 0.9 else np.array([0, 1, 0])
    side = np.cross(helper, forward)
    side /= np.linalg.norm(side)
    up = np.cross(forward, side)
    scale = size / (2 * radius)
    return np.array(
        [
            *(side * scale), size / 2 - side @ center * scale,
            *(up * scale), size / 2 - up @ center * scale,
            *forward,
        ]
    )  # fmt: skip


def light_depths(points, triangles, frames, size):
    """One shadow map for each frame."""
    depths = np.full((len(frames), size, size), -1e9, np.float32)
    for frame, depth in zip(frames, depths, strict=True):
        rows = np.stack([frame[0:3], frame[4:7], frame[8:11]])
        screen = points @ rows.T + np.array([frame[3], frame[7], 0.0])
        fill_depth(screen, triangles, depth)
    return depths
