"""Materials by name of colour: clay, glaze, metal, wood, glass, printed labels."""

from dataclasses import dataclass, replace

import numpy as np

from . import surface


def linear(color):
    """'#rrggbb' (or three numbers already linear) as linear light."""
    if not isinstance(color, str):
        return tuple(color)
    value = np.array([int(color[i : i + 2], 16) for i in (1, 3, 5)]) / 255
    low, high = value / 12.92, ((value + 0.055) / 1.055) ** 2.4
    return tuple(np.where(value <= 0.04045, low, high))


@dataclass(frozen=True, eq=False)
class Material:
    color: str | tuple
    rough: float = 0.5
    metal: float = 0.0
    coat: float = 0.0
    glow: float = 0.0
    pattern: int = surface.PLAIN
    second: str | tuple = "#000000"
    rough2: float | None = None
    p1: float = 0.0
    p2: float = 0.0
    picture: np.ndarray | None = None
    wrap: float = 0.0
    glass: float = 0.0

    def but(self, **changes):
        return replace(self, **changes)

    def row(self):
        rough2 = self.rough if self.rough2 is None else self.rough2
        return np.array(
            [
                *linear(self.color), self.rough, self.metal, self.coat, self.glow,
                self.pattern, *linear(self.second), rough2, self.p1, self.p2, -1,
                self.wrap, self.glass,
            ],
            float,
        )  # fmt: skip


def matt(color, rough=0.7):
    return Material(color, rough=rough, wrap=0.12)


def satin(color, rough=0.38):
    return Material(color, rough=rough)


def glossy(color, coat=1.0):
    return Material(color, rough=0.35, coat=coat)


def metal(color, rough=0.25):
    return Material(color, rough=rough, metal=1.0)


def brushed(color, rough=0.34):
    dark = tuple(0.8 * c for c in linear(color))
    return Material(color, rough=rough, metal=1.0, pattern=surface.BRUSHED, second=dark)


def speckled(color, dots, *, size=0.035, share=0.5):
    return Material(
        color, rough=0.45, coat=0.35, pattern=surface.SPECKLE, second=dots,
        p1=size, p2=share, rough2=0.6,
    )  # fmt: skip


def dipped(clay, glaze, *, height, wave=0.06):
    """Bare clay below, glaze above a wavy line."""
    return Material(
        clay, rough=0.85, pattern=surface.DIP, second=glaze, rough2=0.22,
        p1=height, p2=wave, coat=0.15,
    )  # fmt: skip


def wood(light, dark, *, rings=11.0, rough=0.5, coat=0.15):
    return Material(
        light, rough=rough, coat=coat, pattern=surface.WOOD, second=dark, p1=rings
    )


def fabric(color, second, *, across=90.0, down=60.0):
    return Material(
        color, rough=0.9, wrap=0.25, pattern=surface.WEAVE, second=second,
        p1=across, p2=down,
    )  # fmt: skip


def perforated(color, holes, *, across, down):
    return Material(
        color, rough=0.4, pattern=surface.DOTS, second=holes,
        rough2=0.9, p1=across, p2=down,
    )  # fmt: skip


def faded(low, high, *, start, end):
    return Material(
        low, rough=0.3, coat=0.7, pattern=surface.FADE, second=high,
        p1=start, p2=end,
    )  # fmt: skip


def glass(color, *, depth=0.8, glow=0.0):
    return Material(color, glass=depth, rough=0.05, glow=glow)


def glowing(color, strength):
    return Material(color, rough=0.6, glow=strength, wrap=0.3)


def printed(base, picture):
    return base.but(picture=picture)
