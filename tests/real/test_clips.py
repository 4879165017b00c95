"""Real clips of phones and cameras.

How each file must end stands in clips.csv: of those that end `ready` the size
as it is displayed, the length, whether they have sound, and how their light is coded.
`make corpus DATA=…` takes all of them through; here the quick ones are.
"""

import csv
import itertools
from pathlib import Path

import av
import pytest
from django.core.files import File

from marketplace.video_files import video_files
from tests.factories import make_video
from tests.hls_rules import violations
from tests.packages import folder_of
from tests.real import MEDIA
from tests.test_features import hashes_of
from videos import fingerprints, transcoding
from videos.ffmpeg import UnreadableVideo
from videos.models import Video
from videos.refusals import words_for
from videos.tasks import transcode_video

pytestmark = [pytest.mark.ffmpeg, pytest.mark.django_db]

with Path(__file__).with_name("clips.csv").open(newline="") as table:
    EXPECTED = {row["file"]: row for row in csv.DictReader(table)}

READY = [name for name, row in EXPECTED.items() if row["outcome"] == "ready"]
REFUSED = [name for name in EXPECTED if name not in READY]
# Their headers and first frames are whole: only decoding all of it tells.
FOUND_BY_DECODING = {
    name for name, row in EXPECTED.items() if row["outcome"] == "damaged"
}
QUICK = (
    "01", "03", "04", "06", "13", "14", "15", "16", "20", "21", "23", "24", "25",
    "26", "31", "35", "37",
)  # fmt: skip
TRANSCODED = [name for name in READY if name.startswith(QUICK)]
BT709 = 1


@pytest.fixture(autouse=True)
def very_short_clips(settings):
    settings.VIDEO_MIN_MS = 250


def transcode(name):
    video = make_video(status=Video.Status.UPLOADED, folder="")
    with (MEDIA / name).open("rb") as opened:
        video.source.save("source", File(opened))
    transcode_video(video.pk)
    video.refresh_from_db()
    return video


def test_every_file_has_its_line_in_the_table():
    files = {str(path.relative_to(MEDIA)) for path in MEDIA.rglob("*.*")}

    assert files == set(EXPECTED)


@pytest.mark.parametrize("name", READY)
def test_a_probe_sees_what_the_file_really_holds(name):
    expected = EXPECTED[name]

    probe = transcoding.inspect(MEDIA / name)

    assert (probe.width, probe.height) == (
        int(expected["width"]),
        int(expected["height"]),
    )
    assert probe.duration_ms == pytest.approx(int(expected["duration_ms"]), abs=100)
    assert probe.transfer == expected["transfer"]
    assert ("yes" if probe.audio_index is not None else "no") == expected["has_audio"]


@pytest.mark.parametrize("name", TRANSCODED)
def test_real_clips_become_ready_upright_and_obey_the_rules_of_hls(name):
    expected = EXPECTED[name]
    shape = int(expected["width"]) / int(expected["height"])

    video = transcode(name)

    assert (video.status, video.failure_reason) == (Video.Status.READY, "")
    assert video.width / video.height == pytest.approx(shape, rel=0.01)
    assert video.duration_ms == pytest.approx(int(expected["duration_ms"]), abs=100)
    assert video.has_audio == (expected["has_audio"] == "yes")
    with (
        video_files().open(f"{video.folder}/video.mp4") as stored,
        av.open(stored) as made,
    ):
        assert bool(made.streams.audio) == video.has_audio
        picture = made.streams.video[0].codec_context
        assert picture.width / picture.height == pytest.approx(shape, rel=0.01)
        assert (picture.pix_fmt, picture.color_trc) == ("yuv420p", BT709)
        assert made.duration / 1000 == pytest.approx(video.duration_ms, abs=100)
    assert violations(folder_of(video)) == []


@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_be_shown_is_refused_with_its_reason(name):
    video = transcode(name)

    assert video.status == Video.Status.FAILED
    assert video.failure_reason == words_for(EXPECTED[name]["outcome"])
    assert video.attempts_left == 2


@pytest.mark.parametrize("name", sorted(set(REFUSED) - FOUND_BY_DECODING))
def test_a_file_that_is_no_video_is_refused_by_the_probe_alone(name):
    with pytest.raises(UnreadableVideo) as caught:
        transcoding.inspect(MEDIA / name)

    assert caught.value.refusal == EXPECTED[name]["outcome"]


# Keys that our own muxer writes.
OWN_KEYS = {
    "major_brand", "minor_version", "compatible_brands", "encoder", "language",
    "handler_name", "vendor_id",
}  # fmt: skip


def told_by(path):
    """What a file says of itself: all keys and values of container and streams."""
    with av.open(path) as container:
        told = [container.metadata, *(s.metadata for s in container.streams)]
    return {key: value for metadata in told for key, value in metadata.items()}


@pytest.mark.parametrize(
    "name",
    [
        "02_iphone14pro_dovi_portrait_noaudio.mov",
        "06_pixel_hlg_hevc10.mp4",
        "07_android9_phone_vfr_gps.mp4",
        "12_gopro_max_telemetry_gps.mp4",
    ],
)
def test_neither_place_nor_device_of_real_clips_is_in_any_output(name, settings):
    secrets = {k: v for k, v in told_by(MEDIA / name).items() if k not in OWN_KEYS}
    assert any("location" in key for key in secrets)

    video = transcode(name)

    files = [p for p in Path(settings.VIDEO_ROOT).rglob("*") if p.is_file()]
    assert video.status == Video.Status.READY
    assert len(files) > 8
    for path in files:
        content = path.read_bytes()
        # A word as short as a number may be there by chance.
        found = [v for v in secrets.values() if len(v) > 5 and v.encode() in content]
        assert (path.name, found) == (path.name, [])
        if path.name in {"init.mp4", "video.mp4"} or path.suffix == ".jpg":
            assert told_by(path).keys() <= OWN_KEYS


def test_real_clips_are_not_taken_for_each_other():
    clips = sorted(MEDIA.glob("*_720p_10s.mp4"))
    assert len(clips) > 2
    found = [hashes_of(path) for path in clips]

    for one, other in itertools.combinations(found, 2):
        assert fingerprints.share_found(one, other) < 0.3
