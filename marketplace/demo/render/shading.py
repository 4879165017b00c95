"""The colour of each pixel: image-based light, a soft key light, lamps, glass."""

from typing import NamedTuple

import numpy as np

from . import surface as at
from .raster import fast, lit_share
from .surface import noise, picture_at, share_of_second


class Body(NamedTuple):
    """All meshes of a set in the world's frame."""

    points: np.ndarray
    normals: np.ndarray
    local: np.ndarray  # places in the object's own frame: patterns turn with it
    extra: np.ndarray  # u, v and the baked openness
    triangles: np.ndarray
    materials: np.ndarray  # one index for each triangle


class Light(NamedTuple):
    maps: np.ndarray  # reflections, [level, row, column, (r, g, b, floor)]
    frames: np.ndarray
    depths: np.ndarray
    levels: np.ndarray  # room, key, floor's own bounce, shadow bias
    floor: np.ndarray  # colour of the floor
    lamps: np.ndarray  # x, y, z, r, g, b, size
    spots: np.ndarray  # shade on the ground around each object
    places: np.ndarray  # of the spots: x, z, cos, sin, reach, height


class Look(NamedTuple):
    materials: np.ndarray
    pictures: np.ndarray
    eye: np.ndarray
    rays: np.ndarray  # right, up, forward rows
    lens: np.ndarray  # focal length, center x, center y in pixels


# Vectors are tuples here: small arrays would each cost an allocation.


@fast
def dot(a, b):
    return a[0] * b[0] + a[1] * b[1] + a[2] * b[2]


@fast
def scaled(a, s):
    return (a[0] * s, a[1] * s, a[2] * s)


@fast
def plus(a, b):
    return (a[0] + b[0], a[1] + b[1], a[2] + b[2])


@fast
def normalized(a):
    return scaled(a, 1 / np.sqrt(dot(a, a) + 1e-20))


@fast
def mixed(a, b, share):
    return plus(scaled(a, 1 - share), scaled(b, share))


@fast
def triple(row):
    return (row[0], row[1], row[2])


@fast
def _texel(m, cell, floor, weight):
    c = m[cell[0], cell[1]]
    return (
        weight * (c[0] + c[3] * floor[0]),
        weight * (c[1] + c[3] * floor[1]),
        weight * (c[2] + c[3] * floor[2]),
    )


@fast
def _sample(maps, level, direction, floor):
    """Reflected radiance at a fractional level of roughness."""
    rows, columns = maps.shape[1], maps.shape[2]
    v = np.arccos(min(1.0, max(-1.0, direction[1]))) / np.pi * rows - 0.5
    u = np.arctan2(direction[0], direction[2]) / (2 * np.pi) * columns - 0.5
    v = min(max(v, 0.0), rows - 1.001)
    i, j = int(np.floor(u)), int(v)
    fu, fv = u - i, v - j
    low = int(level)
    out = (0.0, 0.0, 0.0)
    for k in range(2):
        weight = level - low if k else 1 - level + low
        if weight < 1e-3:
            continue
        m = maps[low + k]
        left, right = i % columns, (i + 1) % columns
        out = plus(out, _texel(m, (j, left), floor, weight * (1 - fv) * (1 - fu)))
        out = plus(out, _texel(m, (j, right), floor, weight * (1 - fv) * fu))
        out = plus(out, _texel(m, (j + 1, left), floor, weight * fv * (1 - fu)))
        out = plus(out, _texel(m, (j + 1, right), floor, weight * fv * fu))
    return out


@fast
def _level(rough):
    """Which of the reflection maps suits a roughness (see light.ROUGHNESSES)."""
    stops = (0.04, 0.18, 0.35, 0.6, 1.0)
    if rough <= stops[0]:
        return 0.0
    for i in range(4):
        if rough < stops[i + 1]:
            return i + (rough - stops[i]) / (stops[i + 1] - stops[i])
    return 4.0


@fast
def ground_shade(light, point):
    """How dark the ground is at a point because objects stand around it."""
    openness = 1.0
    for k in range(light.places.shape[0]):
        f = light.places[k]
        if abs(point[1] - f[5]) > 0.03:
            continue
        x, z = point[0] - f[0], point[2] - f[1]
        x, z = f[2] * x - f[3] * z, f[3] * x + f[2] * z
        cells = light.spots.shape[1]
        u = (x / f[4] + 1) / 2 * (cells - 1)
        v = (z / f[4] + 1) / 2 * (cells - 1)
        if min(u, v) < 0 or max(u, v) >= cells - 1:
            continue
        i, j = int(u), int(v)
        a, b = u - i, v - j
        s = light.spots[k]
        value = (
            s[j, i] * (1 - a) * (1 - b)
            + s[j, i + 1] * a * (1 - b)
            + s[j + 1, i] * (1 - a) * b
            + s[j + 1, i + 1] * a * b
        )
        edge = max(abs(x), abs(z)) / f[4]
        fade = min(1.0, max(0.0, (1 - edge) * 4))
        openness *= 1 + (value - 1) * fade
    return openness


@fast
def _lamplight(light, point, normal, openness):
    out = (0.0, 0.0, 0.0)
    for k in range(light.lamps.shape[0]):
        lamp = light.lamps[k]
        to = (lamp[0] - point[0], lamp[1] - point[1], lamp[2] - point[2])
        square = dot(to, to) + 1e-6
        facing = dot(to, normal) / np.sqrt(square)
        near = max(0.0, (facing + 0.25) / 1.25) / (square + lamp[6] * lamp[6])
        near *= 0.35 + 0.65 * openness
        out = plus(out, (lamp[3] * near, lamp[4] * near, lamp[5] * near))
    return out


@fast
def incoming(light, point, normal, openness, wrap):
    """Light that falls on a matt surface."""
    floor = scaled(triple(light.floor), light.levels[2])
    out = _sample(light.maps, 5.0, normal, floor)
    key = light.frames[0]
    cosine = normal[0] * key[8] + normal[1] * key[9] + normal[2] * key[10]
    cosine = (cosine + wrap) / (1 + wrap)
    sun = 0.0
    if cosine > 0:
        lifted = plus(point, scaled(normal, light.levels[3]))  # off its own shadow
        share = lit_share(lifted, light.frames, light.depths, light.levels[3])
        sun = cosine * share * light.levels[1]
    out = plus(scaled(out, openness * light.levels[0]), (sun, sun * 0.98, sun * 0.94))
    return plus(out, _lamplight(light, point, normal, openness))


@fast
def _surface(m, pictures, local, uv):
    """Base colour and roughness."""
    share = share_of_second(m, local, uv[0], uv[1])
    color = mixed(
        (m[at.RED], m[at.GREEN], m[at.BLUE]),
        (m[at.RED2], m[at.GREEN2], m[at.BLUE2]),
        share,
    )
    if m[at.PICTURE] >= 0:
        ink = picture_at(pictures, int(m[at.PICTURE]), uv[0], uv[1])
        color = mixed(color, (ink[0], ink[1], ink[2]), ink[3])
    return color, m[at.ROUGH] * (1 - share) + m[at.ROUGH2] * share


@fast
def _vector(body, t, w, values):
    a, b = values[body.triangles[t, 0]], values[body.triangles[t, 1]]
    c = values[body.triangles[t, 2]]
    third = 1 - w[0] - w[1]
    return (
        a[0] * w[0] + b[0] * w[1] + c[0] * third,
        a[1] * w[0] + b[1] * w[1] + c[1] * third,
        a[2] * w[0] + b[2] * w[1] + c[2] * third,
    )


@fast
def _facing(normal, sight):
    """The normal, turned towards the eye."""
    return scaled(normalized(normal), 1.0 if dot(normal, sight) <= 0 else -1.0)


@fast
def _mirrored(sight, normal):
    return plus(sight, scaled(normal, -2 * dot(sight, normal)))


@fast
def _fresnel(base, rough, facing):
    """How much is reflected: a fit of the environment's response (Karis)."""
    r0, r1 = -1.0 * rough + 1.0, -0.0275 * rough + 0.0425
    r2, r3 = -0.572 * rough + 1.04, 0.022 * rough - 0.04
    a = min(r0 * r0, 2 ** (-9.28 * facing)) * r0 + r1
    return base * (-1.04 * a + r2) + (1.04 * a + r3)


@fast
def _bumped(m, local, normal):
    """Brushed and woven surfaces have a little life in their normals."""
    kind = int(m[at.PATTERN])
    if kind not in (at.WEAVE, at.BRUSHED):
        return normal
    depth = 0.05 if kind == at.BRUSHED else 0.16
    x, y, z = scaled(local, 140.0)
    bump = (noise(x, y, z) - 0.5, noise(x + 9, y, z) - 0.5, noise(x, y + 9, z) - 0.5)
    return normalized(plus(normal, scaled(bump, depth)))


@fast
def _layered(m, base, rough, falling, seen):
    """Matt and shining parts put together; `seen` = (reflection, gloss, facing)."""
    bounce, gloss, facing = seen
    metal = m[at.METAL]
    bounce = plus(bounce, scaled(falling, 0.22 * metal))  # lamps shine on metal too
    white = scaled((1.0, 1.0, 1.0), 0.04 * (1 - metal))
    f0 = plus(white, scaled(base, metal))
    shine = (
        _fresnel(f0[0], rough, facing),
        _fresnel(f0[1], rough, facing),
        _fresnel(f0[2], rough, facing),
    )
    matt = scaled(base, 1 - metal)
    out = (
        matt[0] * falling[0] * (1 - shine[0]) + bounce[0] * shine[0],
        matt[1] * falling[1] * (1 - shine[1]) + bounce[1] * shine[1],
        matt[2] * falling[2] * (1 - shine[2]) + bounce[2] * shine[2],
    )
    coat = m[at.COAT] * _fresnel(0.04, 0.05, facing)
    return plus(mixed(out, gloss, coat), scaled(base, m[at.GLOW]))


@fast
def shaded(body, light, look, t, w):
    """Radiance of triangle `t` at weights `w` towards the eye."""
    m = look.materials[body.materials[t]]
    point, local = _vector(body, t, w, body.points), _vector(body, t, w, body.local)
    extra = _vector(body, t, w, body.extra)
    eye = triple(look.eye)
    sight = normalized(plus(point, scaled(eye, -1.0)))
    normal = _facing(_vector(body, t, w, body.normals), sight)
    normal = _bumped(m, local, normal)
    openness = extra[2]
    if normal[1] > 0.7:
        openness *= ground_shade(light, point)
    base, rough = _surface(m, look.pictures, local, extra)
    falling = incoming(light, point, normal, openness, m[at.WRAP])
    facing = max(0.0, -dot(sight, normal))
    bounce = _mirrored(sight, normal)
    floor = scaled(triple(light.floor), light.levels[2])
    hidden = min(1.0, max(0.0, (facing + openness) ** 2 - 1 + openness))
    hidden *= 0.35 + 0.9 * light.levels[0]
    seen = scaled(_sample(light.maps, _level(rough), bounce, floor), hidden)
    gloss = seen
    if m[at.COAT] > 0:
        gloss = scaled(_sample(light.maps, 0.3, bounce, floor), hidden)
    return _layered(m, base, rough, falling, (seen, gloss, facing))


@fast
def shade(body, light, look, buffers, image):
    """Fill `image` (r, g, b, coverage) where a triangle was hit."""
    hit, where = buffers
    height, width = hit.shape
    for y in range(height):
        for x in range(width):
            t = hit[y, x]
            if t < 0:
                continue
            color = shaded(body, light, look, t, where[y, x])
            image[y, x, 0] = color[0]
            image[y, x, 1] = color[1]
            image[y, x, 2] = color[2]
            image[y, x, 3] = 1.0


@fast
def _bent(look, normal, amount):
    """How many pixels the picture behind a clear surface is shifted."""
    bend = look.lens[0] * 0.055 * amount
    return -dot(triple(look.rays[0]), normal) * bend, dot(
        triple(look.rays[1]), normal
    ) * bend


@fast
def _clear(body, light, look, t, w):
    """What a clear surface reflects, its shine, normal and angle."""
    point = _vector(body, t, w, body.points)
    sight = normalized(plus(point, scaled(triple(look.eye), -1.0)))
    normal = _facing(_vector(body, t, w, body.normals), sight)
    facing = max(0.0, -dot(sight, normal))
    floor = scaled(triple(light.floor), light.levels[2])
    seen = _sample(light.maps, 0.0, _mirrored(sight, normal), floor)
    shine = min(1.0, _fresnel(0.05, 0.03, facing) * 1.15)
    return scaled(seen, shine * light.levels[0]), shine, normal, facing


@fast
def shade_glass(body, light, look, buffers, image):
    """Lay clear surfaces over `image`, whose every pixel must have a colour."""
    hit, where = buffers
    height, width = hit.shape
    source = image.copy()
    for y in range(height):
        for x in range(width):
            t = hit[y, x]
            if t < 0:
                continue
            m = look.materials[body.materials[t]]
            seen, shine, normal, facing = _clear(body, light, look, t, where[y, x])
            dx, dy = _bent(look, normal, 1 - facing)
            sx = min(max(x + int(dx), 0), width - 1)
            sy = min(max(y + int(dy), 0), height - 1)
            depth = m[at.GLASS] * (0.45 + 1.3 * (1 - facing) ** 2) * 2.2
            for c in range(3):
                tint = np.exp(-depth * (1 - m[at.RED + c])) * (1 - shine)
                glow = m[at.GLOW] * m[at.RED + c] * facing
                image[y, x, c] = source[sy, sx, c] * tint + seen[c] + glow
            image[y, x, 3] = 1.0


@fast
def _floor_color(light, point, pool):
    up = (0.0, 1.0, 0.0)
    color = incoming(light, point, up, ground_shade(light, point), 0.0)
    away = point[0] ** 2 + point[2] ** 2
    color = scaled(color, 0.75 + 0.25 * np.exp(-away / pool))
    return (
        color[0] * light.floor[0],
        color[1] * light.floor[1],
        color[2] * light.floor[2],
    )


@fast
def backdrop(light, look, wall, image):
    """The seamless paper behind and under the set.  `wall`: r, g, b, pool."""
    height, width = image.shape[0], image.shape[1]
    right, up, forward = triple(look.rays[0]), triple(look.rays[1]), look.rays[2]
    eye = triple(look.eye)
    for y in range(height):
        for x in range(width):
            a = (x + 0.5 - look.lens[1]) / look.lens[0]
            b = (look.lens[2] - y - 0.5) / look.lens[0]
            ray = plus(plus(scaled(right, a), scaled(up, b)), triple(forward))
            ray = normalized(ray)
            glow = np.exp(-(a * a + (b - 0.04) ** 2) * 7.0)
            color = scaled(triple(wall), light.levels[4] * (0.72 + 0.38 * glow))
            if ray[1] < -1e-4:
                point = plus(eye, scaled(ray, -eye[1] / ray[1]))
                away = np.sqrt(point[0] ** 2 + point[2] ** 2)
                far = min(1.0, max(0.0, (away - 1.0) / 7.0))
                far = far * far * (3 - 2 * far)
                if far < 1:
                    color = mixed(_floor_color(light, point, wall[3]), color, far)
            image[y, x, 0] = color[0]
            image[y, x, 1] = color[1]
            image[y, x, 2] = color[2]
