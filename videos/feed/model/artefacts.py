"""A trained model as a folder of plain arrays, which processes can share by mapping.

A part is a frozen dataclass of arrays, settings and further parts.  Each array is one
.npy file; `manifest.json` has the rest, and a checksum of every file.
"""

import hashlib
import json
from dataclasses import MISSING, asdict, fields, is_dataclass
from pathlib import Path

import numpy as np

MANIFEST = "manifest.json"


class BrokenArtefact(Exception):
    """Files are missing, or are not those that were written."""


def write(folder: Path, parts: dict, **facts) -> None:
    """All of it, the manifest last: a folder without one is not finished."""
    folder.mkdir(parents=True)
    arrays, settings = {}, {}
    for name, part in parts.items():
        take_apart(name, part, arrays, settings)
    for name, array in arrays.items():
        np.save(folder / f"{name}.npy", array, allow_pickle=False)
    checksums = {f"{name}.npy": checksum(folder / f"{name}.npy") for name in arrays}
    manifest = {"files": checksums, "settings": settings, "facts": facts}
    (folder / MANIFEST).write_text(json.dumps(manifest, indent=1))


def take_apart(name, part, arrays, settings):
    if isinstance(part, np.ndarray):
        arrays[name] = part
        return
    values = {field.name: getattr(part, field.name) for field in fields(part)}
    if any(isinstance(v, np.ndarray) or is_dataclass(v) for v in values.values()):
        for field, value in values.items():
            take_apart(f"{name}.{field}", value, arrays, settings)
    else:
        settings[name] = asdict(part)


def read_manifest(folder: Path) -> dict:
    try:
        return json.loads((folder / MANIFEST).read_text())
    except (OSError, ValueError) as error:
        raise BrokenArtefact(f"{folder}: {error}") from error


def check(folder: Path) -> dict:
    """The manifest, once every file has been compared with its checksum."""
    manifest = read_manifest(folder)
    for name, expected in manifest["files"].items():
        file = folder / name
        if not file.is_file() or checksum(file) != expected:
            raise BrokenArtefact(f"{file} is not what was written")
    return manifest


def read(folder: Path, name: str, kind: type):
    """One part; its arrays are mapped, not read."""
    manifest = read_manifest(folder)
    return put_together(folder, manifest, name, kind)


def put_together(folder, manifest, name, kind):
    if kind is np.ndarray:
        mapped = np.load(folder / f"{name}.npy", mmap_mode="r", allow_pickle=False)
        # Slices of a `memmap` take several times as long.
        return mapped.view(np.ndarray)
    if name in manifest["settings"]:
        return kind(**manifest["settings"][name])
    parts = {
        field.name: put_together(folder, manifest, f"{name}.{field.name}", field.type)
        for field in fields(kind)
        if field.default is MISSING or has_part(manifest, f"{name}.{field.name}")
    }
    return kind(**parts)


def has_part(manifest, name):
    """What was stored by an earlier version has none of what came later."""
    return any(file.startswith(f"{name}.") for file in manifest["files"])


def checksum(file: Path) -> str:
    with file.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()
