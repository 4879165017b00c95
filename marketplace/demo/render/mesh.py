"""Triangle meshes of the demo's products: turned, bent, lofted and boxed."""

from dataclasses import dataclass, replace

import numpy as np

TAU = 2 * np.pi


@dataclass(frozen=True)
class Mesh:
    points: np.ndarray
    normals: np.ndarray
    uv: np.ndarray
    triangles: np.ndarray
    material: str = ""

    def of(self, material):
        return replace(self, material=material)

    def moved(self, x=0.0, y=0.0, z=0.0):
        return replace(self, points=self.points + np.array([x, y, z]))

    def scaled(self, x, y=None, z=None):
        factors = np.array([x, x if y is None else y, x if z is None else z], float)
        normals = unit(self.normals / factors)
        return replace(self, points=self.points * factors, normals=normals)

    def turned(self, degrees, axis="y"):
        matrix = turning(degrees, axis)
        points, normals = self.points @ matrix.T, self.normals @ matrix.T
        return replace(self, points=points, normals=normals)


def unit(vectors):
    length = np.linalg.norm(vectors, axis=-1, keepdims=True)
    return vectors / np.maximum(length, 1e-12)


def turning(degrees, axis):
    c, s = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
    return {
        "x": np.array([[1, 0, 0], [0, c, -s], [0, s, c]]),
        "y": np.array([[c, 0, s], [0, 1, 0], [-s, 0, c]]),
        "z": np.array([[c, -s, 0], [s, c, 0], [0, 0, 1]]),
    }[axis]


def sheet(grid, *, wrap=False):
    """A smooth surface through a grid of points [rows, columns, 3]."""
    rows, columns = grid.shape[:2]
    along = np.gradient(grid, axis=0)
    if wrap:  # the first and the last column are the same line
        across = np.roll(grid[:, :-1], -1, 1) - np.roll(grid[:, :-1], 1, 1)
        across = np.concatenate([across, across[:, :1]], axis=1)
    else:
        across = np.gradient(grid, axis=1)
    normals = np.cross(across, along)  # outwards, for outlines drawn upwards
    length = np.linalg.norm(normals, axis=-1)
    for pole, neighbour in ((0, 1), (rows - 1, rows - 2)):
        if length[pole].max() < 1e-9:  # all columns meet in one point
            normals[pole] = unit(normals[neighbour]).mean(axis=0)
    u, v = np.meshgrid(np.linspace(0, 1, columns), np.linspace(0, 1, rows))
    corner = np.arange(rows * columns).reshape(rows, columns)
    a, b = corner[:-1, :-1].ravel(), corner[:-1, 1:].ravel()
    c, d = corner[1:, :-1].ravel(), corner[1:, 1:].ravel()
    triangles = np.concatenate([np.stack([a, b, c], 1), np.stack([b, d, c], 1)])
    return Mesh(
        points=grid.reshape(-1, 3),
        normals=unit(normals).reshape(-1, 3),
        uv=np.stack([u, v], -1).reshape(-1, 2),
        triangles=triangles,
    )


def joined(meshes):
    """One mesh of several that share a material."""
    offsets = np.cumsum([0] + [len(mesh.points) for mesh in meshes[:-1]])
    return Mesh(
        points=np.concatenate([mesh.points for mesh in meshes]),
        normals=np.concatenate([mesh.normals for mesh in meshes]),
        uv=np.concatenate([mesh.uv for mesh in meshes]),
        triangles=np.concatenate(
            [mesh.triangles + at for mesh, at in zip(meshes, offsets, strict=True)]
        ),
        material=meshes[0].material,
    )


def upright(mesh):
    """The same with its picture's top at the last row."""
    return replace(mesh, uv=mesh.uv * [1, -1] + [0, 1])


# Outlines


def spline(*points, steps=10):
    """A Catmull-Rom curve through points of any dimension."""
    p = np.array(points, float)
    p = np.concatenate([[2 * p[0] - p[1]], p, [2 * p[-1] - p[-2]]])
    t = np.linspace(0, 1, steps, endpoint=False)[:, None]
    curve = [
        0.5
        * (
            2 * b
            + (c - a) * t
            + (2 * a - 5 * b + 4 * c - d) * t**2
            + (3 * b - a - 3 * c + d) * t**3
        )
        for a, b, c, d in zip(p[:-3], p[1:-2], p[2:-1], p[3:], strict=True)
    ]
    return np.concatenate([*curve, p[-2:-1]])


def filleted(*corners, steps=6):
    """A line through corners (x, y, radius), each rounded by its radius."""
    points = [np.array(c[:2], float) for c in corners]
    radii = [c[2] if len(c) > 2 else 0.0 for c in corners]
    line = [points[0]]
    for before, here, after, radius in zip(
        points, points[1:], points[2:], radii[1:-1], strict=False
    ):
        if radius <= 0:
            line += [here, here]  # doubled: a sharp edge
            continue
        to, away = before - here, after - here
        reach = min(radius, 0.49 * np.hypot(*to), 0.49 * np.hypot(*away))
        start, end = here + unit(to) * reach, here + unit(away) * reach
        t = np.linspace(0, 1, steps)[:, None]
        line += list((1 - t) ** 2 * start + 2 * t * (1 - t) * here + t**2 * end)
    return np.array([*line, points[-1]])


def _smooth_runs(outline):
    """The outline cut where a doubled point says that the edge is sharp."""
    gaps = np.linalg.norm(np.diff(outline, axis=0), axis=1) < 1e-9
    return [run for run in np.split(outline, np.flatnonzero(gaps) + 1) if len(run) > 1]


def _dense(run, longest=0.06):
    """Long straight parts get points in between, so that baked light has places."""
    pieces = []
    for a, b in zip(run[:-1], run[1:], strict=True):
        n = max(1, int(np.ceil(np.linalg.norm(b - a) / longest)))
        pieces.append(a + (b - a) * (np.arange(n) / n)[:, None])
    return np.concatenate([*pieces, run[-1:]])


# Bodies


def revolved(outline, *, columns=64, start=0.0, sweep=360.0, ribs=None):
    """The outline (r, y) turned about the y axis.  `ribs` = (count, depth)."""
    angles = np.radians(start + np.linspace(0, sweep, columns + 1))
    wave = 1.0
    if ribs:
        wave = 1 + ribs[1] * np.cos(angles * ribs[0])
    parts = []
    for run in _smooth_runs(np.asarray(outline, float)):
        run = _dense(run)
        r, y = run[:, :1] * wave, np.repeat(run[:, 1:], columns + 1, 1)
        grid = np.stack([r * np.sin(angles), y, r * np.cos(angles)], -1)
        parts.append(sheet(grid, wrap=sweep >= 360))
    return joined(parts)


def tube(path, radius, *, sides=18, flat=1.0):
    """A round bar along a path, with rounded ends.  `flat` squeezes one way."""
    path = np.asarray(path, float)
    radius = np.broadcast_to(np.asarray(radius, float), len(path))
    tangent = unit(np.gradient(path, axis=0))
    caps = np.linspace(0, np.pi / 2, 6)[1:]
    head = path[0] - tangent[0] * radius[0] * np.sin(caps[::-1, None])
    tail = path[-1] + tangent[-1] * radius[-1] * np.sin(caps[:, None])
    shrink = np.maximum(np.cos(caps), 1e-4)
    radius = np.concatenate([radius[0] * shrink[::-1], radius, radius[-1] * shrink])
    path = np.concatenate([head, path, tail])
    tangent = np.concatenate(
        [np.repeat(tangent[:1], 5, 0), tangent, np.repeat(tangent[-1:], 5, 0)]
    )
    side = np.cross(tangent[0], [0.0, 0.0, 1.0])
    if np.linalg.norm(side) < 0.1:
        side = np.cross(tangent[0], [0.0, 1.0, 0.0])
    rings, angles = [], np.linspace(0, TAU, sides + 1)
    for at, along, thick in zip(path, tangent, radius, strict=True):
        side = unit(side - along * (side @ along))  # carried along without twist
        up = np.cross(along, side)
        ring = np.cos(angles)[:, None] * side + flat * np.sin(angles)[:, None] * up
        rings.append(at + thick * ring)
    return sheet(np.array(rings), wrap=True)


def torus(major, minor, *, columns=64, sides=20, flat=1.0):
    angles = np.linspace(0, TAU, sides + 1)
    outline = [major + minor * np.cos(angles), minor * flat * np.sin(angles)]
    turn = np.linspace(0, TAU, columns + 1)
    r, y = outline[0][:, None], np.repeat(outline[1][:, None], columns + 1, 1)
    return sheet(np.stack([r * np.sin(turn), y, r * np.cos(turn)], -1), wrap=True)


def ball(radius, *, rows=28, columns=48):
    t = np.linspace(-np.pi / 2, np.pi / 2, rows)
    outline = np.stack([radius * np.cos(t), radius * np.sin(t)], 1)
    return revolved(outline, columns=columns)


def disc(radius, height, *, edge=0.02, columns=64):
    """A flat cylinder standing on y = 0."""
    outline = filleted(
        (0, 0), (radius, 0, edge), (radius, height, edge), (0, height), steps=5
    )
    return revolved(outline, columns=columns)


def rounded_box(width, height, depth, radius, *, steps=12):
    """A box about the origin with every edge rounded."""
    half = np.array([width, height, depth]) / 2
    faces = []
    for axis in range(3):
        for sign in (-1.0, 1.0):
            faces.append(_box_face(half, radius, axis, sign, steps))
    return joined(faces)


def _box_face(half, radius, axis, sign, steps):
    """One face, its grid dense in the rounded rim and bending round to 45 degrees."""
    rim = 1 - np.cos(np.linspace(0, np.pi / 2, 6))
    line = [
        np.concatenate(
            [-h + radius * rim, np.linspace(-h + radius, h - radius, steps)[1:-1],
             h - radius * rim[::-1]]
        )
        for h in half
    ]  # fmt: skip
    one, two = [i for i in range(3) if i != axis]
    a, b = np.meshgrid(line[one], line[two], indexing="ij")
    grid = np.zeros((*a.shape, 3))
    grid[..., one], grid[..., two], grid[..., axis] = a, b, sign * half[axis]
    core = np.clip(grid, -(half - radius), half - radius)
    normals = unit(grid - core)
    face = sheet(core + radius * normals)
    u, v = (a / half[one] + 1) / 2, (b / half[two] + 1) / 2
    return replace(
        face, normals=normals.reshape(-1, 3), uv=np.stack([u, v], -1).reshape(-1, 2)
    )


def lofted(sections, *, columns=72):
    """Rings stacked along y: each section is (y, half width, half depth, power)."""
    angles = np.linspace(0, TAU, columns + 1)
    rings = []
    for y, a, b, power in sections:
        c, s = np.sin(angles), np.cos(angles)
        x = a * np.sign(c) * np.abs(c) ** (2 / power)
        z = b * np.sign(s) * np.abs(s) ** (2 / power)
        rings.append(np.stack([x, np.full_like(x, y), z], -1))
    return sheet(np.array(rings), wrap=True)


def panel(width, height):
    """A flat rectangle that faces +z, its picture upright."""
    x, y = np.meshgrid(np.linspace(-0.5, 0.5, 3), np.linspace(0.5, -0.5, 3))
    grid = np.stack([x * width, y * height, np.zeros_like(x)], -1)
    face = sheet(grid)
    return replace(face, normals=np.tile([0.0, 0.0, 1.0], (9, 1)))
