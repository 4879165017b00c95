"""The one module that knows NudeNet, which is there by choice.

requirements/moderation.txt has it, with its model; it brings 300 MB along.
"""

import functools
import importlib
import importlib.util
from dataclasses import dataclass

# What is covered, and feet, faces and bellies, is nothing to report.
REPORTED = {
    "ANUS_EXPOSED",
    "BUTTOCKS_EXPOSED",
    "FEMALE_BREAST_EXPOSED",
    "FEMALE_GENITALIA_EXPOSED",
    "MALE_GENITALIA_EXPOSED",
}


@dataclass(frozen=True, order=True)
class Sight:
    score: float
    label: str


def is_available() -> bool:
    return importlib.util.find_spec("nudenet") is not None


@functools.cache
def _detector():
    # Not at the top: it would cost each web process a second and 100 MB.
    return importlib.import_module("nudenet").NudeDetector()


def sights(jpeg: bytes) -> list[Sight]:
    """What is seen that is to be reported, and how sure the model is: 0 to 1."""
    return [
        Sight(found["score"], found["class"])
        for found in _detector().detect(jpeg)
        if found["class"] in REPORTED
    ]
