"""Cups, pots and vases of stoneware."""

import numpy as np

from marketplace.demo.render.mesh import (
    ball,
    filleted,
    lofted,
    revolved,
    spline,
    torus,
    tube,
)
from marketplace.demo.render.palette import dipped, matt, satin, speckled, wood

GLAZES = {
    "sand": ("#b98a63", "#ece4d6"),
    "sage": ("#b08763", "#8fa08a"),
    "ink": ("#a57f62", "#27406b"),
    "blush": ("#b9876b", "#e3b3a3"),
    "charcoal": ("#8a7566", "#34363b"),
    "ochre": ("#a77f5e", "#d79a3c"),
}
SPECKLES = {
    "sand": ("#ebe2d2", "#7d6148"),
    "sage": ("#9aab95", "#46543f"),
    "ink": ("#2c4674", "#0e1a33"),
    "blush": ("#e6bcae", "#8f5a4c"),
    "charcoal": ("#3d4046", "#0f1012"),
    "ochre": ("#d99f45", "#6f4413"),
}


def two_tone(finish, height):
    clay, glaze = GLAZES[finish]
    return {"clay": dipped(clay, glaze, height=height)}


def dotted(finish, size=0.04):
    color, dots = SPECKLES[finish]
    return {"clay": speckled(color, dots, size=size, share=0.45)}


def mug(finish):
    outline = filleted(
        (0, 0.02),
        (0.29, 0.02, 0.03),
        (0.31, 0, 0.01),
        (0.40, 0.03, 0.12),
        (0.41, 0.82, 0.02),
        (0.375, 0.82, 0.02),
        (0.36, 0.1, 0.1),
        (0, 0.07),
    )
    ear = spline(
        (0.38, 0.66, 0), (0.55, 0.7, 0), (0.66, 0.5, 0), (0.6, 0.28, 0), (0.38, 0.22, 0)
    )
    meshes = [revolved(outline).of("clay"), tube(ear, 0.048, flat=1.35).of("clay")]
    return meshes, two_tone(finish, 0.24)


def espresso(finish):
    cup = filleted(
        (0, 0.09),
        (0.16, 0.09, 0.02),
        (0.18, 0.07, 0.01),
        (0.29, 0.16, 0.16),
        (0.31, 0.55, 0.02),
        (0.28, 0.55, 0.02),
        (0.26, 0.2, 0.15),
        (0, 0.13),
    )
    coffee = filleted((0.0, 0.47), (0.2785, 0.47))
    saucer = filleted(
        (0, 0.03),
        (0.25, 0.0, 0.02),
        (0.32, 0.0, 0.05),
        (0.58, 0.075, 0.02),
        (0.575, 0.1, 0.02),
        (0.3, 0.045, 0.05),
        (0, 0.06),
    )
    ear = spline((0.29, 0.45, 0), (0.42, 0.46, 0), (0.45, 0.33, 0), (0.29, 0.26, 0))
    meshes = [
        revolved(cup).of("clay"),
        revolved(saucer).of("clay"),
        tube(ear, 0.035, flat=1.2).of("clay"),
        revolved(coffee).of("coffee"),
    ]
    return meshes, {**dotted(finish, 0.03), "coffee": satin("#3a2012", 0.2)}


def teapot(finish):
    body = spline(
        (0, 0.01),
        (0.26, 0.01),
        (0.48, 0.2),
        (0.52, 0.4),
        (0.42, 0.6),
        (0.25, 0.7),
        (0.2, 0.71),
        steps=7,
    )
    lid = filleted((0.24, 0.70), (0.23, 0.735, 0.02), (0.12, 0.77, 0.05), (0, 0.785))
    spout = spline((0.44, 0.3, 0), (0.62, 0.38, 0), (0.72, 0.58, 0), (0.82, 0.68, 0))
    radii = np.interp(np.linspace(0, 1, len(spout)), [0, 0.4, 1], [0.12, 0.075, 0.045])
    arch = spline(
        (-0.26, 0.62, 0),
        (-0.34, 0.98, 0),
        (0, 1.18, 0),
        (0.34, 0.98, 0),
        (0.26, 0.62, 0),
        steps=14,
    )
    meshes = [
        revolved(body).of("clay"),
        revolved(lid).of("clay"),
        ball(0.06, rows=14, columns=24).moved(y=0.82).of("wood"),
        tube(spout, radii).of("clay"),
        tube(arch, 0.028).of("wood"),
    ]
    return meshes, {**two_tone(finish, 0.2), "wood": wood("#b98654", "#7a4b26")}


def bud_vase(finish):
    outline = spline(
        (0, 0.01),
        (0.2, 0.01),
        (0.33, 0.16),
        (0.33, 0.32),
        (0.16, 0.52),
        (0.075, 0.75),
        (0.075, 1.0),
        (0.12, 1.12),
        (0.10, 1.13),
        (0.05, 1.0),
        (0.04, 0.7),
        steps=7,
    )
    meshes = [revolved(outline).of("clay")]
    for lean, length, turn in ((9, 0.75, 0), (-12, 0.62, 120), (16, 0.5, 230)):
        meshes += _pampas(lean, length, turn)
    plumes = {"stem": matt("#a98f5e"), "plume": matt("#dcc69a", 0.95).but(wrap=0.5)}
    return meshes, {**two_tone(finish, 0.3), **plumes}


def _pampas(lean, length, turn):
    """One dried grass with its soft plume."""
    stem = spline((0, 0.8, 0), (0.0, 1.2, 0), (0.012 * lean, 1.1 + length, 0))
    t = np.linspace(0, 1, 22)
    top = np.array([0.012 * lean * 0.8, 1.0 + length, 0])
    tip = np.array([0.012 * lean * 1.5, 1.35 + length, 0])
    plume = top + (tip - top) * t[:, None]
    plume[:, 0] += 0.03 * lean / 10 * t**2
    width = 0.012 + 0.065 * np.sin(np.pi * t**0.75) * (1 + 0.25 * np.sin(t * 40))
    return [
        tube(stem, 0.009, sides=8).turned(turn).of("stem"),
        tube(plume, width, sides=14).turned(turn).of("plume"),
    ]


def donut_vase(finish):
    ring = torus(0.36, 0.15, flat=0.9).turned(90, "x").moved(y=0.6)
    foot = filleted((0, 0), (0.2, 0, 0.02), (0.15, 0.16, 0.03), (0, 0.2))
    neck = filleted((0.075, 1.06), (0.065, 1.18, 0.03), (0.1, 1.26, 0.01), (0.05, 1.2))
    meshes = [part.of("clay") for part in (ring, revolved(foot), revolved(neck))]
    return meshes, dotted(finish, 0.05)


def planter(finish):
    pot = filleted(
        (0, 0.0),
        (0.33, 0.0, 0.04),
        (0.42, 0.62, 0.02),
        (0.375, 0.62, 0.02),
        (0.36, 0.52, 0.0),
        (0, 0.52),
    )
    meshes = [revolved(pot, columns=144, ribs=(24, 0.022)).of("clay")]
    meshes.append(revolved(filleted((0, 0.53), (0.365, 0.53))).of("earth"))
    random = np.random.default_rng(4)
    for i in range(11):
        meshes.append(_leaf(random, i))
    color, _ = SPECKLES[finish]
    return meshes, {
        "clay": satin(color, 0.5),
        "earth": matt("#3b2a20", 0.95),
        "leaf": satin("#3f6b45", 0.4).but(wrap=0.2),
    }


def _leaf(random, i):
    """A blade of a snake plant, bent outwards."""
    out, height = random.uniform(0.05, 0.3), random.uniform(0.65, 1.05)
    t = np.linspace(0, 1, 16)
    spine = np.stack([0.1 + out * t**2, 0.5 + height * t, 0 * t], 1)
    width = 0.062 * np.sin(np.pi * (0.12 + 0.86 * t)) + 0.004
    blade = tube(spine, width, sides=12, flat=0.22).turned(random.uniform(60, 120))
    return blade.turned(i * 137.5).of("leaf")


def bowls(finish):
    others = {"sand": "sage", "sage": "ochre", "ink": "sand", "blush": "charcoal"}
    meshes, materials = [], {}
    finishes = [
        finish,
        others.get(finish, "sand"),
        "sand" if finish != "sand" else "ink",
    ]
    for i, (glaze, scale) in enumerate(zip(finishes, (1.0, 0.86, 0.73), strict=True)):
        outline = spline(
            (0, 0.02),
            (0.2, 0.0),
            (0.34, 0.07),
            (0.49, 0.23),
            (0.56, 0.42),
            (0.545, 0.435),
            (0.53, 0.42),
            (0.46, 0.25),
            (0.3, 0.1),
            (0, 0.06),
            steps=6,
        )
        bowl = revolved(outline).scaled(scale).moved(y=0.1 * i)
        meshes.append(bowl.of(f"clay{i}"))
        color, dots = SPECKLES[glaze]
        materials[f"clay{i}"] = speckled(color, dots, size=0.035, share=0.4)
    return meshes, materials


def plates(finish):
    outline = filleted(
        (0, 0.02),
        (0.4, 0.0, 0.03),
        (0.62, 0.05, 0.1),
        (0.66, 0.13, 0.015),
        (0.635, 0.135, 0.015),
        (0.57, 0.06, 0.06),
        (0.0, 0.045),
    )
    meshes = [revolved(outline).moved(y=0.052 * i).of(f"clay{i % 2}") for i in range(5)]
    color, dots = SPECKLES[finish]
    base = "#efe8dc" if finish != "sand" else "#9aab95"
    return meshes, {
        "clay0": speckled(color, dots, size=0.05),
        "clay1": speckled(base, "#8b735a", size=0.05),
    }


def candlesticks(finish):
    meshes = []
    for x, z, high in ((-0.34, 0.06, 0.5), (0.02, -0.12, 0.85), (0.36, 0.12, 0.3)):
        base = filleted(
            (0, 0),
            (0.2, 0.0, 0.03),
            (0.2, 0.05, 0.03),
            (0.06, 0.1, 0.08),
            (0.06, high - 0.08, 0.06),
            (0.13, high, 0.02),
            (0.05, high, 0.01),
            (0.05, high - 0.04),
        )
        meshes.append(revolved(base).moved(x=x, z=z).of("clay"))
        candle = filleted(
            (0.048, high - 0.04), (0.042, high + 0.62, 0.02), (0, high + 0.64)
        )
        meshes.append(revolved(candle, columns=28).moved(x=x, z=z).of("wax"))
        flame = [
            (high + 0.66 + 0.14 * t, 0.028 * w, 0.028 * w, 2)
            for t, w in ((0, 0.2), (0.15, 0.9), (0.4, 1.0), (0.75, 0.5), (1, 0.02))
        ]
        meshes.append(lofted(flame, columns=20).moved(x=x, z=z).of("flame"))
    _, glaze = GLAZES[finish]
    materials = {
        "clay": satin(glaze, 0.32).but(coat=0.4),
        "wax": satin("#f1e6cf", 0.5).but(wrap=0.4),
        "flame": matt("#ffb347").but(glow=4.5),
    }
    lamps = [(0.02, 1.6, -0.1, 0.32, 0.18, 0.07, 0.5)]
    return meshes, materials, lamps


OBJECTS = {
    "mug": mug,
    "espresso": espresso,
    "teapot": teapot,
    "bud-vase": bud_vase,
    "donut-vase": donut_vase,
    "planter": planter,
    "bowls": bowls,
    "plates": plates,
    "candlesticks": candlesticks,
}
