"""The search for nudity, with a model at its edge that says what the test wants."""

import importlib
import io

import pytest
from django.core.checks import run_checks
from django.core.files.base import ContentFile
from PIL import Image

from marketplace.moderation import nudity, nudity_model, periodic, tasks
from marketplace.moderation.models import NudityFinding, Report
from marketplace.moderation.nudity_model import Sight
from marketplace.video_files import video_files
from tests.factories import make_video
from videos.features import Features, keep_features
from videos.models import ContentFeatures

RED, BLUE = (200, 20, 20), (20, 20, 200)


def jpeg(colour, size=(360, 640)):
    file = io.BytesIO()
    Image.new("RGB", size, colour).save(file, "JPEG")
    return ContentFile(file.getvalue())


def make_looked_at(*, frame=BLUE, red_tile=None):
    """A video of four seconds with one frame and a storyboard of four pictures."""
    video = make_video(
        frame_count=1, has_storyboard=True, duration_ms=4000, width=360, height=640
    )
    sheet = Image.new("RGB", (4 * 108, 192), BLUE)
    if red_tile is not None:
        sheet.paste(RED, (108 * red_tile, 0, 108 * red_tile + 108, 192))
    file = io.BytesIO()
    sheet.save(file, "JPEG", quality=95)
    video_files().save(f"{video.folder}/frame-1.jpg", jpeg(frame))
    stored = ContentFile(file.getvalue())
    video_files().save(f"{video.folder}/storyboard.jpg", stored)
    keep_features(video, Features([], [], None))
    return video


def is_red(picture):
    with Image.open(io.BytesIO(picture)) as image:
        red, _green, blue = image.convert("RGB").resize((1, 1)).getpixel((0, 0))
    return red > blue


@pytest.fixture
def model(monkeypatch):
    """Takes red for bare skin, and is 80 per cent sure."""
    monkeypatch.setattr(nudity_model, "is_available", lambda: True)
    sight = Sight(0.8, "BUTTOCKS_EXPOSED")
    monkeypatch.setattr(nudity_model, "sights", lambda p: [sight] if is_red(p) else [])


@pytest.mark.django_db
def test_a_frame_opens_a_report_with_the_picture_and_the_score(model):
    video = make_looked_at(frame=RED)

    tasks.look_for_nudity(video.pk)

    report = Report.objects.get()
    assert (report.video, report.reason) == (video, Report.Reason.NUDITY)
    finding = video.nudity
    assert (finding.label, finding.percent) == ("BUTTOCKS_EXPOSED", 80)
    assert (finding.picture, finding.at_ms) == (f"{video.folder}/frame-1.jpg", None)


@pytest.mark.django_db
def test_a_moment_between_the_frames_is_found_on_the_storyboard(model):
    video = make_looked_at(red_tile=2)

    tasks.look_for_nudity(video.pk)

    assert Report.objects.get().video == video
    assert video.nudity.at_ms == 2500


@pytest.mark.django_db
def test_nothing_is_said_of_a_harmless_video_and_it_is_not_looked_at_again(
    model, monkeypatch
):
    video = make_looked_at()

    tasks.look_for_nudity(video.pk)
    monkeypatch.setattr(nudity_model, "sights", lambda p: [Sight(1, "ANUS_EXPOSED")])
    tasks.look_for_nudity(video.pk)

    assert not Report.objects.exists()
    assert not NudityFinding.objects.exists()


@pytest.mark.django_db
@pytest.mark.parametrize(("percent", "is_reported"), [(80, True), (81, False)])
def test_the_threshold_is_a_setting(model, settings, percent, is_reported):
    settings.VIDEO_NUDITY_PERCENT = percent
    video = make_looked_at(frame=RED)

    tasks.look_for_nudity(video.pk)

    assert Report.objects.exists() is is_reported
    assert not ContentFeatures.objects.not_checked().exists()


@pytest.mark.django_db
def test_two_workers_with_the_same_video_report_it_once(model):
    video = make_looked_at(frame=RED)
    first, second = (
        ContentFeatures.objects.select_related("video").get(pk=video.pk)
        for _ in range(2)
    )

    assert nudity.check(first) is not None
    assert nudity.check(second) is None

    assert Report.objects.count() == 1


@pytest.mark.django_db
@pytest.mark.parametrize("is_installed", [True, False])
def test_the_sweep_asks_only_where_the_model_is_installed(monkeypatch, is_installed):
    video = make_looked_at()
    asked = []
    monkeypatch.setattr(nudity_model, "is_available", lambda: is_installed)
    monkeypatch.setattr(
        tasks.look_for_nudity, "apply_async", lambda args, **_: asked.append(args)
    )

    periodic.screen_videos()

    assert asked == ([(video.pk,)] if is_installed else [])


@pytest.mark.django_db
def test_a_worker_without_the_model_leaves_the_video_to_others(monkeypatch):
    video = make_looked_at(frame=RED)
    monkeypatch.setattr(nudity_model, "is_available", lambda: False)

    tasks.look_for_nudity(video.pk)

    assert ContentFeatures.objects.not_checked().get().pk == video.pk


@pytest.mark.parametrize("is_installed", [True, False])
def test_the_check_says_when_it_is_off(monkeypatch, is_installed):
    monkeypatch.setattr(nudity_model, "is_available", lambda: is_installed)

    said = run_checks(include_deployment_checks=True)

    is_told = any("not checked for nudity" in message.msg for message in said)
    assert is_told is not is_installed


@pytest.mark.skipif(
    not nudity_model.is_available(), reason="requirements/moderation.txt not installed"
)
def test_the_real_model_sees_nothing_in_a_plain_picture():
    known = vars(importlib.import_module("nudenet.nudenet"))["__labels"]
    assert set(known) >= nudity_model.REPORTED
    assert nudity_model.sights(jpeg(RED).read()) == []
