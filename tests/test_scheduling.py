"""Published at the time its seller chose, by clocks that go forward and back."""

from datetime import UTC, datetime, timedelta
from threading import Barrier
from zoneinfo import ZoneInfo

import pytest
from django.urls import reverse
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from marketplace.accounts.models import Notification
from marketplace.moderation import decisions
from tests.factories import make_seller, make_staff, make_user, make_video
from tests.races import at_once
from videos import periodic
from videos.models import Video, VideoConflict
from videos.scheduling import NoSuchTime, moment

Publication = Video.Publication
BERLIN = "Europe/Berlin"


@pytest.fixture
def owner():
    return make_user()


@pytest.fixture
def seller(owner):
    return make_seller(owner=owner)


@pytest.fixture
def shop(client, owner, seller):
    client.force_login(owner)
    return client


@pytest.fixture
def video(seller):
    return make_video(
        seller=seller, publication=Publication.IN_REVIEW, published_at=None
    )


def address(video):
    return reverse("videos:schedule", args=[video.public_id])


def soon(**delta):
    return timezone.now() + timedelta(**delta)


def tomorrow_at(hour):
    """As somebody in Berlin writes it; never in an hour of changing clocks."""
    day = datetime.now(ZoneInfo(BERLIN)).date() + timedelta(days=1)
    return datetime(day.year, day.month, day.day, hour)


@pytest.mark.parametrize(
    ("written", "zone", "expected"),
    [
        ("2027-01-15T18:00", BERLIN, "2027-01-15T17:00"),
        ("2027-07-15T18:00", BERLIN, "2027-07-15T16:00"),
        ("2027-03-28T01:59", BERLIN, "2027-03-28T00:59"),
        ("2027-03-28T03:00", BERLIN, "2027-03-28T01:00"),
        ("2027-10-31T03:00", BERLIN, "2027-10-31T02:00"),
        ("2027-01-15T18:00", "Asia/Kolkata", "2027-01-15T12:30"),
        ("2027-01-15T18:00", "Pacific/Kiritimati", "2027-01-15T04:00"),
        ("2028-02-29T12:00", "UTC", "2028-02-29T12:00"),
    ],
)
def test_a_written_time_is_one_moment(written, zone, expected):
    found = moment(datetime.fromisoformat(written), zone)

    assert found == datetime.fromisoformat(expected).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("written", "zone", "words"),
    [
        ("2027-03-28T02:30", BERLIN, "put forward"),
        ("2027-03-14T02:00", "America/New_York", "put forward"),
        ("2027-10-31T02:30", BERLIN, "twice"),
        ("2027-11-07T01:15", "America/New_York", "twice"),
        ("2027-04-04T01:45", "Australia/Lord_Howe", "twice"),
    ],
)
def test_a_time_that_clocks_skip_or_show_twice_is_refused(written, zone, words):
    with pytest.raises(NoSuchTime, match=words):
        moment(datetime.fromisoformat(written), zone)


zones = st.sampled_from([BERLIN, "America/New_York", "Asia/Kolkata", "UTC"])


@given(st.datetimes(datetime(2026, 1, 1), datetime(2030, 1, 1)), zones)
def test_the_clock_shows_what_was_written_or_it_is_refused(written, zone):
    try:
        found = moment(written, zone)
    except NoSuchTime:
        return
    assert found.astimezone(ZoneInfo(zone)).replace(tzinfo=None) == written


@pytest.mark.django_db
def test_a_seller_chooses_a_time_and_sees_it_with_its_zone(shop, video):
    at = tomorrow_at(18)

    shop.post(address(video), {"at": f"{at:%Y-%m-%dT%H:%M}", "zone": BERLIN})

    video.refresh_from_db()
    assert video.publish_at.astimezone(ZoneInfo(BERLIN)).replace(tzinfo=None) == at
    studio = reverse("videos:studio", args=[video.public_id])
    assert f"{at:%H:%M}, time of Europe/Berlin" in shop.get(studio).content.decode()
    page = shop.get(address(video)).content.decode()
    assert f'value="{at:%Y-%m-%dT%H:%M}"' in page
    assert "data-guess-zone" not in page
    other = make_video(seller=video.seller, publication=Publication.DRAFT)
    assert '"Europe/Berlin" selected' in shop.get(address(other)).content.decode()


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("at", "zone", "words"),
    [
        ("2020-01-01T12:00", BERLIN, "over already"),
        ("2199-01-01T12:00", BERLIN, "within the next year"),
        ("soon", BERLIN, "valid date"),
        ("", BERLIN, "required"),
        ("2027-01-01T12:00", "Mars/Base", "valid choice"),
        ("2027-01-01T12:00", "../../etc/passwd", "valid choice"),
    ],
)
def test_impossible_times_are_refused_with_words(shop, video, at, zone, words):
    answer = shop.post(address(video), {"at": at, "zone": zone})

    assert answer.status_code == 422
    assert words in answer.content.decode()
    video.refresh_from_db()
    assert video.publish_at is None


@pytest.mark.django_db
def test_what_is_approved_early_waits_and_appears_once_at_its_time(video):
    video.schedule(soon(hours=2), BERLIN)

    decisions.approve_video(video, make_staff())
    periodic.publish_scheduled()

    assert video.publication == Publication.SCHEDULED
    assert not Video.objects.published().exists()
    assert "It appears on" in Notification.objects.get().body
    Video.objects.update(publish_at=soon(seconds=-1))
    periodic.publish_scheduled()
    published = Video.objects.published().get()
    periodic.publish_scheduled()
    assert Video.objects.published().get().published_at == published.published_at


@pytest.mark.django_db
def test_what_is_approved_late_appears_at_once(video):
    video.schedule(soon(seconds=-1), BERLIN)

    decisions.approve_video(video, make_staff())

    assert video.publication == Publication.PUBLISHED
    assert video.published_at is not None


@pytest.mark.django_db
def test_the_clock_publishes_nothing_that_is_not_approved(seller):
    for publication in Publication.values:
        make_video(seller=seller, publication=publication, publish_at=soon(hours=-1))
    make_video(
        seller=seller,
        publication=Publication.SCHEDULED,
        publish_at=soon(hours=-1),
        status=Video.Status.FAILED,
    )
    make_video(
        seller=seller, publication=Publication.SCHEDULED, publish_at=soon(hours=-1)
    ).mark_deleted()

    assert Video.objects.publish_due() == 1


@pytest.mark.django_db
def test_a_scheduled_video_is_moved_published_now_or_made_a_draft(shop, seller):
    video = make_video(
        seller=seller, publication=Publication.SCHEDULED, publish_at=soon(hours=1)
    )
    at = tomorrow_at(9)

    shop.post(address(video), {"at": f"{at:%Y-%m-%dT%H:%M}", "zone": BERLIN})
    video.refresh_from_db()
    assert video.publication == Publication.SCHEDULED
    assert video.publish_at == moment(at, BERLIN)

    shop.post(reverse("videos:unpublish", args=[video.public_id]))
    video.refresh_from_db()
    assert video.publication == Publication.DRAFT

    Video.objects.update(publication=Publication.SCHEDULED)
    shop.post(address(video), {"at_once": "1"})
    video.refresh_from_db()
    assert (video.publication, video.publish_at) == (Publication.PUBLISHED, None)


@pytest.mark.django_db
def test_at_once_does_not_publish_what_nobody_approved(shop, video):
    video.schedule(soon(hours=1), BERLIN)

    shop.post(address(video), {"at_once": "1"})

    video.refresh_from_db()
    assert (video.publication, video.publish_at) == (Publication.IN_REVIEW, None)


@pytest.mark.django_db
def test_a_published_video_has_no_time_to_choose(shop, seller):
    video = make_video(seller=seller)
    at = f"{tomorrow_at(9):%Y-%m-%dT%H:%M}"

    page = shop.post(address(video), {"at": at, "zone": BERLIN}, follow=True)

    assert "published already" in page.content.decode()
    with pytest.raises(VideoConflict):
        video.schedule(soon(hours=1), BERLIN)
    assert Video.objects.published().get().publish_at is None


@pytest.mark.django_db
def test_only_its_seller_chooses_the_time(client, video, owner):
    stranger = make_user()
    make_seller(owner=stranger)

    assert client.get(address(video)).status_code == 302
    client.force_login(stranger)
    assert client.get(address(video)).status_code == 404
    assert client.post(address(video), {"at_once": "1"}).status_code == 404
    client.force_login(owner)
    assert client.get(address(video)).status_code == 200


def unpublish_while_publishing(seller, publish):
    """What becomes of a video that is due while its seller makes it a draft."""
    video = make_video(
        seller=seller, publication=Publication.SCHEDULED, publish_at=soon(hours=-1)
    )
    at_once(publish, Video.objects.get(pk=video.pk).unpublish)
    video.refresh_from_db()
    return video.publication


@pytest.mark.django_db(transaction=True)
def test_a_draft_is_not_published_by_the_clock_at_the_same_moment(seller):
    ends = {
        unpublish_while_publishing(seller, Video.objects.publish_due) for _ in range(8)
    }

    assert ends == {Publication.DRAFT}


@pytest.mark.django_db(transaction=True)
def test_a_clock_that_reads_before_it_writes_would_publish_a_draft(seller):
    """The control of the test above: it can fail."""
    read, unpublished = Barrier(2), Barrier(2)
    video = make_video(
        seller=seller, publication=Publication.SCHEDULED, publish_at=soon(hours=-1)
    )

    def clock():
        due = list(Video.objects.filter(publication=Publication.SCHEDULED))
        read.wait(timeout=30)
        unpublished.wait(timeout=30)
        pks = [found.pk for found in due]
        Video.objects.filter(pk__in=pks).update(publication=Publication.PUBLISHED)

    def make_draft():
        read.wait(timeout=30)
        Video.objects.get(pk=video.pk).unpublish()
        unpublished.wait(timeout=30)

    at_once(clock, make_draft)

    video.refresh_from_db()
    assert video.publication == Publication.PUBLISHED
