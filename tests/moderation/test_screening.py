"""Look-alikes: who is reported, once, and what is only noted."""

import random

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from marketplace.accounts.models import User
from marketplace.moderation import periodic, screening
from marketplace.moderation.decisions import dismiss_report, uphold_report
from marketplace.moderation.models import LookAlike, Report
from tests.factories import make_seller, make_staff, make_video
from tests.races import at_once
from videos import fingerprints
from videos.features import Features, keep_features
from videos.models import ContentFeatures, Video
from videos.scenes import Scene


def make_hashes(seed, count=12):
    source = random.Random(seed)
    return [source.getrandbits(63) for _ in range(count)]


def slightly_changed(hashes):
    """As scaling and encoding change them: a bit here and there."""
    source = random.Random(0)
    return [value ^ 1 << source.randrange(63) for value in hashes]


def make_seen(*, hashes, **fields):
    video = make_video(**fields)
    keep_features(video, Features(hashes, [Scene(0, "#336699")], -20.0))
    return video


@pytest.fixture(autouse=True)
def no_model(monkeypatch):
    monkeypatch.setattr("marketplace.moderation.nudity_model.is_available", bool)


@pytest.mark.django_db
@pytest.mark.parametrize("is_mirrored", [False, True])
def test_another_shops_video_is_reported_once(is_mirrored):
    original = make_seen(hashes=make_hashes(1))
    hashes = slightly_changed(make_hashes(1))
    if is_mirrored:
        hashes = [fingerprints.mirrored(value) for value in hashes]
    copy = make_seen(hashes=hashes)
    make_seen(hashes=make_hashes(2))

    periodic.screen_videos()
    periodic.screen_videos()

    report = Report.objects.get()
    assert (report.video, report.reason) == (copy, Report.Reason.COPIED)
    assert (report.reporter, report.email) == (None, "")
    noted = LookAlike.objects.get()
    assert (noted.copy, noted.original, noted.percent) == (copy, original, 100)
    assert not ContentFeatures.objects.not_compared().exists()


@pytest.mark.django_db
def test_the_same_shops_own_is_only_noted():
    seller = make_seller()
    make_seen(hashes=make_hashes(1), seller=seller)
    make_seen(hashes=make_hashes(1), seller=seller)

    periodic.screen_videos()

    assert LookAlike.objects.count() == 1
    assert not Report.objects.exists()


@pytest.mark.django_db
@pytest.mark.parametrize(("percent", "is_reported"), [(50, True), (51, False)])
def test_the_threshold_is_a_setting(settings, percent, is_reported):
    settings.VIDEO_COPY_PERCENT = percent
    make_seen(hashes=make_hashes(1))
    make_seen(hashes=make_hashes(1)[:6] + make_hashes(2)[:6])

    periodic.screen_videos()

    assert Report.objects.exists() is is_reported


@pytest.mark.django_db
def test_what_was_dismissed_is_not_reported_again():
    make_seen(hashes=make_hashes(1))
    copy = make_seen(hashes=make_hashes(1))
    periodic.screen_videos()
    dismiss_report(Report.objects.get(), make_staff(User.Role.MODERATOR))

    keep_features(copy, Features(make_hashes(1), [], None))
    periodic.screen_videos()

    assert not Report.objects.open().exists()


@pytest.mark.django_db
def test_a_copy_in_review_is_refused_when_the_report_is_upheld():
    make_seen(hashes=make_hashes(1))
    in_review = Video.Publication.IN_REVIEW
    copy = make_seen(hashes=make_hashes(1), publication=in_review)
    periodic.screen_videos()

    uphold_report(Report.objects.get(), make_staff(User.Role.MODERATOR), "A copy.")

    copy.refresh_from_db()
    assert copy.publication == Video.Publication.REJECTED
    assert copy.rejection_reason == "A copy."


@pytest.mark.django_db
def test_a_search_does_not_read_the_table():
    seller = make_seller()
    titles = [f"Video {number}" for number in range(500)]
    videos = Video.objects.bulk_create(
        Video(seller=seller, title=title) for title in titles
    )
    ContentFeatures.objects.bulk_create(
        ContentFeatures(
            video=video,
            hashes=make_hashes(video.pk),
            bands=fingerprints.bands_of(make_hashes(video.pk)),
            scenes=[],
        )
        for video in videos
    )
    bands = fingerprints.bands_near(make_hashes(videos[0].pk))
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE videos_contentfeatures")
    with CaptureQueriesContext(connection) as queries:
        assert ContentFeatures.objects.likeliest(bands, 10)

    found = next(query for query in queries if "unnest" in query["sql"])
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN {found['sql']}")
        plan = "\n".join(line for (line,) in cursor.fetchall())

    assert "Bitmap Index Scan on features_bands" in plan
    assert "Seq Scan" not in plan


@pytest.mark.django_db
def test_blank_videos_look_like_nothing():
    make_seen(hashes=[])
    make_seen(hashes=[])

    periodic.screen_videos()

    assert not LookAlike.objects.exists()


@pytest.mark.django_db
def test_features_that_were_replaced_meanwhile_are_compared_again():
    video = make_seen(hashes=make_hashes(1))
    stale = ContentFeatures.objects.get(pk=video.pk)
    keep_features(video, Features(make_hashes(2), [], None))
    ContentFeatures.objects.filter(pk=video.pk).update(made_at="2020-01-01T00:00Z")

    screening.compare(stale)

    assert ContentFeatures.objects.not_compared().filter(pk=video.pk).exists()


@pytest.mark.django_db(transaction=True)
def test_two_sweeps_at_once_report_a_copy_once():
    make_seen(hashes=make_hashes(1))
    copy = make_seen(hashes=make_hashes(1))

    results = at_once(periodic.screen_videos, periodic.screen_videos)

    assert results == [None, None]
    assert Report.objects.get().video == copy
    assert LookAlike.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_without_the_constraint_two_reports_would_wait():
    """The guard that the test above leans on, taken off."""
    video = make_video()
    constraint = next(
        c for c in Report._meta.constraints if c.name == "one_open_automatic_report"
    )
    with connection.schema_editor() as editor:
        editor.remove_constraint(Report, constraint)
    try:
        at_once(*[lambda: screening.report(video, Report.Reason.COPIED)] * 2)
        assert Report.objects.count() == 2
    finally:
        Report.objects.all().delete()
        with connection.schema_editor() as editor:
            editor.add_constraint(Report, constraint)


@pytest.mark.django_db
def test_nobody_reports_by_hand_what_only_a_look_at_the_pictures_says(client):
    page = reverse("moderation:report", args=["video", make_video().public_id])

    shown = client.get(page).content.decode()
    client.post(page, {"reason": "copied", "email": "eve@example.com"})

    assert 'value="nudity"' not in shown
    assert not Report.objects.exists()
