"""What is kept of a clip's looks and sound, and whether a copy is known by it."""

import functools
import itertools
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from tests.clips import encode, make_clip
from tests.packages import transcoded
from videos import encoding, ffmpeg, fingerprints, scenes

pytestmark = [pytest.mark.ffmpeg]

# Unlike each other, moving, without sound: what a machine can draw.
FILMS = {
    "marks": "testsrc2=size=360x640:rate=30",
    "fractal": "mandelbrot=size=360x640:rate=30:start_scale=1:end_scale=0.2",
    "cells": "life=size=90x160:rate=10:seed=7:mold=10:ratio=0.2,scale=360:640,gblur=6",
    "colours": "gradients=size=360x640:rate=30:seed=3:speed=0.05:nb_colors=5",
}
LOGO = "drawbox=x=iw*.8:y=ih*.05:w=iw*.14:h=ih*.06:color=white@0.7:t=fill"
CHANGES = {
    "smaller": "scale=180:320",
    "cropped": "crop=iw*.95:ih*.95",
    "mirrored": "hflip",
    "with a logo": LOGO,
    "faster": "setpts=PTS/1.05",
    "slower": "setpts=PTS/0.95",
    "brighter": "eq=brightness=0.06:contrast=1.1",
}


def make_film(name, change="null", quality="20"):
    return encode(
        "film.mp4",
        "-f", "lavfi", "-i", FILMS[name], "-t", "4", "-vf", change,
        "-c:v", "libx264", "-preset", "ultrafast", "-crf", quality,
        "-pix_fmt", "yuv420p",
    )  # fmt: skip


@functools.cache
def hashes_of(path):
    """By the part of the one command that makes the samples, alone."""
    duration_ms = ffmpeg.probe(path).duration_ms
    samples = encode(
        "samples.rgb",
        "-i", str(path), "-vf", encoding.samples(duration_ms),
        "-an", "-fps_mode", "passthrough", "-f", "rawvideo",
    )  # fmt: skip
    pictures = scenes.samples_in(samples)
    return fingerprints.distinct(fingerprints.hash_of(p) for p in pictures)


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("film", ["marks", "fractal", "cells"])
def test_a_copy_is_known(film, change):
    original = hashes_of(make_film(film))

    copy = hashes_of(make_film(film, CHANGES[change], quality="34"))

    assert fingerprints.share_found(original, copy) >= 0.5
    assert meet(copy, original)


def test_different_films_are_not_taken_for_each_other():
    found = {film: hashes_of(make_film(film)) for film in FILMS}

    for one, other in itertools.combinations(found, 2):
        assert fingerprints.share_found(found[one], found[other]) < 0.3, (one, other)


def test_the_hash_of_a_mirrored_picture_needs_no_picture():
    picture = Image.effect_noise((64, 64), 80).resize((256, 256))

    turned = picture.transpose(Image.Transpose.FLIP_LEFT_RIGHT)

    expected = fingerprints.mirrored(fingerprints.hash_of(picture))
    assert (fingerprints.hash_of(turned) ^ expected).bit_count() <= 1


def test_blank_pictures_have_no_hash_and_look_like_nothing():
    blank = Image.new("RGB", (32, 32), "white")

    assert fingerprints.hash_of(blank) is None
    assert fingerprints.distinct([None, None]) == []
    assert fingerprints.share_found([], [1, 2]) == 0
    assert fingerprints.share_found([], []) == 0


def meet(hashes, others):
    return set(fingerprints.bands_near(hashes)) & set(fingerprints.bands_of(others))


# All but the one that tells a picture from its mirrored one.
PLACES = st.integers(1, 62)
UNLIKE = 0b10101 << 30


@given(st.integers(0, 2**63 - 1), st.sets(PLACES, max_size=5), st.booleans())
def test_hashes_that_hardly_differ_are_found(value, places, is_mirrored):
    other = functools.reduce(lambda one, place: one ^ 1 << place, places, value)
    other = fingerprints.mirrored(other) if is_mirrored else other

    assert meet([other, UNLIKE], [value])


@given(st.integers(0, 2**63 - 1), st.sets(PLACES, max_size=8))
def test_a_still_picture_is_looked_for_more_widely(value, places):
    other = functools.reduce(lambda one, place: one ^ 1 << place, places, value)

    assert meet([other], [value])


def test_a_long_video_is_found_by_a_few_of_its_pictures_from_everywhere():
    source = random.Random(1)
    film = [source.getrandbits(63) for _ in range(200)]

    assert len(fingerprints.bands_of(film[:16])) == 3 * 16
    assert len(fingerprints.bands_of(film)) == 3 * 39
    assert len(fingerprints.bands_near(film)) <= 7 * 3 * 22
    assert all(meet(film[start : start + 8], film) for start in range(0, 190, 10))


def test_hashes_fit_the_columns():
    largest = (1 << len(fingerprints.ORDER)) - 1

    assert largest < 2**63
    assert max(fingerprints.bands_near([largest])) < 2**31


def test_scenes_begin_at_cuts_and_not_where_something_moves():
    red, blue = (Image.new("RGB", (32, 32), colour) for colour in ("red", "blue"))
    fading = [Image.new("RGB", (32, 32), (n * 10, 0, 0)) for n in range(20)]

    found = scenes.scenes_of([red, red, blue, blue, red], 250)

    assert [(s.starts_ms, s.colour) for s in found] == [
        (0, "#ff0000"),
        (500, "#0000ff"),
        (1000, "#ff0000"),
    ]
    assert scenes.cuts(fading) == []
    assert scenes.scenes_of([], 250) == []


@pytest.mark.django_db
def test_a_finished_video_has_its_features():
    sources = "color=red:size=360x640:rate=30:d=2[a];testsrc2=size=360x640:rate=30:d=2"
    clip = encode(
        "cut.mp4",
        "-f", "lavfi", "-i", f"{sources}[b];[a][b]concat",
        "-f", "lavfi", "-i", "sine=frequency=440:sample_rate=48000,volume=-12dB",
        "-t", "4", "-pix_fmt", "yuv420p",
    )  # fmt: skip

    video = transcoded(clip)

    assert [scene["starts_ms"] for scene in video.features.scenes] == [0, 2000]
    red, green, blue = bytes.fromhex(video.features.scenes[0]["colour"][1:])
    assert red > 200
    assert max(green, blue) < 60
    assert -40 < video.features.loudness_lufs < -20
    assert video.features.hashes
    assert video.features.bands == fingerprints.bands_of(video.features.hashes)
    assert video.features.compared_at is None


@pytest.mark.django_db
def test_a_silent_video_has_no_loudness():
    video = transcoded(make_clip(has_audio=False))

    assert video.features.loudness_lufs is None
    assert len(video.features.scenes) == 1
