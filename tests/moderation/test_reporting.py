import pytest

from marketplace.moderation import reporting
from marketplace.moderation.models import Report
from tests.factories import make_product, make_seller, make_user, make_video
from tests.feed.telling import VIEWER
from videos.models import WatchEvent

FORM = {"reason": "counterfeit", "details": "A copy.", "email": "eve@example.com"}


def page(subject):
    kind = subject._meta.model_name
    key = subject.public_id if kind == "video" else subject.pk
    return f"/report/{kind}/{key}/"


@pytest.mark.django_db
@pytest.mark.parametrize("make", [make_video, make_product, make_seller])
def test_a_guest_reports_and_is_thanked(client, make):
    subject = make()

    shown = client.get(page(subject))
    thanks = client.post(page(subject), FORM, follow=True)

    assert shown.status_code == 200
    assert "Thank you" in thanks.content.decode()
    report = Report.objects.get()
    assert report.subject == subject
    assert (report.email, report.reason) == ("eve@example.com", "counterfeit")
    assert report.status == Report.Status.OPEN


@pytest.mark.django_db
def test_a_person_signed_in_needs_no_address(client):
    user = make_user()
    client.force_login(user)

    client.post(page(make_video()), {"reason": "offensive"})

    report = Report.objects.get()
    assert (report.reporter, report.email) == (user, "")


@pytest.mark.django_db
def test_the_same_person_reports_the_same_thing_once(client):
    client.force_login(make_user())
    video = make_video()

    client.post(page(video), FORM)
    client.post(page(video), FORM)

    assert Report.objects.count() == 1


@pytest.mark.django_db
def test_the_feed_is_told_of_a_reported_video_once(client):
    user, video = make_user(), make_video()
    client.force_login(user)
    client.cookies["viewer"] = VIEWER

    for subject in (video, video, make_product(), make_seller()):
        client.post(page(subject), FORM)

    event = WatchEvent.objects.get()
    assert (event.kind, event.video, event.user) == ("report", video, user)
    assert event.created_at == Report.objects.get(video=video).created_at


@pytest.mark.django_db
@pytest.mark.parametrize("who", ["guest", "without a profile", "with a profile"])
def test_no_report_leads_to_what_a_browser_watched(client, who):
    """It bears an address or account; the event is found by its time.

    Who has a profile may start afresh.
    """
    user = None if who == "guest" else make_user()
    if user:
        client.force_login(user)
    if who == "without a profile":
        client.cookies["feed"] = "plain"
    client.cookies["viewer"] = VIEWER

    client.post(page(make_video()), FORM)

    event = WatchEvent.objects.get()
    assert event.viewer == ""
    assert event.user == (user if who == "with a profile" else None)


@pytest.mark.django_db
def test_a_report_that_is_not_kept_is_not_told(client, monkeypatch):
    def fail(*args):
        raise OSError("no room")

    monkeypatch.setattr(reporting, "record_report", fail)

    with pytest.raises(OSError, match="no room"):
        client.post(page(make_video()), FORM)

    assert not Report.objects.exists()


@pytest.mark.django_db
def test_a_report_cannot_decide_itself(client):
    client.post(page(make_video()), FORM | {"status": "upheld", "seller": "1"})

    report = Report.objects.get()
    assert report.status == Report.Status.OPEN
    assert report.seller is None


@pytest.mark.django_db
@pytest.mark.parametrize(
    "path",
    ["/report/video/missing/", "/report/order/1/", "/report/seller/x/"]
    + [f"/report/product/{'9' * 30}/"],
)
def test_what_does_not_exist_cannot_be_reported(client, path):
    assert client.get(path).status_code == 404
    assert client.post(path, FORM).status_code == 404


@pytest.mark.django_db
@pytest.mark.parametrize(
    "make",
    [
        lambda: make_video(publication="draft"),
        lambda: make_product(status="draft"),
        lambda: make_seller(status="pending"),
    ],
)
def test_what_is_not_public_is_not_told_of(client, make):
    response = client.post(page(make()), FORM)

    assert response.status_code == 404
    assert Report.objects.exists() is False


@pytest.mark.django_db
def test_a_report_without_a_reason_is_not_kept(client):
    response = client.post(page(make_video()), FORM | {"reason": "boring"})

    assert response.status_code == 200
    assert Report.objects.exists() is False


@pytest.mark.django_db
def test_nobody_floods_the_desk(client):
    videos = [make_video() for _ in range(6)]

    statuses = [client.post(page(video), FORM).status_code for video in videos]

    assert statuses == [302] * 5 + [429]
    assert Report.objects.count() == 5
