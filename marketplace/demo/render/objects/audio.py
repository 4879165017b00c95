"""Things to listen with."""

import numpy as np

from marketplace.demo.render.lettering import label
from marketplace.demo.render.mesh import (
    ball,
    disc,
    filleted,
    joined,
    lofted,
    panel,
    revolved,
    rounded_box,
    spline,
    torus,
    tube,
    upright,
)
from marketplace.demo.render.palette import (
    brushed,
    fabric,
    glossy,
    glowing,
    matt,
    metal,
    perforated,
    printed,
    satin,
    wood,
)

COLORS = {
    "graphite": ("#33363c", "#1c1d21", "#b9bcc2"),
    "bone": ("#e9e2d5", "#c9bfae", "#d9a85a"),
    "forest": ("#37594c", "#243a32", "#d9a85a"),
    "rust": ("#b9573a", "#7d3826", "#e2c9a8"),
    "lilac": ("#b6a4d2", "#8673a6", "#e6e1ee"),
    "cobalt": ("#2d4fa3", "#1d3269", "#c9ccd1"),
    "mustard": ("#dda33c", "#a3721f", "#33363c"),
}
WALNUT = ("#8a5a38", "#4b2c19")


def shell(finish, rough=0.42):
    main, dark, trim = COLORS[finish]
    return {
        "shell": satin(main, rough),
        "dark": matt(dark, 0.6),
        "trim": metal(trim, 0.25),
        "soft": matt(dark, 0.8).but(wrap=0.3),
    }


def headphones(finish):
    angle = np.linspace(-96, 96, 40)
    a = np.radians(angle)
    band = np.stack([0.5 * np.sin(a), 0.62 + 0.52 * np.cos(a), 0 * a], 1)
    inner = np.stack([0.465 * np.sin(a), 0.62 + 0.48 * np.cos(a), 0 * a], 1)[6:-6]
    meshes = [
        tube(band, 0.028, flat=2.0).of("trim"),
        tube(inner, 0.045, flat=1.6).of("soft"),
    ]
    cup = filleted(
        (0, 0.0),
        (0.2, 0.0, 0.03),
        (0.245, 0.05, 0.04),
        (0.25, 0.11, 0.02),
        (0.2, 0.13, 0.02),
        (0, 0.13),
    )
    for side in (-1, 1):
        tilt = {"degrees": -90 * side, "axis": "z"}
        place = {"x": 0.51 * side, "y": 0.36}
        meshes += [
            revolved(cup)
            .scaled(1, 1, 1.16)
            .turned(180, "x")
            .turned(**tilt)
            .moved(**place)
            .of("shell"),
            torus(0.165, 0.075, flat=0.85)
            .scaled(1, 1, 1.18)
            .turned(**tilt)
            .moved(x=0.36 * side, y=0.36)
            .of("soft"),
            disc(0.12, 0.012, edge=0.006)
            .turned(**tilt)
            .moved(x=0.505 * side, y=0.36)
            .of("trim"),
            tube([(0.5 * side, 0.36, 0), (0.515 * side, 0.62, 0)], 0.03, flat=1.6).of(
                "trim"
            ),
        ]
    low = min(mesh.points[:, 1].min() for mesh in meshes)
    return [mesh.moved(y=-low) for mesh in meshes], shell(finish)


def earbuds(finish):
    case = rounded_box(0.62, 0.26, 0.5, 0.125)
    lid = rounded_box(0.62, 0.2, 0.5, 0.098)
    meshes = [
        case.moved(y=0.14).of("shell"),
        lid.turned(-62, "x").moved(y=0.42, z=-0.3).of("shell"),
        rounded_box(0.5, 0.03, 0.38, 0.014).moved(y=0.262).of("dark"),
        ball(0.014, rows=8, columns=12).moved(y=0.17, z=0.25).of("led"),
    ]
    for side in (-1, 1):
        meshes += [
            ball(0.105).scaled(1, 0.9, 1).moved(x=0.14 * side, y=0.36).of("bud"),
            tube([(0.14 * side, 0.4, 0.03), (0.17 * side, 0.24, 0.08)], 0.038).of(
                "bud"
            ),
            torus(0.05, 0.012)
            .turned(90, "x")
            .moved(x=0.14 * side, y=0.37, z=0.095)
            .of("trim"),
        ]
    bud = glossy(COLORS[finish][0])
    return meshes, {**shell(finish, 0.3), "bud": bud, "led": glowing("#7dffb0", 3.0)}


def roamer(finish):
    """A portable speaker: a woven barrel with a strap."""
    barrel = filleted((0.28, 0.08), (0.3, 0.1, 0.02), (0.3, 0.88, 0.02), (0.28, 0.9))
    cap = filleted((0, 0), (0.24, 0, 0.05), (0.285, 0.08, 0.05), (0.28, 0.1))
    strap = spline((0.29, 0.8, 0), (0.42, 0.94, 0), (0.46, 0.66, 0), (0.3, 0.5, 0))
    name = upright(
        revolved([(0.3035, 0.40), (0.3035, 0.62)], columns=24, start=-38, sweep=76)
    )
    meshes = [
        revolved(barrel, columns=96).of("weave"),
        revolved(cap).of("soft"),
        revolved(cap).turned(180, "x").moved(y=0.98).of("soft"),
        disc(0.17, 0.012, edge=0.005).moved(y=0.975).of("trim"),
        tube(strap, 0.02, flat=2.2).of("strap"),
        name.of("name"),
    ]
    main, dark, _ = COLORS[finish]
    weave = fabric(main, dark, across=120, down=56)
    return meshes, {
        **shell(finish),
        "weave": weave,
        "strap": matt("#c98f5c", 0.6),
        "name": printed(
            matt(main), label("halden", ground=dark, ink="#f2ede2", face="grotesque")
        ),
    }


def monitors(finish):
    """A pair of bookshelf speakers."""
    meshes = []
    for x, turn in ((-0.4, 8), (0.4, -8)):
        parts = [
            rounded_box(0.5, 0.82, 0.46, 0.035).moved(y=0.42).of("cabinet"),
            rounded_box(0.455, 0.775, 0.04, 0.018).moved(y=0.42, z=0.225).of("front"),
            *_driver(0.175, 0.28),
            *_driver(0.085, 0.62),
        ]
        meshes += [mesh.turned(turn).moved(x=x) for mesh in parts]
    main, dark, trim = COLORS[finish]
    return meshes, {
        "cabinet": wood(*WALNUT, rings=9, coat=0.35),
        "front": matt(main, 0.55),
        "cone": matt("#17181b", 0.7),
        "ring": metal(trim, 0.22),
        "cap": satin("#2b2d31", 0.3),
    }


def _driver(radius, y):
    dish = filleted(
        (radius, 0.03), (radius * 0.9, 0.034, 0.01), (radius * 0.3, 0.004), (0, 0.004)
    )
    around = {"degrees": 90, "axis": "x"}
    return [
        revolved(dish).turned(**around).moved(y=y, z=0.246).of("cone"),
        torus(radius, 0.014).turned(**around).moved(y=y, z=0.256).of("ring"),
        torus(radius * 0.86, 0.02).turned(**around).moved(y=y, z=0.266).of("cone"),
        ball(radius * 0.36).scaled(1, 1, 0.5).moved(y=y, z=0.25).of("cap"),
    ]


def turntable(finish):
    record = filleted((0, 0.0), (0.42, 0, 0.004), (0.42, 0.014, 0.004), (0.0, 0.014))
    grooves = [
        torus(r, 0.0035, sides=6).moved(y=0.243) for r in np.arange(0.17, 0.41, 0.02)
    ]
    arm = spline(
        (0.5, 0.3, -0.28), (0.5, 0.31, 0.02), (0.42, 0.28, 0.2), (0.3, 0.262, 0.28)
    )
    meshes = [
        rounded_box(1.25, 0.14, 1.0, 0.03).moved(y=0.13).of("plinth"),
        disc(0.46, 0.03).moved(x=-0.12, y=0.2).of("trim"),
        revolved(record).moved(x=-0.12, y=0.23).of("vinyl"),
        joined(grooves).moved(x=-0.12).of("vinyl"),
        disc(0.14, 0.003, edge=0.001).moved(x=-0.12, y=0.244).of("paper"),
        disc(0.012, 0.04, edge=0.005, columns=16).moved(x=-0.12, y=0.24).of("trim"),
        disc(0.085, 0.09, edge=0.01).moved(x=0.5, y=0.2, z=-0.28).of("dark"),
        tube(arm, 0.014).of("trim"),
        tube([(0.5, 0.3, -0.3), (0.5, 0.3, -0.42)], 0.035).of("dark"),
        rounded_box(0.05, 0.022, 0.12, 0.01)
        .turned(-38)
        .moved(x=0.28, y=0.262, z=0.32)
        .of("dark"),
        disc(0.04, 0.03, edge=0.008).moved(x=0.5, y=0.2, z=0.38).of("trim"),
    ]
    for x in (-0.5, 0.5):
        for z in (-0.38, 0.38):
            meshes.append(disc(0.07, 0.07, edge=0.01).moved(x=x, z=z).of("dark"))
    main, _, trim = COLORS[finish]
    return meshes, {
        "plinth": wood(*WALNUT, rings=8, coat=0.4)
        if finish == "graphite"
        else glossy(main, 0.7),
        "trim": brushed("#d7d8da" if finish != "bone" else trim),
        "vinyl": satin("#0e0e10", 0.22),
        "paper": matt("#e07a4b" if finish != "rust" else "#f0d9a8"),
        "dark": satin("#1d1e21", 0.4),
    }


def radio(finish):
    main, dark, trim = COLORS[finish]
    grille = panel(0.56, 0.46)
    dial = panel(0.36, 0.18)
    arch = spline(
        (-0.4, 0.66, 0), (-0.36, 0.84, 0), (0, 0.88, 0), (0.36, 0.84, 0), (0.4, 0.66, 0)
    )
    meshes = [
        rounded_box(1.1, 0.68, 0.36, 0.09).moved(y=0.36).of("shell"),
        grille.moved(x=-0.2, y=0.36, z=0.182).of("grille"),
        rounded_box(0.6, 0.5, 0.02, 0.009).moved(x=-0.2, y=0.36, z=0.172).of("trim"),
        dial.moved(x=0.3, y=0.48, z=0.1815).of("dial"),
        tube(arch, 0.026, flat=1.5).of("strap"),
        disc(0.1, 0.06, edge=0.015)
        .turned(90, "x")
        .moved(x=0.3, y=0.24, z=0.18)
        .of("trim"),
        tube([(0.42, 0.68, -0.1), (0.66, 1.25, -0.1)], 0.008, sides=10).of("trim"),
        ball(0.018, rows=10, columns=14).moved(x=0.665, y=1.26, z=-0.1).of("trim"),
    ]
    return meshes, {
        "shell": satin(main, 0.34).but(coat=0.4),
        "grille": perforated(dark, "#0b0b0c", across=30, down=25),
        "trim": metal("#d9a85a", 0.25),
        "strap": matt("#8a5a38", 0.6),
        "dial": printed(
            matt("#f5ead2").but(glow=0.35),
            label("88  92  96  100", "halden  fm", ink="#3b2a20", face="text"),
        ),
    }


def microphone(finish):
    main, dark, trim = COLORS[finish]
    dome = [
        (0.17 * np.cos(t), 0.98 + 0.17 * np.sin(t)) for t in np.linspace(0, 1.57, 14)
    ]
    capsule = np.array([(0.168, 0.68), (0.17, 0.8), *dome])
    fork = spline(
        (-0.24, 0.74, 0), (-0.25, 0.5, 0), (0, 0.36, 0), (0.25, 0.5, 0), (0.24, 0.74, 0)
    )
    body = filleted(
        (0, 0.46), (0.12, 0.46, 0.05), (0.165, 0.6, 0.05), (0.17, 0.67, 0.01), (0, 0.67)
    )
    meshes = [
        disc(0.3, 0.05, edge=0.02).of("dark"),
        tube([(0, 0.05, 0), (0, 0.4, 0)], 0.03).of("trim"),
        tube(fork, 0.024, flat=1.4).of("trim"),
        revolved(body).of("shell"),
        revolved(capsule, columns=96).of("mesh"),
        torus(0.173, 0.014).moved(y=0.685).of("trim"),
        torus(0.174, 0.01).moved(y=0.9).of("trim"),
        *[
            disc(0.04, 0.05, edge=0.01)
            .turned(90 * s, "z")
            .moved(x=-0.2 * s, y=0.72)
            .of("dark")
            for s in (-1, 1)
        ],
    ]
    return meshes, {
        **shell(finish, 0.35),
        "mesh": perforated("#8d9096", "#1c1d20", across=64, down=40).but(metal=0.9),
    }


def orb(finish):
    main, dark, _ = COLORS[finish]
    outline = [
        (0.44 * np.cos(t), 0.42 + 0.42 * np.sin(t)) for t in np.linspace(-1.3, 1.05, 40)
    ]
    meshes = [
        revolved([(0, outline[0][1]), *outline], columns=120).of("weave"),
        disc(0.225, 0.02, edge=0.008).moved(y=0.775).of("top"),
        torus(0.226, 0.01).moved(y=0.785).of("ring"),
        disc(0.2, 0.03, edge=0.01).of("dark"),
    ]
    meshes[0] = meshes[0].moved(y=0.02)
    return meshes, {
        "weave": fabric(main, dark, across=130, down=70),
        "top": satin(dark, 0.3),
        "ring": glowing("#9fe8ff", 2.4),
        "dark": matt("#1b1c1f"),
    }


def soundbar(finish):
    main, dark, _ = COLORS[finish]
    bar = lofted(
        [
            (-0.75, 0.1, 0.09, 3.2),
            (-0.74, 0.12, 0.11, 3.2),
            (-0.25, 0.13, 0.12, 3.2),
            (0.25, 0.13, 0.12, 3.2),
            (0.74, 0.12, 0.11, 3.2),
            (0.75, 0.1, 0.09, 3.2),
        ]
    )
    meshes = [
        bar.turned(90, "z").moved(y=0.16).of("weave"),
        *[
            disc(0.122, 0.03, edge=0.01)
            .scaled(1, 1, 0.94)
            .turned(-90 * s, "z")
            .moved(x=0.745 * s, y=0.16)
            .of("trim")
            for s in (-1, 1)
        ],
        *[
            rounded_box(0.1, 0.06, 0.18, 0.02).moved(x=x, y=0.03).of("dark")
            for x in (-0.5, 0.5)
        ],
    ]
    return meshes, {
        "weave": fabric(main, dark, across=40, down=110),
        "trim": wood(*WALNUT, rings=14),
        "dark": matt("#1b1c1f"),
    }


OBJECTS = {
    "headphones": headphones,
    "earbuds": earbuds,
    "roamer": roamer,
    "monitors": monitors,
    "turntable": turntable,
    "radio": radio,
    "microphone": microphone,
    "orb": orb,
    "soundbar": soundbar,
}
