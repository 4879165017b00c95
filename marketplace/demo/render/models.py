"""The demo's objects by name and finish, baked once and kept."""

from functools import lru_cache

import numpy as np

from .objects import audio, ceramics, lamps, skincare, toys
from .studio import model_of

TRADES = {
    "ceramics": ceramics.OBJECTS,
    "lamps": lamps.OBJECTS,
    "audio": audio.OBJECTS,
    "skincare": skincare.OBJECTS,
    "toys": toys.OBJECTS,
}
HANGING = {"pendant": 0.62}  # how far above the ground it hangs


@lru_cache(maxsize=24)
def model(trade, name, finish):
    meshes, materials, *lamps = TRADES[trade][name](finish)
    return model_of(*_centered(meshes, materials, lamps[0] if lamps else ()))


def _centered(meshes, materials, lamps):
    """Moved so that it turns about its middle."""
    points = np.concatenate([mesh.points for mesh in meshes])
    x, _, z = (points.min(0) + points.max(0)) / 2
    meshes = [mesh.moved(x=-x, z=-z) for mesh in meshes]
    return meshes, materials, [(a - x, b, c - z, *rest) for a, b, c, *rest in lamps]


def extent(model):
    """Half the width that it sweeps when it turns, and its height."""
    points = model.points[model.points[:, 1] < 2.0]  # without a pendant's cord
    return float(np.hypot(points[:, 0], points[:, 2]).max()), float(points[:, 1].max())
