import pytest
from auditlog.models import LogEntry
from django.core import mail

from marketplace.accounts.models import OutgoingMail
from marketplace.moderation import decisions
from marketplace.moderation.decisions import AlreadyDecided
from marketplace.moderation.models import ModerationDecision, Report
from sellers.models import Product, Seller
from tests.factories import (
    make_product,
    make_report,
    make_seller,
    make_staff,
    make_user,
    make_video,
)
from tests.races import at_once
from videos.models import Video

Action = ModerationDecision.Action


@pytest.fixture
def moderator():
    return make_staff()


def make_shop(**fields):
    return make_seller(owner=make_user(email="owner@example.com"), **fields)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("decide", "before", "after", "action"),
    [
        (decisions.approve_seller, "pending", "approved", Action.APPROVE),
        (decisions.reject_seller, "pending", "rejected", Action.REJECT),
        (decisions.suspend_seller, "approved", "suspended", Action.SUSPEND),
        (decisions.reinstate_seller, "suspended", "approved", Action.REINSTATE),
    ],
)
def test_a_decision_on_a_shop(moderator, decide, before, after, action):
    seller = make_shop(status=before)

    decide(seller, moderator, "Because.")

    assert Seller.objects.get().status == after
    made = ModerationDecision.objects.get()
    assert (made.action, made.reason, made.seller) == (action, "Because.", seller)
    assert made.decided_by == moderator
    assert OutgoingMail.objects.get().recipient == "owner@example.com"
    entry = LogEntry.objects.get_for_object(seller).first()
    assert entry.actor == moderator
    assert "Because." in entry.changes["decision"][1]


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("decide", "before", "after", "action"),
    [
        (decisions.publish_product, "in_review", "published", Action.APPROVE),
        (decisions.send_back_product, "in_review", "draft", Action.REJECT),
        (decisions.send_back_product, "published", "draft", Action.REMOVE),
    ],
)
def test_a_decision_on_a_product(moderator, decide, before, after, action):
    product = make_product(seller=make_shop(), status=before)

    decide(product, moderator, "Because.")

    assert Product.objects.get().status == after
    assert ModerationDecision.objects.get().action == action
    assert ModerationDecision.objects.get().product == product
    assert OutgoingMail.objects.get().recipient == "owner@example.com"


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("decide", "before", "after", "action"),
    [
        (decisions.approve_video, "in_review", "published", Action.APPROVE),
        (decisions.reject_video, "in_review", "rejected", Action.REJECT),
        (decisions.reject_video, "published", "rejected", Action.REMOVE),
    ],
)
def test_a_decision_on_a_video(moderator, decide, before, after, action):
    video = make_video(seller=make_shop(), publication=before)

    decide(video, moderator, "Because.")

    assert Video.objects.get().publication == after
    assert ModerationDecision.objects.get().action == action
    assert OutgoingMail.objects.get().recipient == "owner@example.com"


@pytest.mark.django_db
def test_the_seller_reads_the_reason(
    moderator, eager_tasks, django_capture_on_commit_callbacks
):
    video = make_video(seller=make_shop(), publication="in_review", title="Lamp")

    with django_capture_on_commit_callbacks(execute=True):
        decisions.reject_video(video, moderator, "The lamp is not in the picture.")

    [letter] = mail.outbox
    assert letter.subject == "“Lamp” was refused"
    assert "The lamp is not in the picture." in letter.body


@pytest.mark.django_db
def test_a_late_decision_changes_nothing(moderator):
    video = make_video(seller=make_shop(), publication="in_review")
    decisions.reject_video(video, moderator, "No.")

    with pytest.raises(AlreadyDecided):
        decisions.approve_video(video, make_staff())

    assert Video.objects.get().publication == "rejected"
    assert ModerationDecision.objects.count() == 1
    assert OutgoingMail.objects.count() == 1


@pytest.mark.django_db
def test_a_video_that_is_not_transcoded_cannot_be_approved(moderator):
    video = make_video(publication="in_review", status=Video.Status.FAILED)

    with pytest.raises(AlreadyDecided):
        decisions.approve_video(video, moderator)

    assert Video.objects.get().publication == "in_review"


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_of_two_moderators_one_decides():
    seller = make_shop(status="pending")
    ann, bob = make_staff(), make_staff()

    results = at_once(
        lambda: decisions.approve_seller(Seller.objects.get(), ann),
        lambda: decisions.reject_seller(Seller.objects.get(), bob, "No."),
    )

    [made] = [r for r in results if isinstance(r, ModerationDecision)]
    [lost] = [r for r in results if isinstance(r, AlreadyDecided)]
    assert ModerationDecision.objects.get() == made
    assert OutgoingMail.objects.count() == 1
    seller.refresh_from_db()
    assert seller.status in {"approved", "rejected"}
    assert str(lost)


@pytest.mark.django_db
@pytest.mark.parametrize("kind", ["video", "product", "seller"])
def test_an_upheld_report_removes_its_subject(moderator, kind):
    seller = make_shop()
    subject = {
        "video": lambda: make_video(seller=seller),
        "product": lambda: make_product(seller=seller),
        "seller": lambda: seller,
    }[kind]()
    report = make_report(subject=subject)

    decisions.uphold_report(report, moderator, "It is a copy.")

    subject.refresh_from_db()
    assert (kind, getattr(subject, "publication", "") or subject.status) in [
        ("video", "rejected"),
        ("product", "draft"),
        ("seller", "suspended"),
    ]
    assert Report.objects.get().status == Report.Status.UPHELD
    assert ModerationDecision.objects.get().report == report
    assert {letter.recipient for letter in OutgoingMail.objects.all()} == {
        "eve@example.com",
        "owner@example.com",
    }


@pytest.mark.django_db
def test_everybody_who_reported_the_same_is_told(moderator):
    video = make_video(seller=make_shop())
    report = make_report(subject=video, email="eve@example.com")
    make_report(subject=video, email="", reporter=make_user(email="ann@example.com"))
    other = make_report(email="elsewhere@example.com")

    decisions.uphold_report(report, moderator, "It is a copy.")

    assert Report.objects.open().get() == other
    recipients = set(OutgoingMail.objects.values_list("recipient", flat=True))
    assert recipients == {"eve@example.com", "ann@example.com", "owner@example.com"}


@pytest.mark.django_db
def test_a_dismissed_report_leaves_its_subject(moderator):
    report = make_report()

    decisions.dismiss_report(report, moderator)

    report.video.refresh_from_db()
    assert report.video.publication == "published"
    assert Report.objects.get().status == Report.Status.DISMISSED
    assert OutgoingMail.objects.get().recipient == "eve@example.com"
    with pytest.raises(AlreadyDecided):
        decisions.uphold_report(report, moderator, "Or yes?")
    assert Video.objects.get().publication == "published"


@pytest.mark.django_db
def test_a_failed_video_is_transcoded_once_more(moderator):
    video = make_video(status=Video.Status.FAILED, publication="draft")

    decisions.retry_transcoding(video, moderator)

    assert Video.objects.get().status == Video.Status.UPLOADED
    with pytest.raises(AlreadyDecided):
        decisions.retry_transcoding(video, moderator)
