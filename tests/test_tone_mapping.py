"""HDR on an SDR screen: as bright and as colourful as the standards would have it."""

import subprocess
import tempfile
from pathlib import Path

import av
import numpy as np
import pytest
from PIL import Image

from tests import clips, hdr_reference
from tests.hdr_reference import BT2020_TO_709, SIGNAL, WHITE_NITS
from tests.hls_rules import whole
from tests.packages import folder_of, transcoded
from videos import ffmpeg

pytestmark = [pytest.mark.ffmpeg, pytest.mark.django_db]

TAGS = {"hlg": "arib-std-b67", "pq": "smpte2084"}
PATCH = 64
LUMA = np.array([0.2126, 0.7152, 0.0722])

# Linear light of BT.709, 1 is the white of paper.
GREYS = {
    f"{nits} nits": [nits / WHITE_NITS] * 3 for nits in (5, 26, 100, 203, 400, 900)
}
COLOURS = {
    "light skin": [0.55, 0.34, 0.26],
    "dark skin": [0.17, 0.09, 0.06],
    "sky": [0.16, 0.29, 0.56],
    "leaf": [0.10, 0.19, 0.05],
    "red cloth": [0.45, 0.04, 0.05],
    "lit sign": [2.2, 1.1, 0.3],
}
PATCHES = GREYS | COLOURS
# What shines may differ more: there no two curves agree.
TOLERANCE = dict.fromkeys(PATCHES, 0.07) | {"lit sign": 0.14}


@pytest.fixture(autouse=True)
def very_short_clips(settings):
    settings.VIDEO_MIN_MS = 250


def patches_signal(transfer):
    light = np.array(list(PATCHES.values())) * WHITE_NITS
    signal = SIGNAL[transfer](np.maximum(light @ np.linalg.inv(BT2020_TO_709).T, 0))
    rows = signal.reshape(3, 4, 3)
    return np.kron(rows, np.ones((PATCH, PATCH, 1)))


def make_patches(transfer):
    signal = patches_signal(transfer)
    height, width, _ = signal.shape
    path = Path(tempfile.mkdtemp(dir=clips.FOLDER), f"{transfer}.mp4")
    subprocess.run(
        [ffmpeg.binary(), "-v", "error", "-f", "rawvideo", "-pix_fmt", "yuv420p10le",
         "-s", f"{width}x{height}", "-r", "25", "-i", "-", "-vf",
         f"setparams=range=tv:color_primaries=bt2020:color_trc={TAGS[transfer]}"
         ":colorspace=bt2020nc", "-c:v", "libx264", "-crf", "2", str(path)],
        input=hdr_reference.planes_of(signal) * 10, check=True,
    )  # fmt: skip
    return path


def first_picture(video, size):
    """R'G'B' 0..1 of the top rung's first frame."""
    top = video.renditions.last()
    path = folder_of(video) / f"{min(top.width, top.height)}p" / "playlist.m3u8"
    with av.open(whole(path)) as container:
        frame = next(container.decode(video=0))
        picture = frame.to_image()  # by the matrix that the stream names
    return np.asarray(picture.resize(size, Image.Resampling.BOX)) / 255


@pytest.mark.parametrize("transfer", ["hlg", "pq"])
def test_greys_skin_and_colours_keep_their_look(transfer):
    video = transcoded(make_patches(transfer))

    shown = first_picture(video, (video.width, video.height))
    expected = hdr_reference.on_sdr(patches_signal(transfer), transfer)
    found = {}
    for number, name in enumerate(PATCHES):
        row, column = divmod(number, 4)
        middle = (row * PATCH + PATCH // 2, column * PATCH + PATCH // 2)
        found[name] = shown[middle]
        assert shown[middle] == pytest.approx(expected[middle], abs=TOLERANCE[name])
    greys = [found[name] @ LUMA for name in GREYS]
    assert greys == sorted(greys)
    assert greys[-1] - greys[-2] > 0.01  # highlights are not one white
    assert 0.8 < greys[3] < 0.97  # paper is white and leaves room above
    assert all(np.ptp(found[name]) < 0.02 for name in GREYS)
