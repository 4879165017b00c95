"""Copies of real clips, altered as people alter them, are met in the index."""

import csv
import os
from pathlib import Path

import pytest

from tests.clips import encode
from tests.real import MEDIA
from tests.test_features import LOGO, hashes_of, meet
from videos import fingerprints

pytestmark = pytest.mark.ffmpeg

with Path(__file__).with_name("clips.csv").open(newline="") as table:
    CLIPS = [row["file"] for row in csv.DictReader(table) if row["outcome"] == "ready"]
# All of them take four minutes.
CLIPS = CLIPS if os.environ.get("EVERY_CLIP") else CLIPS[::6]
SECONDS = "20"
SMALL = "scale=w='if(gt(iw,ih),-4,min(360,iw))':h='if(gt(iw,ih),min(360,ih),-4)'"
CHANGES = {
    "smaller": "scale=trunc(iw/4)*2:trunc(ih/4)*2",
    "cropped by a tenth": "crop=trunc(iw*.9/2)*2:trunc(ih*.9/2)*2",
    "mirrored": "hflip",
    "with a logo": LOGO,
    "faster": "setpts=PTS/1.05",
    "slower": "setpts=PTS/0.95",
    "brighter": "eq=brightness=0.06:contrast=1.1",
    "with bars": "pad=iw:trunc(ih*1.1/2)*2:0:(oh-ih)/2",
}
# Of those that comparing whole would take for copies.
SHARE_MET = 0.97


def x264(crf):
    return "-an", "-c:v", "libx264", "-preset", "ultrafast", "-crf", crf


def copies_of(clip):
    """By how each was altered: small, and encoded badly."""
    small = encode(
        "small.mkv", "-t", SECONDS, "-i", str(clip), "-vf", f"{SMALL},format=yuv420p",
        *x264("18"),
    )  # fmt: skip
    return {
        name: encode("copy.mp4", "-i", str(small), "-vf", change, *x264("34"))
        for name, change in CHANGES.items()
    }


def test_altered_copies_of_real_clips_are_met():
    alike, missed = 0, []
    for clip in CLIPS:
        original = hashes_of(MEDIA / clip)
        for name, path in copies_of(MEDIA / clip).items():
            copy = hashes_of(path)
            if fingerprints.share_found(original, copy) >= 0.5:
                alike += 1
                if not meet(copy, original):
                    missed.append((clip, name))

    print(f"\n{alike - len(missed)} of {alike} met; missed: {missed}")
    assert alike > 2 * len(CLIPS)
    assert alike - len(missed) >= SHARE_MET * alike
