"""Lamps that burn: on a dark set they light the floor around them."""

import numpy as np

from marketplace.demo.render.mesh import (
    ball,
    disc,
    filleted,
    joined,
    revolved,
    spline,
    torus,
    tube,
)
from marketplace.demo.render.palette import (
    brushed,
    fabric,
    glass,
    glossy,
    glowing,
    matt,
    metal,
    satin,
    wood,
)

DARK = True
LACQUERS = {
    "clay": "#c4674a",
    "cream": "#eee3cf",
    "forest": "#2f5a4b",
    "plum": "#5b2f4a",
    "butter": "#eec35e",
    "night": "#20242c",
    "sky": "#8fb3cf",
    "rose": "#dd9aa0",
}
METALS = {
    "brass": "#d9a85a",
    "steel": "#c9ccd1",
    "copper": "#d08460",
    "black": "#26272b",
}
WARM = (1.0, 0.62, 0.28)


def lamp_at(x, y, z, power, size=0.22):
    return (x, y, z, *(2.4 * power * c for c in WARM), size)


def mushroom(finish):
    base = filleted(
        (0, 0),
        (0.3, 0, 0.03),
        (0.3, 0.05, 0.03),
        (0.1, 0.16, 0.12),
        (0.085, 0.62, 0.05),
        (0, 0.64),
    )
    cap = spline(
        (0.52, 0.5),
        (0.53, 0.54),
        (0.48, 0.72),
        (0.32, 0.88),
        (0.12, 0.95),
        (0, 0.96),
        steps=8,
    )
    inner = spline((0, 0.9), (0.3, 0.82), (0.46, 0.66), (0.5, 0.51), steps=6)
    meshes = [
        revolved(base).of("lacquer"),
        revolved(cap).of("lacquer"),
        revolved(inner[::-1]).of("inside"),
        ball(0.12).moved(y=0.72).of("bulb"),
    ]
    return (
        meshes,
        {
            "lacquer": glossy(LACQUERS[finish]).but(glow=0.1),
            "inside": matt("#ffe2b8").but(glow=1.5),
            "bulb": glowing("#ffd9a0", 6.0),
        },
        [lamp_at(0, 0.5, 0, 0.8, 0.3)],
    )


def globe(finish):
    stem = filleted(
        (0, 0),
        (0.26, 0, 0.02),
        (0.26, 0.04, 0.02),
        (0.03, 0.06, 0.02),
        (0.03, 0.5),
        (0.1, 0.53, 0.02),
        (0.09, 0.58),
    )
    meshes = [
        revolved(stem).of("metal"),
        ball(0.36, rows=40).moved(y=0.9).of("opal"),
        torus(0.37, 0.012).turned(70, "z").moved(y=0.9).of("metal"),
    ]
    return (
        meshes,
        {
            "metal": metal(METALS[finish], 0.2),
            "opal": glowing("#ffe3bd", 1.5).but(coat=0.8, rough=0.3),
        },
        [lamp_at(0, 0.9, 0, 0.42, 0.36)],
    )


def pleated(finish):
    foot = spline(
        (0, 0),
        (0.2, 0),
        (0.24, 0.08),
        (0.2, 0.22),
        (0.08, 0.34),
        (0.05, 0.42),
        (0.05, 0.56),
        steps=6,
    )
    shade = filleted((0.46, 0.48), (0.3, 1.0))
    inner = filleted((0.44, 0.49), (0.29, 0.99))
    rim = [
        torus(r, 0.012).moved(y=y).of("shade") for r, y in ((0.465, 0.485), (0.3, 1.0))
    ]
    meshes = [
        revolved(foot).of("lacquer"),
        revolved(shade, columns=320, ribs=(64, 0.02)).of("shade"),
        revolved(inner).of("inside"),
        ball(0.1).moved(y=0.72).of("bulb"),
        *rim,
    ]
    return (
        meshes,
        {
            "lacquer": glossy(LACQUERS[finish]),
            "shade": fabric("#f3dfbd", "#e8cfa6").but(glow=0.85),
            "inside": matt("#fff1dd").but(glow=1.2),
            "bulb": glowing("#ffd9a0", 6.0),
        },
        [lamp_at(0, 0.45, 0, 0.3), lamp_at(0, 1.15, 0, 0.12)],
    )


def lantern(finish):
    body = filleted(
        (0, 0), (0.27, 0, 0.05), (0.27, 0.13, 0.04), (0.2, 0.15, 0.02), (0, 0.15)
    )
    shade = filleted((0.2, 0.15), (0.235, 0.17, 0.02), (0.235, 0.6, 0.1), (0, 0.62))
    top = filleted((0.0, 0.6), (0.2, 0.6, 0.02), (0.2, 0.66, 0.03), (0, 0.67))
    loop = spline(
        (-0.19, 0.63, 0), (-0.2, 0.9, 0), (0, 1.02, 0), (0.2, 0.9, 0), (0.19, 0.63, 0)
    )
    ribs = [
        tube(
            [
                (0.245 * np.sin(a), 0.15, 0.245 * np.cos(a)),
                (0.245 * np.sin(a), 0.6, 0.245 * np.cos(a)),
            ],
            0.012,
            sides=10,
        )
        for a in np.linspace(0, 2 * np.pi, 7)[:-1]
    ]
    meshes = [
        revolved(body).of("lacquer"),
        revolved(shade).of("opal"),
        revolved(top).of("lacquer"),
        tube(loop, 0.022).of("leather"),
        joined(ribs).of("lacquer"),
    ]
    return (
        meshes,
        {
            "lacquer": satin(LACQUERS[finish], 0.42),
            "opal": glowing("#ffdfb4", 1.5).but(coat=0.5),
            "leather": matt("#8a5a37", 0.6),
        },
        [lamp_at(0, 0.4, 0, 0.36, 0.3)],
    )


def pendant(finish):
    dome = spline(
        (0.56, 0.5),
        (0.565, 0.53),
        (0.52, 0.74),
        (0.36, 0.93),
        (0.12, 1.02),
        (0.07, 1.06),
        (0.06, 1.14),
        (0, 1.15),
        steps=7,
    )
    inner = spline((0.545, 0.5), (0.5, 0.72), (0.34, 0.9), (0, 1.0), steps=7)
    meshes = [
        revolved(dome).of("lacquer"),
        revolved(inner).of("inside"),
        ball(0.13).moved(y=0.66).of("bulb"),
        tube([(0, 1.12, 0), (0, 4.0, 0)], 0.012, sides=8).of("cord"),
        torus(0.065, 0.014).moved(y=1.1).of("ring"),
    ]
    return (
        meshes,
        {
            "lacquer": satin(LACQUERS[finish], 0.3).but(coat=0.5),
            "inside": metal("#f0c987", 0.35).but(glow=1.2),
            "bulb": glowing("#ffe0b0", 6.0),
            "cord": matt("#1b1b1d"),
            "ring": metal(METALS["brass"]),
        },
        [lamp_at(0, 0.4, 0, 1.1, 0.3)],
    )


def halo(finish):
    meshes = [
        torus(0.42, 0.03, columns=96).turned(90, "x").moved(y=0.6).of("light"),
        torus(0.42, 0.036, columns=96)
        .turned(90, "x")
        .moved(y=0.6, z=-0.03)
        .of("metal"),
        disc(0.2, 0.16, edge=0.03).of("stone"),
        tube([(0, 0.1, -0.05), (0, 0.2, -0.04)], 0.02, sides=12).of("metal"),
    ]
    return (
        meshes,
        {
            "light": glowing("#ffdcae", 4.2),
            "metal": brushed(METALS[finish]),
            "stone": wood("#d9d2c6", "#a8a095", rings=6.0, coat=0.4),
        },
        [lamp_at(0, 0.6, 0.1, 0.4, 0.45)],
    )


def pillar(finish):
    meshes = [disc(0.2, 0.07, edge=0.02).of("metal")]
    for i in range(4):
        ring = filleted(
            (0.1, 0.07 + 0.29 * i),
            (0.17, 0.1 + 0.29 * i, 0.08),
            (0.17, 0.3 + 0.29 * i, 0.08),
            (0.1, 0.34 + 0.29 * i),
        )
        meshes.append(revolved(ring).of("opal"))
        meshes.append(torus(0.105, 0.016).moved(y=0.36 + 0.29 * i - 0.0).of("metal"))
    meshes.append(disc(0.11, 0.03, edge=0.012).moved(y=1.22).of("metal"))
    return (
        meshes,
        {
            "opal": glowing("#ffd9a8", 1.35).but(coat=0.6),
            "metal": metal(METALS[finish], 0.22),
        },
        [lamp_at(0, 0.35, 0, 0.25, 0.25), lamp_at(0, 0.95, 0, 0.25, 0.25)],
    )


def task(finish):
    lower, upper = (0.0, 0.06, 0.0), (-0.3, 0.72, 0.0)
    head = (0.32, 1.1, 0.0)
    shade = filleted(
        (0.25, -0.2),
        (0.24, -0.16, 0.02),
        (0.11, 0.08, 0.06),
        (0.05, 0.14, 0.03),
        (0, 0.15),
    )
    inner = filleted((0.235, -0.19), (0.1, 0.06, 0.05), (0, 0.1))
    at = {"x": 0.4, "y": 1.05}
    meshes = [
        disc(0.27, 0.055, edge=0.02).of("lacquer"),
        tube([lower, upper], 0.02).of("metal"),
        tube([upper, head], 0.02).of("metal"),
        ball(0.045, rows=12, columns=20).moved(*upper).of("metal"),
        ball(0.045, rows=12, columns=20).moved(*lower).of("metal"),
        revolved(shade).turned(28, "z").moved(**at).of("lacquer"),
        revolved(inner).turned(28, "z").moved(**at).of("inside"),
        ball(0.08, rows=14, columns=24).moved(x=0.42, y=0.97).of("bulb"),
    ]
    return (
        meshes,
        {
            "lacquer": glossy(LACQUERS[finish], 0.8),
            "metal": metal(METALS["brass"], 0.2),
            "inside": matt("#ffe2b8").but(glow=1.5),
            "bulb": glowing("#ffe0b0", 6.0),
        },
        [lamp_at(0.5, 0.7, 0, 0.8, 0.25)],
    )


def oil(finish):
    """An oil lamp: a clear chimney over a coloured font."""
    font = spline(
        (0, 0),
        (0.24, 0),
        (0.28, 0.06),
        (0.24, 0.22),
        (0.1, 0.3),
        (0.08, 0.33),
        (0, 0.34),
        steps=6,
    )
    chimney = spline(
        (0.11, 0.36), (0.19, 0.5), (0.19, 0.62), (0.1, 0.84), (0.09, 1.0), steps=7
    )
    flame = spline((0, 0.40), (0.03, 0.43), (0.042, 0.5), (0.02, 0.6), (0.002, 0.68))
    meshes = [
        revolved(font).of("font"),
        disc(0.12, 0.05, edge=0.015).moved(y=0.32).of("metal"),
        revolved(flame, columns=24).of("flame"),
        revolved(chimney).of("chimney"),
    ]
    return (
        meshes,
        {
            "font": glossy(LACQUERS[finish]),
            "metal": metal(METALS["brass"], 0.2),
            "flame": glowing("#ffb85e", 5.0),
            "chimney": glass("#f6efe6", depth=0.25),
        },
        [lamp_at(0, 0.55, 0, 0.3, 0.2)],
    )


OBJECTS = {
    "mushroom": mushroom,
    "globe": globe,
    "pleated": pleated,
    "lantern": lantern,
    "pendant": pendant,
    "halo": halo,
    "pillar": pillar,
    "task": task,
    "oil": oil,
}
