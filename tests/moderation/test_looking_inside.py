"""What the desk shows of a look at a video's pictures and sound."""

import pytest
from django.urls import reverse

from marketplace.accounts.models import User
from marketplace.moderation import nudity_model
from marketplace.moderation.models import LookAlike, NudityFinding, Report
from tests.factories import make_report, make_seller, make_staff, make_user, make_video
from videos.features import Features, keep_features
from videos.scenes import Scene


def page_of(obj):
    name = f"admin:{obj._meta.app_label}_{obj._meta.model_name}_change"
    return reverse(name, args=[obj.pk])


@pytest.fixture
def moderator(client):
    client.force_login(make_staff(User.Role.MODERATOR))
    return client


@pytest.mark.django_db
def test_the_page_of_a_video_shows_what_was_seen_and_heard(moderator, monkeypatch):
    monkeypatch.setattr(nudity_model, "is_available", lambda: False)
    video, twin = make_video(frame_count=2), make_video(title="The twin")
    scenes = [Scene(0, "#112233"), Scene(83_000, "#445566")]
    keep_features(video, Features([1], scenes, -19.84))
    LookAlike.objects.create(copy=twin, original=video, percent=77)

    text = moderator.get(page_of(video)).content.decode()

    assert f"{video.folder}/frame-2.jpg" in text
    assert 'fill="#445566"' in text
    assert "1:23" in text
    assert "-19.8 LUFS" in text
    assert f'<a href="{page_of(twin)}">The twin</a>' in text
    assert "77 %" in text
    assert "the same shop" not in text
    assert "Not checked: the model is not installed." in text


@pytest.mark.django_db
def test_a_video_that_nobody_has_looked_at_says_so(moderator):
    text = moderator.get(page_of(make_video())).content.decode()

    assert "Nothing yet: this is found out when the video is processed." in text


@pytest.mark.django_db
def test_the_shops_own_look_alikes_are_marked(moderator):
    seller = make_seller()
    video, twin = make_video(seller=seller), make_video(seller=seller)
    keep_features(video, Features([1], [], None))
    LookAlike.objects.create(copy=twin, original=video, percent=100)

    text = moderator.get(page_of(video)).content.decode()

    assert "(the same shop)" in text
    assert "No sound, or none to hear" in text


@pytest.mark.django_db
def test_a_report_shows_both_videos_side_by_side(moderator):
    original, copy = make_video(title="First"), make_video(title="Second")
    LookAlike.objects.create(copy=copy, original=original, percent=88)
    report = make_report(subject=copy, reason=Report.Reason.COPIED, email="")

    text = moderator.get(page_of(report)).content.decode()

    for video in (original, copy):
        assert f"{video.folder}/video.mp4" in text
        assert str(video.seller) in text
    assert "88 % of the pictures are in both." in text


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("at_ms", "shown"), [(None, "/frame-1.jpg"), (7500, "/video.mp4#t=7")]
)
def test_a_report_shows_the_frame_and_the_score(moderator, at_ms, shown):
    video = make_video()
    NudityFinding.objects.create(
        video=video,
        label="BUTTOCKS_EXPOSED",
        percent=81,
        picture=f"{video.folder}/frame-1.jpg",
        at_ms=at_ms,
    )
    report = make_report(subject=video, reason=Report.Reason.NUDITY, email="")

    text = moderator.get(page_of(report)).content.decode()

    assert "Buttocks exposed: the model is 81 % sure." in text
    assert shown in text


@pytest.mark.django_db
@pytest.mark.parametrize("is_installed", [True, False])
def test_the_dashboard_counts_them_and_says_when_the_model_is_missing(
    moderator, monkeypatch, is_installed
):
    monkeypatch.setattr(nudity_model, "is_available", lambda: is_installed)
    make_report(reason=Report.Reason.COPIED)

    response = moderator.get(reverse("admin:index"))

    counts = {str(queue.label): queue.count for queue in response.context["queues"]}
    assert counts["Videos that look like another shop’s"] == 1
    assert counts["Videos that may show nudity"] == 0
    missing = "Videos are not checked for nudity" in response.content.decode()
    assert missing is not is_installed


@pytest.mark.django_db
@pytest.mark.parametrize("is_signed_in", [True, False])
def test_strangers_and_nobody_see_none_of_it(client, is_signed_in):
    report = make_report(reason=Report.Reason.COPIED)
    if is_signed_in:
        client.force_login(make_user())

    for page in (page_of(report), page_of(report.video)):
        assert client.get(page).status_code in (302, 403, 404)
