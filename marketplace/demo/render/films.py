"""The portrait films: shots of turning products, words that slide in, music."""

import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import imageio_ffmpeg
import numpy as np

from . import sound
from .darkroom import print_of
from .lettering import font, line_of, premultiplied
from .models import HANGING, extent, model
from .palette import linear
from .studio import Camera, Mood, Placed, Set

SIZE = (720, 1280)
FPS = 24
SHARP = 1.0
DRAWN = 2  # every second frame is drawn, the others repeat it
VIEW = 25.0


@dataclass(frozen=True)
class Scene:
    """One shot, read from a shop's file."""

    trade: str
    face: str
    items: tuple  # (object, finish)
    seconds: float
    ground: str
    move: str = "spin"
    big: str = ""
    small: str = ""
    ink: str = ""
    night: bool = False

    @property
    def frames(self):
        return round(self.seconds * FPS)

    @property
    def mood(self):
        floor = linear(self.ground)
        if self.night:
            return Mood(floor=floor, room=0.3, key=0.34, bloom=0.8)
        return Mood(floor=floor)


def eased(t):
    """Fast at first, then calm."""
    return 1 - (1 - np.clip(t, 0, 1)) ** 3


def bounced(t):
    """A drop that lands and hops once."""
    t = np.clip(t, 0, 1)
    return np.abs(np.cos(t * np.pi * 1.5)) * (1 - t) ** 1.6


# Where the objects and the camera are at second `s` of a shot that is `t` of the way.


def spin(s, t, wide, high):
    turn = -150 * (1 - eased(s / 1.1)) - 30 + 24 * s
    pop = 0.75 + 0.25 * eased(s / 0.5)
    return {"turn": turn, "size": pop}, {"rise": 13 + 5 * t, "zoom": 1.06 - 0.1 * t}


def rise(s, t, wide, high):
    lift = {"turn": -60 + 38 * s, "y": -0.0, "size": 0.55 + 0.45 * eased(s / 0.7)}
    return lift, {
        "rise": 30 - 20 * eased(t),
        "zoom": 1.1 - 0.14 * t,
        "turn": 12 - 24 * t,
    }


def drop(s, t, wide, high):
    fall = 1.5 * bounced(s / 0.75)
    return {"turn": -70 + 50 * eased(s) + 16 * s, "y": fall}, {"rise": 11, "zoom": 1.02}


def close(s, t, wide, high):
    look = {"rise": 20 - 8 * t, "zoom": 0.8 - 0.05 * t, "turn": -26 + 38 * t}
    return {"turn": -20 + 18 * s}, {**look, "lift": 0.14 * high * (1 - t)}


def orbit(s, t, wide, high):
    return {"turn": -10.0}, {"rise": 8 + 16 * t, "zoom": 1.0, "turn": -48 + 80 * t}


def slide(s, t, wide, high):
    across = 1.7 * wide * (1 - eased(s / 0.9))
    return {"turn": -40 * (1 - eased(s)) + 20 * s, "x": across}, {
        "rise": 12,
        "zoom": 1.0,
    }


MOVES = {
    "spin": spin, "rise": rise, "drop": drop, "close": close, "orbit": orbit,
    "slide": slide,
}  # fmt: skip

# Places of one, two and three objects, in units of the largest one's half width.
LINE_UPS = {
    1: [(0.0, 0.0)],
    2: [(-0.72, 0.35), (0.72, -0.5)],
    3: [(-1.12, -0.35), (1.12, -0.45), (0.0, 0.85)],
}


def stage(scene, frame):
    """The set and the camera of one frame."""
    s, t = frame / FPS, frame / max(1, scene.frames - 1)
    models = [model(scene.trade, *item) for item in scene.items]
    sizes = [extent(each) for each in models]
    wide, high = max(w for w, _ in sizes), max(h for _, h in sizes)
    many = len(models)
    placed = []
    for nth, (each, (x, z)) in enumerate(zip(models, LINE_UPS[many], strict=True)):
        late = max(0.0, s - 0.14 * nth)
        pose, view = MOVES[scene.move](late, t, wide, high)
        hang = HANGING.get(scene.items[nth][0], 0.0)
        if hang:
            pose["y"] = hang + 0.03 * np.sin(2.2 * s)
        pose["x"] = pose.get("x", 0.0) + x * wide
        lit = 1.0 if not scene.night else 0.12 + 0.88 * eased((s - 0.25) / 0.5)
        placed.append(Placed(each, z=z * wide, lit=lit, **pose))
    _, view = MOVES[scene.move](s, t, wide, high)
    spread = wide * (1.0 if many == 1 else 1.62 if many == 2 else 1.95)
    high += max(HANGING.get(name, 0.0) for name, _ in scene.items)
    camera = _camera(spread, high, view, scene.night)
    return Set(placed, scene.mood), camera


def _camera(spread, high, view, night):
    tangent = np.tan(np.radians(VIEW / 2))
    away = max(spread / 0.95, high / 2 / 0.98) / tangent + spread * 0.6
    return Camera(
        turn=view.get("turn", 0.0),
        rise=view["rise"] * (0.45 if night else 1.0),  # into the lamps
        away=away * view["zoom"],
        target=(0.0, high / 2 + view.get("lift", 0.0), 0.0),
        view=VIEW,
        shift=0.01,
    )


# Words


def ink_for(scene):
    """White type on dark grounds, a deep shade of the ground on light ones."""
    if scene.ink:
        return scene.ink
    value = [int(scene.ground[i : i + 2], 16) for i in (1, 3, 5)]
    if scene.night or sum(value) < 330:
        return "#fff4e2"
    return "#" + "".join(f"{int(v * 0.24):02x}" for v in value)


@lru_cache(maxsize=64)
def big_lines(text, face, color):
    """Each line as large as the picture allows."""
    lines = []
    for line in text.split("|"):
        size = 210
        while font(face, size).getlength(line) > 620:
            size -= 4
        lines.append((premultiplied(line_of(line, face, size, color)), size))
    return lines


@lru_cache(maxsize=64)
def small_line(text, color):
    size = 36
    while font("text", size).getlength(text) > 600:
        size -= 1
    return premultiplied(line_of(text, "text", size, color))


def big_type(scene, frame):
    """Large words behind the product, each line sliding up out of nothing."""
    if not scene.big:
        return
    s, left = frame / FPS, scene.seconds - frame / FPS
    y = 176
    for nth, (layer, _) in enumerate(big_lines(scene.big, scene.face, ink_for(scene))):
        t = eased((s - 0.08 - 0.12 * nth) / 0.45)
        gone = np.clip(left / 0.12, 0, 1)
        shown = int(layer.shape[0] * t)
        if shown > 0:
            x = (SIZE[0] - layer.shape[1]) / 2
            place = (x, y + layer.shape[0] - shown)
            yield np.ascontiguousarray(layer[:shown]), place, float(gone) * 0.94
        y += layer.shape[0] + 26


def small_type(scene, frame):
    """The claim in one line above the large words."""
    if not scene.small:
        return
    s, left = frame / FPS, scene.seconds - frame / FPS
    layer = small_line(scene.small, ink_for(scene))
    t = eased((s - 0.35) / 0.5)
    opacity = float(np.clip((s - 0.35) / 0.3, 0, 1) * np.clip(left / 0.12, 0, 1))
    if opacity > 0:
        x = (SIZE[0] - layer.shape[1]) / 2
        yield layer, (x, 112 + 24 * (1 - t)), opacity


def picture_of(scene, frame):
    put, camera = stage(scene, frame)
    paper, objects = put.photograph(camera, SIZE, sharp=SHARP)
    return print_of(
        paper,
        objects,
        SIZE,
        glow=put.mood.bloom,
        words=(big_type(scene, frame), small_type(scene, frame)),
    )


def shoot(scenes, music, path, *, seed):
    """Render the shots one after the other into an MP4 file with music."""
    seconds = sum(scene.frames for scene in scenes) / FPS
    with tempfile.TemporaryDirectory() as folder:
        track, part = Path(folder) / "music.wav", Path(folder) / "film.mp4"
        sound.write(track, sound.music(music, seconds, seed))
        command = [
            imageio_ffmpeg.get_ffmpeg_exe(), "-v", "error", "-y",
            "-f", "rawvideo", "-pix_fmt", "rgb24", "-s", f"{SIZE[0]}x{SIZE[1]}",
            "-r", str(FPS), "-i", "-", "-i", str(track),
            "-c:v", "libx264", "-preset", "medium", "-crf", "29", "-tune", "animation",
            "-pix_fmt", "yuv420p", "-g", str(FPS * 4), "-maxrate", "360k",
            "-bufsize", "900k", "-colorspace", "bt709", "-color_primaries", "bt709",
            "-color_trc", "bt709", "-vf", "scale=out_color_matrix=bt709",
            "-c:a", "aac", "-b:a", "56k", "-movflags", "+faststart",
            "-map_metadata", "-1", "-fflags", "+bitexact", "-shortest", str(part),
        ]  # fmt: skip
        with subprocess.Popen(command, stdin=subprocess.PIPE) as encoder:
            for scene in scenes:
                for frame in range(scene.frames):
                    if frame % DRAWN == 0:
                        picture = picture_of(scene, frame).tobytes()
                    encoder.stdin.write(picture)
            encoder.stdin.close()
            if encoder.wait():
                raise RuntimeError(f"ffmpeg could not write {path}")
        shutil.move(part, path)
