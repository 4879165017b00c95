"""Files that are called .mp4 and would make a reader open something else."""

import resource
import subprocess
from fractions import Fraction

import pytest
from django.core.files import File

from marketplace.video_files import video_files
from tests.clips import make_clip, make_file
from tests.disguises import avi_with_subtitles, disguises, mov_with_reference
from tests.factories import make_video
from tests.loopback import is_hit, listener
from videos import children, encoding, ffmpeg, ladder, transcoding
from videos.ffmpeg import FFmpegError, Probe, UnreadableVideo
from videos.models import Video
from videos.tasks import transcode_video

pytestmark = pytest.mark.ffmpeg

NAMES = sorted(disguises("", 0))
SUBTITLES = b"1\n00:00:00,000 --> 00:00:01,000\nWords\n"

# As if a probe had believed the file: what the command line does on its own.
BELIEVED = Probe(
    duration_ms=1000, width=360, height=640, frame_rate=Fraction(30), video_index=0,
    video_codec="h264", audio_index=None, transfer="sdr", matrix=1, is_interlaced=False,
)  # fmt: skip


def make_canary():
    """Another seller's clip: none of its frames may come out."""
    return make_clip(name="canary.ts", has_audio=False, options=["-f", "mpegts"])


def bare_ffmpeg(path, *options):
    """What a reader without our walls would do; its words and its frames."""
    return subprocess.run(
        [ffmpeg.binary(), "-hide_banner", *options, "-i", str(path), "-f", "null", "-"],
        capture_output=True, text=True, timeout=30, check=False,
    )  # fmt: skip


def cpu_of_children():
    children.end_launcher()  # only then its own are counted
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def plan_for(path, folder):
    rungs = ladder.rungs_for(BELIEVED.width, BELIEVED.height, BELIEVED.frame_rate)
    plan = encoding.Plan(path, folder / "output", BELIEVED, rungs, threads=1)
    for made in (plan.frames, plan.target / rungs[0].name):
        made.mkdir(parents=True)
    return plan


def encode_unprobed(path, folder):
    command = encoding.transcode_command(plan_for(path, folder))
    limits = ffmpeg.Limits(
        wall_seconds=30, cpu_seconds=5, reads=(path,), writes=(folder,)
    )
    ffmpeg.run([ffmpeg.binary(), *command], limits=limits)


@pytest.mark.parametrize("name", NAMES)
def test_a_disguised_file_is_refused_and_nothing_else_is_opened(name, tmp_path):
    with listener() as server:
        content = disguises(make_canary(), server.getsockname()[1])[name]
        path = make_file("film.mp4", content)
        before = cpu_of_children()

        with pytest.raises(UnreadableVideo) as caught:
            transcoding.inspect(path)
        with pytest.raises(FFmpegError):
            encode_unprobed(path, tmp_path)

        assert caught.value.refusal == "not_a_video"
        assert cpu_of_children() - before < 5
        assert not [file for file in tmp_path.rglob("*") if file.is_file()]
        assert not is_hit(server)


def test_a_reader_without_walls_would_show_the_other_file():
    """The control: the list of another clip really is an attack."""
    content = disguises(make_canary(), 9)["concat"]

    done = bare_ffmpeg(make_file("film.mp4", content), "-safe", "0")

    assert done.returncode == 0
    assert "frame=   30" in done.stderr


@pytest.mark.parametrize(
    "command",
    [encoding.transcode_command, encoding.copy_command],
)
def test_the_command_line_opens_no_other_format_whatever_the_walls(command, tmp_path):
    """The lists of formats hold by themselves, without Landlock or a namespace."""
    path = make_file("film.mp4", disguises(make_canary(), 9)["concat"])
    words = command(plan_for(path, tmp_path))

    done = subprocess.run(
        [ffmpeg.binary(), *words], capture_output=True, timeout=30, check=False
    )

    assert done.returncode != 0
    assert not [file for file in tmp_path.rglob("*") if file.is_file()]


def transcode(content):
    video = make_video(status=Video.Status.UPLOADED, folder="")
    with make_file("film.mp4", content).open("rb") as opened:
        video.source.save("source", File(opened))
    transcode_video(video.pk)
    video.refresh_from_db()
    return video


@pytest.mark.django_db
def test_subtitles_inside_an_avi_open_no_playlist():
    with listener() as server:
        address = f"http://127.0.0.1:{server.getsockname()[1]}/a.ts"
        playlist = disguises(make_canary(), 9)["playlist"].replace(b"file:", b"") + (
            f"#EXTINF:1,\n{address}\n".encode()
        )

        video = transcode(avi_with_subtitles(playlist))

        assert not is_hit(server)
    # Its own pictures, all teal, and none of the other clip's.
    assert video.status == Video.Status.READY
    assert video.colour[1:3] < "10"
    # The control: ffmpeg does open what such a track holds.
    control = bare_ffmpeg(make_file("film.mp4", avi_with_subtitles(SUBTITLES)))
    assert "subrip" in control.stderr


@pytest.mark.django_db
def test_a_clip_that_points_to_another_file_shows_nothing_of_it():
    clip = make_clip(has_audio=False)
    content = mov_with_reference(clip, make_clip(size="128x128", has_audio=False))

    video = transcode(content)

    assert video.status == Video.Status.FAILED
    assert not video_files().exists(f"videos/{video.public_id}/1")
    control = bare_ffmpeg(make_file("film.mp4", content))
    assert "external" in control.stderr
