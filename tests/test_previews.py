"""Something to play long before the ladder is done."""

from dataclasses import replace

import av
import pytest
from django.urls import reverse

from marketplace.video_files import video_files
from tests.clips import make_clip, make_file, make_hdr_clip, make_rotated
from tests.factories import make_seller, make_user, make_video
from tests.packages import folder_of, transcoded
from videos import encoding, ffmpeg, ladder, previews
from videos.leases import Lease
from videos.models import LeaseLost, Video

pytestmark = [pytest.mark.ffmpeg, pytest.mark.django_db]

TAGGED = ["-metadata", "location=+52.5200+013.4050/", "-metadata", "title=Canary"]


def plan_for(clip, tmp_path):
    probe = ffmpeg.probe(clip)
    rungs = ladder.rungs_for(probe.width, probe.height, probe.frame_rate)
    return encoding.Plan(clip, tmp_path / "output", probe, rungs, threads=1)


def limits_for(plan):
    return ffmpeg.Limits(
        wall_seconds=60,
        cpu_seconds=60,
        reads=(plan.source,),
        writes=(plan.target.parent,),
    )


def offer(clip, tmp_path):
    video = make_video(status=Video.Status.UPLOADED, folder="")
    assert video.claim()
    plan = plan_for(clip, tmp_path)
    folder = f"videos/{video.public_id}/1"
    previews.offer_copy(Lease(video), plan, limits_for(plan), folder)
    return Video.objects.get(pk=video.pk)


def packets(path, kind):
    with av.open(path) as container:
        stream = container.streams.best(kind)
        return [p.size for p in container.demux(stream) if p.size]


def test_what_a_browser_can_play_is_copied_without_what_it_says_of_itself(tmp_path):
    clip = make_clip(options=[*TAGGED, "-movflags", "+use_metadata_tags"])
    assert b"x264" in clip.read_bytes()  # told in an SEI

    video = offer(clip, tmp_path)

    assert (video.status, video.width, video.height) == ("processing", 360, 640)
    path = video_files().path(video.preview)
    assert packets(path, "audio") == packets(clip, "audio")
    assert packets(path, "video")[1:] == packets(clip, "video")[1:]
    with open(path, "rb") as stored:
        content = stored.read()
    assert content.index(b"moov") < content.index(b"mdat")
    assert not [w for w in (b"+52.5200", b"Canary", b"x264") if w in content]


def test_a_phone_held_upright_is_copied_as_it_turned_the_picture(tmp_path):
    video = offer(make_rotated(make_clip(size="960x540"), 90), tmp_path)

    assert (video.width, video.height) == (540, 960)
    with av.open(video_files().path(video.preview)) as container:
        frame = next(container.decode(video=0))
        assert (frame.width, frame.height, frame.rotation % 360) == (960, 540, 90)


def test_sound_alone_is_encoded_where_a_browser_cannot_play_it(tmp_path):
    clip = make_clip(options=["-c:a", "libmp3lame"])

    path = video_files().path(offer(clip, tmp_path).preview)

    assert packets(path, "video")[1:] == packets(clip, "video")[1:]
    with av.open(path) as container:
        assert container.streams.audio[0].codec_context.name == "aac"


@pytest.mark.parametrize(
    "clip",
    [
        make_hdr_clip,
        lambda: make_rotated(make_clip(size="640x360"), 0, is_mirrored=True),
        lambda: make_clip(options=["-pix_fmt", "yuv444p"]),
    ],
)
def test_only_what_every_browser_shows_rightly_is_copied(clip):
    source = clip()

    assert previews.is_copied(ffmpeg.probe(make_clip()), make_clip())
    assert not previews.is_copied(ffmpeg.probe(source), source)


def test_a_heavy_source_is_not_copied():
    probe = ffmpeg.probe(make_clip())
    source = make_file("heavy.mp4", bytes(3_000_000))

    assert not previews.is_copied(probe, source)


def test_a_file_that_cannot_be_copied_is_left_to_the_ladder(tmp_path):
    clip = make_clip()
    broken = make_file("broken.mp4", b"no video at all")
    plan = replace(plan_for(clip, tmp_path), source=broken)
    video = make_video(status=Video.Status.UPLOADED, folder="")
    assert video.claim()

    heard = previews.offer_copy(Lease(video), plan, limits_for(plan), "videos/x/1")

    assert heard is None
    assert Video.objects.get(pk=video.pk).preview == ""


def test_the_sound_is_measured_while_it_is_copied(monkeypatch):
    commands = []
    run = ffmpeg.run

    def run_and_note(command, **options):
        commands.append(" ".join(command))
        return run(command, **options)

    monkeypatch.setattr(ffmpeg, "run", run_and_note)

    video = transcoded(make_clip(seconds=2))

    assert video.features.loudness_lufs == pytest.approx(-21, abs=4)
    # The clip's sound needs no limiter, so that it is measured once.
    assert [("ebur128" in c, "-c:v copy" in c) for c in commands[1:]] == [
        (True, True),
        (False, False),
        (False, False),
    ]


def test_pictures_are_copied_also_where_the_sound_is_damaged(tmp_path):
    clip = make_clip(seconds=2)
    content = bytearray(clip.read_bytes())
    with av.open(str(clip)) as container:
        sounds = [p for p in container.demux(audio=0) if p.size]
        places = [(p.pos, p.size) for p in sounds[5:]]
    for place, size in places:
        content[place : place + size] = b"\xff" * size
    broken = make_file("broken-sound.mp4", bytes(content))

    video = offer(broken, tmp_path)

    path = video_files().path(video.preview)
    assert packets(path, "video")[1:] == packets(clip, "video")[1:]


def test_a_worker_without_the_lease_shows_nothing():
    first = make_video(status=Video.Status.UPLOADED, folder="")
    first.claim()
    Video.objects.filter(pk=first.pk).update(attempt=2)

    with pytest.raises(LeaseLost):
        first.show_preview("videos/x/1/preview.mp4", 360, 640)

    assert Video.objects.get(pk=first.pk).preview == ""


def test_nothing_of_the_preview_is_left_at_the_end():
    video = transcoded(make_clip())

    assert Video.objects.get(pk=video.pk).preview == ""
    assert not (folder_of(video) / "preview").exists()


def test_the_page_shows_the_preview_once_and_then_the_finished_video(client):
    owner = make_user()
    video = make_video(seller=make_seller(owner=owner), status="processing", attempt=1)
    client.force_login(owner)
    address = reverse("videos:status", args=[video.public_id])
    before = client.get(address).content.decode()
    Video.objects.filter(pk=video.pk).update(preview="videos/x/1/preview.mp4")

    first = client.get(address).content.decode()
    again = client.get(address, {"shown": "1"}).content.decode()

    assert "<video" not in before
    assert "videos/x/1/preview.mp4" in first
    assert f"{address}?shown=1" in first
    assert "<video" not in again
    Video.objects.filter(pk=video.pk).update(status="ready", preview="")
    done = client.get(address, {"shown": "1"}).content.decode()
    assert "video.mp4" in done
    assert "preview.mp4" not in done
