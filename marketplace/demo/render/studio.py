"""A set of objects under the studio's light, and the camera that looks at it."""

from dataclasses import dataclass, field

import numpy as np

from . import surface
from .light import key_frames, openness, reflections
from .mesh import Mesh, unit
from .raster import fill, light_depths
from .shading import Body, Light, Look, backdrop, shade, shade_glass

SHADOW_SIZE = 224


@dataclass(frozen=True)
class Model:
    """An object ready for the set: its meshes by material, its baked shade."""

    meshes: tuple[Mesh, ...]
    materials: dict
    shade: np.ndarray
    ground: np.ndarray
    reach: float
    lamps: tuple = ()  # (x, y, z, r, g, b, size)

    @property
    def points(self):
        return np.concatenate([mesh.points for mesh in self.meshes])

    @property
    def normals(self):
        return np.concatenate([mesh.normals for mesh in self.meshes])

    @property
    def height(self):
        return max(mesh.points[:, 1].max() for mesh in self.meshes)


def model_of(meshes, materials, lamps=()):
    """Bake a list of meshes, named materials beside them, into a model."""
    solid = [mesh for mesh in meshes if not materials[mesh.material].glass]
    clear = [mesh for mesh in meshes if materials[mesh.material].glass]
    points = np.concatenate([mesh.points for mesh in solid])
    normals = np.concatenate([mesh.normals for mesh in solid])
    shade, ground, reach = openness(points, normals, _triangles(solid))
    glass = sum(len(mesh.points) for mesh in clear)
    return Model(
        meshes=(*solid, *clear),
        materials=materials,
        shade=np.concatenate([shade, np.ones(glass, np.float32)]),
        ground=ground,
        reach=reach,
        lamps=tuple(lamps),
    )


def _triangles(meshes):
    offsets = np.cumsum([0] + [len(mesh.points) for mesh in meshes])
    return np.concatenate(
        [mesh.triangles + at for mesh, at in zip(meshes, offsets[:-1], strict=True)]
    )


@dataclass(frozen=True)
class Placed:
    """A model at its place on the set."""

    model: Model
    x: float = 0.0
    y: float = 0.0
    z: float = 0.0
    turn: float = 0.0
    size: float = 1.0
    lit: float = 1.0  # how bright its lamps burn
    tilt: float = 0.0

    def world(self):
        c, s = np.cos(np.radians(self.turn)), np.sin(np.radians(self.turn))
        matrix = np.array([[c, 0, s], [0, 1, 0], [-s, 0, c]])
        if self.tilt:
            t = np.radians(self.tilt)
            lean = [[np.cos(t), -np.sin(t), 0], [np.sin(t), np.cos(t), 0], [0, 0, 1]]
            matrix = np.array(lean) @ matrix
        place = np.array([self.x, self.y, self.z])
        points = self.model.points @ matrix.T * self.size + place
        return points, self.model.normals @ matrix.T, matrix, place


@dataclass(frozen=True)
class Mood:
    """Colours and brightness of the backdrop and of the studio."""

    floor: tuple = (0.8, 0.7, 0.6)  # linear
    wall: tuple | None = None
    room: float = 0.62
    key: float = 1.45
    pool: float = 2.5
    bloom: float = 0.0


@dataclass(frozen=True)
class Camera:
    turn: float = 0.0
    rise: float = 14.0  # degrees above the ground
    away: float = 4.6
    target: tuple = (0.0, 0.5, 0.0)
    view: float = 26.0  # degrees, of the picture's shorter side
    shift: float = 0.0  # the target's place above the picture's middle, of its height

    def look(self, width, height):
        turn, rise = np.radians(self.turn), np.radians(self.rise)
        back = [np.sin(turn) * np.cos(rise), np.sin(rise), np.cos(turn) * np.cos(rise)]
        eye = np.array(self.target) + self.away * np.array(back)
        forward = unit(np.array(self.target) - eye)
        right = unit(np.cross(forward, [0.0, 1.0, 0.0]))
        rays = np.stack([right, np.cross(right, forward), forward])
        focal = min(width, height) / 2 / np.tan(np.radians(self.view / 2))
        lens = np.array([focal, width / 2, height * (0.5 - self.shift)])
        return eye, rays, lens


@dataclass
class Set:
    """Everything that a picture needs but the camera."""

    placed: list
    mood: Mood = field(default_factory=Mood)

    def __post_init__(self):
        self.materials, self.pictures, index = _materials(self.placed)
        self.body, self.glass = self._bodies(index)
        self.light = self._light()

    def _bodies(self, index):
        columns = {name: [] for name in ("points", "normals", "local", "extra")}
        solid, clear, offset = [], [], 0
        for nth, placed in enumerate(self.placed):
            points, normals, _, _ = placed.world()
            columns["points"].append(points)
            columns["normals"].append(normals)
            columns["local"].append(placed.model.points)
            uv = np.concatenate([mesh.uv for mesh in placed.model.meshes])
            columns["extra"].append(np.c_[uv, placed.model.shade])
            for mesh in placed.model.meshes:
                row = index[nth, mesh.material]
                glass = placed.model.materials[mesh.material].glass
                target = clear if glass else solid
                target.append((mesh.triangles + offset, row))
                offset += len(mesh.points)
        arrays = [np.concatenate(columns[name]) for name in columns]
        return _body(arrays, solid), _body(arrays, clear)

    def _light(self):
        low, high = self.body.points.min(0), self.body.points.max(0)
        center, radius = (low + high) / 2, np.linalg.norm(high - low) / 2 * 1.35
        frames = key_frames(center, radius, size=SHADOW_SIZE)
        depths = light_depths(
            self.body.points, self.body.triangles, frames, SHADOW_SIZE
        )
        mood = self.mood
        bias = 2.0 * radius / SHADOW_SIZE
        # The floor's bounce is what a lit floor of its colour gives back.
        bounce = 0.4 * mood.room + 0.45 * mood.key
        back = 0.62 * mood.room + 0.58 * mood.key
        levels = np.array([mood.room, mood.key, bounce, bias, back])
        lamps = [row for placed in self.placed for row in _lamps(placed)]
        spots = np.array([placed.model.ground for placed in self.placed], np.float32)
        return Light(
            maps=reflections(),
            frames=frames,
            depths=depths,
            levels=levels,
            floor=np.array(mood.floor, float),
            lamps=np.array(lamps, float).reshape(-1, 7),
            spots=spots,
            places=np.array([_place(placed) for placed in self.placed]),
        )

    def photograph(self, camera, size, *, sharp=1.5):
        """Linear light: the backdrop at a quarter of the size, the objects fine.

        The objects' fourth channel is their coverage.
        """
        width, height = size
        fine = int(width * sharp), int(height * sharp)
        paper = self._paper(camera, (width // 4, height // 4))
        look = self._look(camera, *fine)
        screen = _projected(self.body.points, look)
        image = np.zeros((fine[1], fine[0], 4), np.float32)
        nearness = np.zeros((fine[1], fine[0]), np.float32)
        buffers = _buffers(fine)
        fill(screen, self.body.triangles, nearness, *buffers)
        shade(self.body, self.light, look, buffers, image)
        if len(self.glass.triangles):
            buffers = _buffers(fine)
            fill(screen, self.glass.triangles, nearness, *buffers)
            behind = resized(paper, fine)
            image[..., :3] += behind * (1 - image[..., 3:])
            shade_glass(self.glass, self.light, look, buffers, image)
            image *= image[..., 3:]
        return paper, image

    def _look(self, camera, width, height):
        eye, rays, lens = camera.look(width, height)
        return Look(self.materials, self.pictures, eye, rays, lens)

    def _paper(self, camera, size):
        image = np.zeros((size[1], size[0], 3), np.float32)
        wall = np.array([*(self.mood.wall or self.mood.floor), self.mood.pool])
        backdrop(self.light, self._look(camera, *size), wall, image)
        return image


def _materials(placed):
    rows, pictures, index = [], [np.zeros((256, 512, 4), np.float32)], {}
    for nth, item in enumerate(placed):
        for name, material in item.model.materials.items():
            index[nth, name] = len(rows)
            row = material.row()
            row[surface.GLOW] *= item.lit
            if material.picture is not None:
                row[surface.PICTURE] = len(pictures)
                pictures.append(material.picture)
            rows.append(row)
    return np.array(rows, float), np.array(pictures, np.float32), index


def _body(arrays, parts):
    if not parts:
        return Body(*arrays, np.zeros((0, 3), np.int64), np.zeros(0, np.int64))
    triangles = np.concatenate([triangles for triangles, _ in parts])
    rows = np.concatenate([np.full(len(t), row) for t, row in parts])
    return Body(*arrays, triangles, rows)


def _lamps(placed):
    _, _, matrix, place = placed.world()
    for x, y, z, r, g, b, size in placed.model.lamps:
        at = matrix @ np.array([x, y, z]) * placed.size + place
        yield [*at, *(np.array([r, g, b]) * placed.lit * placed.size**2), size]


def _place(placed):
    turn = np.radians(placed.turn)
    reach = placed.model.reach * placed.size
    return [placed.x, placed.z, np.cos(turn), np.sin(turn), reach, placed.y]


def _buffers(size):
    hit = np.full((size[1], size[0]), -1, np.int64)
    return hit, np.zeros((size[1], size[0], 2), np.float32)


def _projected(points, look):
    seen = (points - look.eye) @ look.rays.T
    near = 1 / np.maximum(seen[:, 2], 0.05)
    x = look.lens[1] + look.lens[0] * seen[:, 0] * near
    y = look.lens[2] - look.lens[0] * seen[:, 1] * near
    return np.stack([x, y, near], 1)


def resized(image, size):
    """Area-weighted when smaller, linear when larger; any number of channels."""
    rows = _weights(image.shape[0], size[1])
    columns = _weights(image.shape[1], size[0])
    return _gather(_gather(image, rows, 0), columns, 1)


def _weights(before, after):
    """Two or three neighbours and their weights for each new pixel."""
    ratio = before / after
    center = (np.arange(after) + 0.5) * ratio - 0.5
    reach = max(1.0, ratio)
    first = np.floor(center - reach / 2 + 0.5).astype(int)
    taps = int(np.ceil(reach)) + 1
    index = first[:, None] + np.arange(taps)
    weight = np.clip(
        (reach + 1) / 2 - np.abs(index - center[:, None]), 0, min(1.0, reach)
    )
    weight /= weight.sum(1, keepdims=True)
    return np.clip(index, 0, before - 1), weight.astype(np.float32)


def _gather(image, taps, axis):
    index, weight = taps
    shape = [1] * image.ndim
    shape[axis] = len(index)
    total = 0
    for k in range(index.shape[1]):
        part = np.take(image, index[:, k], axis) * weight[:, k].reshape(shape)
        total = total + part
    return total
