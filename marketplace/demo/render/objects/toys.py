"""Wooden toys, turned and painted."""

import numpy as np

from marketplace.demo.render.mesh import (
    ball,
    disc,
    filleted,
    lofted,
    revolved,
    rounded_box,
    sheet,
    spline,
    torus,
    tube,
)
from marketplace.demo.render.palette import matt, satin, wood

PALETTES = {
    "candy": ("#e4572e", "#f3a712", "#f7d9c4", "#3f88c5", "#7bc8a4"),
    "forest": ("#3d6b4f", "#a3b565", "#ead7b0", "#c9743a", "#7a4b2b"),
    "sky": ("#2f6fb3", "#79b8e0", "#f5efe2", "#f2b441", "#e2725b"),
    "berry": ("#a8325e", "#e58fb1", "#f8dfe0", "#6a4c93", "#f2b441"),
}


def paints(finish):
    colors = PALETTES[finish]
    named = {f"paint{i}": satin(c, 0.36).but(coat=0.45) for i, c in enumerate(colors)}
    return {
        **named,
        "wood": wood("#dcb483", "#b98552", rings=12),
        "dark": satin("#2b2724", 0.4),
        "rope": matt("#efe4cf"),
    }


def wheel(radius, width, *, paint):
    tyre = filleted((0, 0), (radius, 0, 0.025), (radius, width, 0.025), (0, width))
    hub = disc(radius * 0.45, 0.02, edge=0.008)
    return [
        revolved(tyre, columns=48).turned(90, "x").of("wood"),
        hub.turned(90, "x").moved(z=width - 0.004).of(paint),
    ]


def wheels(places, radius, *, half, paint="paint1"):
    meshes = []
    for x in places:
        for turn in (0, 180):
            pair = wheel(radius, 0.1, paint=paint)
            pair = [m.moved(z=half).turned(turn).moved(x=x, y=radius) for m in pair]
            meshes += pair
    return meshes


def rocket(finish):
    hull = spline(
        (0, 0.2), (0.17, 0.2), (0.26, 0.45), (0.27, 0.7), (0.2, 0.98), steps=8
    )
    nose = spline((0.2, 0.98), (0.13, 1.13), (0.05, 1.26), (0, 1.3), steps=8)
    fin = spline((0.2, 0.5, 0), (0.34, 0.36, 0), (0.4, 0.16, 0), (0.38, 0.02, 0))
    radii = np.interp(np.linspace(0, 1, len(fin)), [0, 0.5, 1], [0.1, 0.085, 0.05])
    meshes = [
        revolved(hull).of("paint2"),
        revolved(nose).of("paint0"),
        revolved(filleted((0, 0.12), (0.12, 0.12, 0.02), (0.17, 0.22))).of("dark"),
        torus(0.265, 0.018).moved(y=0.52).of("paint1"),
        *[
            tube(fin, radii, flat=0.5).turned(90 * i + 45).of("paint0")
            for i in range(4)
        ],
        torus(0.1, 0.025).turned(84, "x").moved(y=0.77, z=0.265).of("paint3"),
        ball(0.088).scaled(1, 1, 0.4).moved(y=0.77, z=0.25).of("dark"),
    ]
    return meshes, paints(finish)


def rings(finish):
    meshes = [
        disc(0.36, 0.08, edge=0.03).of("wood"),
        tube([(0, 0, 0), (0, 1.1, 0)], 0.05).of("wood"),
    ]
    y = 0.08
    for i, major in enumerate((0.27, 0.235, 0.2, 0.165, 0.13)):
        minor = 0.1
        ring = torus(major, minor, flat=0.9)
        meshes.append(ring.moved(y=y + 0.09).of(f"paint{i}"))
        y += 0.178
    meshes.append(ball(0.11).moved(y=y + 0.1).of("paint0"))
    return meshes, paints(finish)


def car(finish):
    meshes = [
        rounded_box(1.1, 0.28, 0.46, 0.13).moved(y=0.3).of("paint0"),
        rounded_box(0.58, 0.34, 0.42, 0.15).moved(x=-0.06, y=0.52).of("paint0"),
        rounded_box(0.46, 0.17, 0.43, 0.06).moved(x=-0.06, y=0.55).of("paint2"),
        rounded_box(0.05, 0.24, 0.435, 0.02).moved(x=-0.06, y=0.54).of("paint0"),
        *[ball(0.05).moved(x=0.53, y=0.33, z=z).of("paint1") for z in (-0.14, 0.14)],
        rounded_box(0.34, 0.05, 0.3, 0.02).moved(x=-0.06, y=0.71).of("wood"),
        rounded_box(0.24, 0.14, 0.24, 0.03).moved(x=-0.06, y=0.79).of("paint1"),
        *wheels((-0.32, 0.32), 0.17, half=0.16),
    ]
    return meshes, paints(finish)


def rainbow(finish):
    meshes = []
    for i in range(5):
        outer, inner = 0.66 - 0.125 * i, 0.66 - 0.125 * i - 0.112
        meshes.append(_arch(outer, inner, 0.13).of(f"paint{i}"))
    return meshes, paints(finish)


def _arch(outer, inner, half):
    """Half a ring of a rounded square section, standing on the ground."""
    middle, reach = (outer + inner) / 2, (outer - inner) / 2
    turn = np.linspace(0, 2 * np.pi, 33)
    c, s = np.cos(turn), np.sin(turn)
    radial = middle + reach * np.sign(c) * np.abs(c) ** 0.35
    depth = half * np.sign(s) * np.abs(s) ** 0.35
    angles = np.linspace(0, np.pi, 49)
    rows = [
        np.stack([radial * np.cos(a), radial * np.sin(a), depth], -1) for a in angles
    ]
    return sheet(np.array(rows[::-1]), wrap=True)


def robot(finish):
    meshes = [
        rounded_box(0.5, 0.48, 0.36, 0.06).moved(y=0.5).of("paint3"),
        rounded_box(0.4, 0.32, 0.32, 0.07).moved(y=0.94).of("paint2"),
        tube([(0, 0.72, 0), (0, 0.8, 0)], 0.07).of("wood"),
        *[ball(0.055).moved(x=x, y=0.97, z=0.15).of("dark") for x in (-0.09, 0.09)],
        rounded_box(0.16, 0.03, 0.03, 0.012).moved(y=0.86, z=0.16).of("paint0"),
        tube([(0, 1.1, 0), (0, 1.2, 0)], 0.014, sides=10).of("wood"),
        ball(0.05).moved(y=1.24).of("paint0"),
        *[
            disc(0.05, 0.03, edge=0.01).turned(90, "x").moved(x=x, y=0.58, z=0.18).of(p)
            for x, p in ((-0.12, "paint0"), (0.0, "paint1"), (0.12, "paint4"))
        ],
        rounded_box(0.3, 0.1, 0.02, 0.009).moved(y=0.42, z=0.182).of("paint2"),
    ]
    for side in (-1, 1):
        arm = spline(
            (0.28 * side, 0.64, 0), (0.42 * side, 0.56, 0.02), (0.44 * side, 0.34, 0.1)
        )
        meshes += [
            tube(arm, 0.05).of("wood"),
            ball(0.075).moved(x=0.44 * side, y=0.3, z=0.11).of("paint1"),
            tube([(0.13 * side, 0.1, 0), (0.13 * side, 0.28, 0)], 0.065).of("wood"),
            rounded_box(0.2, 0.11, 0.3, 0.05)
            .moved(x=0.13 * side, y=0.055, z=0.03)
            .of("paint0"),
        ]
    return meshes, paints(finish)


def top(finish):
    body = spline(
        (0.0, 0.0), (0.03, 0.03), (0.12, 0.12), (0.3, 0.26), (0.42, 0.4), steps=6
    )
    upper = spline((0.42, 0.4), (0.4, 0.46), (0.26, 0.52), (0.1, 0.55), steps=6)
    crown = spline(
        (0.1, 0.55), (0.05, 0.6), (0.04, 0.78), (0.06, 0.84), (0, 0.87), steps=6
    )
    meshes = [
        revolved(body).of("paint0"),
        revolved(upper).of("paint1"),
        revolved(crown).of("wood"),
        torus(0.415, 0.02).moved(y=0.405).of("paint2"),
        torus(0.26, 0.014).moved(y=0.245).of("paint3"),
        torus(0.2, 0.012).moved(y=0.54).of("paint4"),
    ]
    return meshes, paints(finish)


def boat(finish):
    hull = []
    for t in np.linspace(0, 1, 14):
        y = 0.02 + 0.26 * t
        hull.append((y, 0.34 + 0.26 * t**0.6, 0.1 + 0.14 * t**0.6, 1.75))
    rows = np.linspace(0, 1, 20)
    sails = []
    for side, foot, paint in ((1, 0.46, "paint2"), (-1, 0.34, "paint1")):
        grid = []
        for t in rows:
            x = np.linspace(0.03, foot * (1 - t) + 0.035, 16) * side
            belly = (
                0.09
                * np.sin(np.pi * np.linspace(0, 1, 16))
                * np.sin(np.pi * (t * 0.8 + 0.2))
            )
            grid.append(np.stack([x, np.full(16, 0.44 + 0.78 * t), belly], -1))
        sails.append(sheet(np.array(grid)).of(paint))
    meshes = [
        lofted(hull).of("paint0"),
        lofted(
            [
                (0.275, 0.59, 0.235, 1.75),
                (0.285, 0.57, 0.22, 1.75),
                (0.286, 0.01, 0.01, 1.75),
            ]
        ).of("wood"),
        tube([(0, 0.28, 0), (0, 1.3, 0)], 0.025).of("wood"),
        tube([(0.02, 0.42, 0), (0.5, 0.42, 0)], 0.016).of("wood"),
        rounded_box(0.24, 0.1, 0.2, 0.03).moved(x=-0.26, y=0.33).of("paint3"),
        tube([(0, 1.26, 0), (0.16, 1.22, 0)], 0.03, flat=0.15).of("paint0"),
        *sails,
    ]
    return meshes, paints(finish)


def train(finish):
    meshes = [
        rounded_box(0.78, 0.1, 0.38, 0.03).moved(x=-0.02, y=0.2).of("wood"),
        rounded_box(0.3, 0.42, 0.38, 0.05).moved(x=-0.24, y=0.44).of("paint0"),
        rounded_box(0.38, 0.06, 0.46, 0.025).moved(x=-0.24, y=0.68).of("paint3"),
        rounded_box(0.16, 0.16, 0.39, 0.03).moved(x=-0.24, y=0.5).of("paint2"),
        tube([(-0.08, 0.4, 0), (0.24, 0.4, 0)], 0.13, sides=30).of("paint4"),
        torus(0.133, 0.016).turned(90, "z").moved(x=0.1, y=0.4).of("paint1"),
        revolved(
            filleted(
                (0, 0.5),
                (0.05, 0.5),
                (0.045, 0.62, 0.02),
                (0.085, 0.74, 0.01),
                (0, 0.74),
            )
        )
        .moved(x=0.2)
        .of("paint0"),
        *wheels((-0.24, 0.1), 0.13, half=0.12),
        *wheels((0.3,), 0.1, half=0.12),
    ]
    for i, paint in enumerate(("paint1", "paint3")):
        x = -0.82 - 0.62 * i
        meshes += [
            rounded_box(0.46, 0.1, 0.38, 0.03).moved(x=x, y=0.2).of("wood"),
            rounded_box(0.44, 0.16, 0.34, 0.03).moved(x=x, y=0.32).of(paint),
            tube([(x + 0.22, 0.2, 0), (x + 0.42, 0.2, 0)], 0.016, sides=10).of("dark"),
            *wheels((x - 0.13, x + 0.13), 0.1, half=0.12),
        ]
        for k in range(3):
            meshes.append(
                ball(0.095)
                .moved(
                    x=x - 0.13 + 0.13 * k, y=0.43 + 0.02 * (k % 2), z=0.05 * (-1) ** k
                )
                .of(f"paint{(k + 2 * i) % 5}")
            )
    return [m.scaled(0.8).moved(x=0.42) for m in meshes], paints(finish)


def whale(finish):
    t = np.linspace(0, 1, 36)
    thick = np.interp(
        t,
        [0, 0.04, 0.15, 0.35, 0.6, 0.85, 1],
        [0.01, 0.15, 0.28, 0.36, 0.3, 0.13, 0.05],
    )
    thick = np.convolve(np.pad(thick, 2, mode="edge"), np.ones(5) / 5, "valid")
    thick[0] = 0.001
    low = [(0.55 - 1.1 * a, r, r * 0.9, 2.0) for a, r in zip(t, thick, strict=True)]
    tail = spline((-0.5, 0.36, 0), (-0.66, 0.46, 0), (-0.74, 0.62, 0))
    meshes = [
        lofted(low[::-1]).turned(-90, "z").moved(y=0.36).of("paint0"),
        lofted([(y, a * 0.72, b * 0.86, p) for y, a, b, p in low[::-1]])
        .turned(-90, "z")
        .moved(x=0.03, y=0.27)
        .of("paint2"),
        tube(tail, np.linspace(0.08, 0.04, len(tail))).of("paint0"),
        *[
            tube([(-0.74, 0.62, 0), (-0.82, 0.7, 0.2 * s)], [0.07, 0.04], flat=0.4).of(
                "paint0"
            )
            for s in (-1, 1)
        ],
        *[ball(0.035).moved(x=0.34, y=0.42, z=0.27 * s).of("dark") for s in (-1, 1)],
        *wheels((-0.24, 0.26), 0.12, half=0.16, paint="paint3"),
        tube(
            spline(
                (0.56, 0.3, 0), (0.78, 0.2, 0.1), (0.95, 0.03, 0.05), (1.1, 0.02, 0.2)
            ),
            0.012,
            sides=8,
        ).of("rope"),
        ball(0.06).moved(x=1.12, y=0.06, z=0.22).of("paint3"),
    ]
    return meshes, paints(finish)


def skittles(finish):
    meshes = []
    for i, (x, z) in enumerate(
        (
            (0, 0.2),
            (-0.26, -0.08),
            (0.26, -0.08),
            (-0.5, -0.36),
            (0.5, -0.36),
            (0, -0.36),
        )
    ):
        body = spline(
            (0, 0),
            (0.1, 0),
            (0.14, 0.14),
            (0.12, 0.32),
            (0.065, 0.46),
            (0.06, 0.5),
            steps=6,
        )
        meshes += [
            revolved(body, columns=40).moved(x=x, z=z).of(f"paint{i % 5}"),
            ball(0.1, rows=18, columns=30).moved(x=x, y=0.57, z=z).of("wood"),
            torus(0.068, 0.018, columns=30, sides=10)
            .moved(x=x, y=0.47, z=z)
            .of("paint2"),
        ]
    meshes.append(ball(0.15).moved(x=0.34, y=0.15, z=0.46).of("paint0"))
    return meshes, paints(finish)


OBJECTS = {
    "rocket": rocket,
    "rings": rings,
    "car": car,
    "rainbow": rainbow,
    "robot": robot,
    "top": top,
    "boat": boat,
    "train": train,
    "whale": whale,
    "skittles": skittles,
}
