"""Bottles, jars and tubes for the skin."""

import numpy as np

from marketplace.demo.render import surface
from marketplace.demo.render.lettering import label
from marketplace.demo.render.mesh import (
    ball,
    disc,
    filleted,
    lofted,
    panel,
    revolved,
    rounded_box,
    sheet,
    spline,
    torus,
    tube,
    upright,
)
from marketplace.demo.render.palette import (
    Material,
    faded,
    glass,
    matt,
    metal,
    printed,
    satin,
    wood,
)

# glass or pack, liquid or second tone, ink
SCENTS = {
    "neroli": ("#e8a65c", "#f7d9a6", "#3a2a1c"),
    "fig": ("#7d8f63", "#c3cf9e", "#26301c"),
    "rose": ("#d98c93", "#f3cfd0", "#4a1f26"),
    "sea": ("#6fa3b5", "#cbe3e6", "#173440"),
    "lavender": ("#9d8fc4", "#dad3ee", "#2c2447"),
    "amber": ("#a8622a", "#d89a55", "#2d180a"),
}
PAPER = "#f6efe4"


def name_on(band, text, small, *, scent, ground=PAPER):
    """A printed field on the front of a round bottle; `band`: radius, low, high."""
    radius, low, high = band
    ink = SCENTS[scent][2]
    outline = [(radius + 0.004, low), (radius + 0.004, high)]
    shape = upright(revolved(outline, columns=28, start=-52, sweep=104))
    picture = label(text, small, ink=ink, ground=ground)
    return shape.of("name"), printed(matt(PAPER, 0.55), picture)


def serum(finish):
    bottle = filleted(
        (0, 0), (0.25, 0, 0.05), (0.25, 0.56, 0.1), (0.1, 0.66, 0.04), (0.1, 0.74)
    )
    inside = filleted((0, 0.03), (0.215, 0.03, 0.04), (0.215, 0.46, 0.01), (0, 0.46))
    collar = filleted(
        (0.115, 0.7), (0.125, 0.71, 0.01), (0.125, 0.86, 0.015), (0, 0.87)
    )
    bulb = spline((0.075, 0.86), (0.085, 0.95), (0.08, 1.07), (0.04, 1.13), (0, 1.14))
    name, ink = name_on(
        (0.25, 0.12, 0.44), "fern & salt", f"{finish} serum 30 ml", scent=finish
    )
    deep, light, _ = SCENTS[finish]
    meshes = [
        revolved(inside).of("oil"),
        revolved(bottle).of("glass"),
        revolved(collar, columns=120, ribs=(40, 0.012)).of("metal"),
        revolved(bulb).of("rubber"),
        name,
    ]
    return meshes, {
        "oil": satin(light, 0.25).but(wrap=0.4, coat=0.6),
        "glass": glass(deep, depth=0.75),
        "metal": metal("#dcb271", 0.22),
        "rubber": matt("#f2ece2", 0.5),
        "name": ink,
    }


def pump(finish):
    bottle = filleted(
        (0, 0), (0.29, 0, 0.05), (0.29, 0.7, 0.14), (0.1, 0.8, 0.05), (0.1, 0.86)
    )
    name, ink = name_on(
        (0.29, 0.16, 0.52),
        "fern & salt",
        f"{finish} wash 250 ml",
        scent=finish,
        ground=None,
    )
    deep, light, _ = SCENTS[finish]
    nozzle = spline((0, 1.06, 0), (0.1, 1.08, 0), (0.24, 1.07, 0), (0.3, 1.0, 0))
    meshes = [
        revolved(bottle).of("pack"),
        revolved(
            filleted((0.11, 0.84), (0.125, 0.85, 0.01), (0.125, 0.94, 0.02), (0, 0.95))
        ).of("cap"),
        tube([(0, 0.92, 0), (0, 1.05, 0)], 0.03).of("cap"),
        tube(nozzle, 0.035, flat=1.2).of("cap"),
        disc(0.085, 0.07, edge=0.02).moved(y=1.045).of("cap"),
        name,
    ]
    return meshes, {
        "pack": faded(deep, light, start=0.0, end=0.85),
        "cap": satin("#2a2725", 0.35),
        "name": ink.but(
            color=deep,
            pattern=surface.FADE,
            second=light,
            p1=0.0,
            p2=0.85,
            rough=0.3,
            coat=0.7,
        ),
    }


def cream(finish):
    jar = filleted((0, 0), (0.36, 0, 0.06), (0.38, 0.3, 0.05), (0.33, 0.34, 0.01))
    inner = filleted((0, 0.06), (0.3, 0.06, 0.06), (0.31, 0.33))
    t = np.linspace(0, 1, 40)
    swirl = [
        (0.31, 0.31),
        (0.29, 0.345),
        *[(0.28 * (1 - a), 0.345 + 0.055 * a + 0.02 * np.sin(a * 19)) for a in t],
    ]
    lid = filleted((0, 0), (0.39, 0, 0.02), (0.39, 0.11, 0.03), (0, 0.115))
    name, ink = name_on(
        (0.377, 0.07, 0.27), "fern & salt", f"{finish} cream 50 ml", scent=finish
    )
    deep, _, _ = SCENTS[finish]
    meshes = [
        revolved(jar).of("glass"),
        revolved(inner).of("cream"),
        revolved(swirl, columns=96, ribs=(5, 0.03)).of("cream"),
        revolved(lid).turned(74, "z").moved(x=-0.56, y=0.4).of("wood"),
        name,
    ]
    return meshes, {
        "glass": satin(deep, 0.3).but(coat=0.7),
        "cream": satin("#fbf3e6", 0.45).but(wrap=0.5),
        "wood": wood("#d6ad7b", "#a87443", rings=16),
        "name": ink,
    }


def hand_tube(finish):
    deep, light, dark = SCENTS[finish]
    sections = []
    for t in np.linspace(0, 1, 24):
        depth = 0.19 * (1 - t**1.6) + 0.012
        sections.append((0.16 + 0.82 * t, 0.2 + 0.055 * t, depth, 2.2))
    crimp = rounded_box(0.52, 0.1, 0.03, 0.012)
    front = _front_of(sections)
    meshes = [
        lofted(sections).of("pack"),
        crimp.moved(y=1.0).of("pack"),
        revolved(
            filleted((0, 0), (0.165, 0, 0.02), (0.165, 0.17, 0.03), (0, 0.18)),
            columns=120,
            ribs=(36, 0.012),
        ).of("cap"),
        front,
    ]
    picture = label("fern & salt", f"{finish} hands 75 ml", ink=PAPER)
    return meshes, {
        "pack": satin(deep, 0.36),
        "cap": satin(PAPER, 0.4),
        "name": printed(satin(deep, 0.36), picture),
    }


def _front_of(sections):
    """The printed field on the tube's belly, just above its surface."""
    rows = [s for s in sections if 0.3 < s[0] < 0.72]
    x = np.linspace(-0.17, 0.17, 24)
    grid = []
    for y, a, b, power in rows:
        z = b * np.maximum(1 - np.abs(x / a) ** power, 0) ** (1 / power) + 0.006
        grid.append(np.stack([x, np.full_like(x, y), z], -1))
    return upright(sheet(np.array(grid))).of("name")


def soap(finish):
    deep, light, _ = SCENTS[finish]
    bar = rounded_box(0.62, 0.2, 0.42, 0.09)
    slats = [
        rounded_box(0.09, 0.06, 0.62, 0.02).moved(x=x, y=0.09).of("wood")
        for x in (-0.32, -0.16, 0.0, 0.16, 0.32)
    ]
    rails = [
        rounded_box(0.84, 0.06, 0.07, 0.02).moved(z=z, y=0.03).of("wood")
        for z in (-0.22, 0.22)
    ]
    meshes = [
        *slats,
        *rails,
        bar.moved(y=0.225).of("soap"),
        rounded_box(0.58, 0.18, 0.38, 0.08).turned(24).moved(y=0.41).of("other"),
        panel(0.4, 0.2).turned(-90, "x").turned(24).moved(y=0.502).of("name"),
    ]
    picture = label("fern & salt", ink=deep)
    return meshes, {
        "wood": wood("#c99f6c", "#94653a", rings=14),
        "soap": Material(
            light,
            rough=0.5,
            wrap=0.4,
            pattern=surface.CHIPS,
            second=deep,
            p1=0.07,
            p2=0.22,
        ),
        "other": Material(
            PAPER,
            rough=0.5,
            wrap=0.4,
            pattern=surface.SPECKLE,
            second=deep,
            p1=0.04,
            p2=0.4,
        ),
        "name": printed(matt(PAPER, 0.5).but(wrap=0.4), picture),
    }


def mist(finish):
    deep, light, _ = SCENTS[finish]
    bottle = filleted(
        (0, 0), (0.2, 0, 0.04), (0.2, 0.74, 0.09), (0.09, 0.8, 0.03), (0.09, 0.84)
    )
    liquid = filleted((0, 0.03), (0.17, 0.03, 0.03), (0.17, 0.6, 0.01), (0, 0.6))
    cap = filleted((0.1, 0.82), (0.11, 0.83, 0.01), (0.11, 1.08, 0.02), (0, 1.09))
    name, ink = name_on((0.2, 0.2, 0.5), "fern & salt", f"{finish} mist", scent=finish)
    meshes = [
        revolved(liquid).of("liquid"),
        revolved(bottle).of("glass"),
        revolved(cap).of("cap"),
        torus(0.107, 0.01).moved(y=0.83).of("cap"),
        name,
    ]
    return meshes, {
        "liquid": satin(light, 0.2).but(wrap=0.4, coat=0.5),
        "glass": glass(light, depth=0.5),
        "cap": metal("#dcb271", 0.2),
        "name": ink,
    }


def balm(finish):
    deep, light, _ = SCENTS[finish]
    meshes = [
        revolved(filleted((0, 0), (0.15, 0, 0.02), (0.15, 0.42, 0.01), (0, 0.42))).of(
            "case"
        ),
        revolved(filleted((0.13, 0.42), (0.13, 0.52, 0.01), (0, 0.52))).of("metal"),
        revolved(filleted((0, 0.52), (0.115, 0.52), (0.115, 0.72, 0.02), (0, 0.76))).of(
            "wax"
        ),
        revolved(filleted((0, 0), (0.155, 0, 0.02), (0.155, 0.44, 0.03), (0, 0.44)))
        .turned(90, "x")
        .turned(58)
        .moved(x=0.42, y=0.155, z=-0.02)
        .of("case"),
    ]
    name, ink = name_on(
        (0.15, 0.08, 0.3), "fern & salt", f"{finish} balm", scent=finish, ground=None
    )
    return [*meshes, name], {
        "case": satin(deep, 0.34).but(coat=0.5),
        "metal": metal("#dcb271", 0.2),
        "wax": satin(light, 0.4).but(wrap=0.5),
        "name": ink.but(color=deep, rough=0.34, coat=0.5),
    }


def perfume(finish):
    deep, light, _ = SCENTS[finish]
    front = panel(0.36, 0.18).moved(y=0.34, z=0.181)
    meshes = [
        rounded_box(0.52, 0.5, 0.22, 0.03).moved(y=0.34).of("liquid"),
        rounded_box(0.66, 0.72, 0.35, 0.06).moved(y=0.37).of("glass"),
        disc(0.11, 0.09, edge=0.012).moved(y=0.73).of("metal"),
        ball(0.17).moved(y=0.95).of("stone"),
        front.of("name"),
    ]
    picture = label(
        "fern & salt", f"eau de {finish}", ink=SCENTS[finish][2], ground=PAPER
    )
    return meshes, {
        "liquid": satin(deep, 0.15).but(coat=1.0, wrap=0.5),
        "glass": glass("#f4f1ec", depth=0.28),
        "metal": metal("#dcb271", 0.2),
        "stone": Material(
            "#efe7da",
            rough=0.3,
            coat=0.6,
            pattern=surface.CHIPS,
            second=light,
            p1=0.09,
            p2=0.35,
        ),
        "name": printed(matt(PAPER, 0.5), picture),
    }


def scented_candle(finish):
    deep, light, _ = SCENTS[finish]
    jar = filleted(
        (0, 0),
        (0.33, 0, 0.05),
        (0.33, 0.62, 0.012),
        (0.305, 0.62, 0.012),
        (0.305, 0.46),
    )
    flame = spline((0, 0.56), (0.022, 0.59), (0.03, 0.64), (0.015, 0.71), (0.001, 0.77))
    name, ink = name_on(
        (0.33, 0.14, 0.46), "fern & salt", f"{finish} candle", scent=finish
    )
    meshes = [
        revolved(jar).of("jar"),
        revolved(filleted((0, 0.475), (0.2, 0.47, 0.05), (0.306, 0.485))).of("wax"),
        tube([(0, 0.46, 0), (0, 0.57, 0)], 0.008, sides=8).of("wick"),
        revolved(flame, columns=24).of("flame"),
        name,
    ]
    return (
        meshes,
        {
            "jar": satin(deep, 0.3).but(coat=0.8),
            "wax": satin("#fdf3e0", 0.4).but(wrap=0.5, glow=0.18),
            "wick": matt("#2a2220"),
            "flame": matt("#ffb64f").but(glow=5.0),
            "name": ink,
        },
        [(0, 0.85, 0, 0.3, 0.17, 0.06, 0.35)],
    )


OBJECTS = {
    "serum": serum,
    "pump": pump,
    "cream": cream,
    "hand-tube": hand_tube,
    "soap": soap,
    "mist": mist,
    "balm": balm,
    "perfume": perfume,
    "candle": scented_candle,
}
