"""What moderators decide: the change, its reason, the mails and the trail, in one.

Each decision takes the object, who decides, and the reason that the person concerned
will read.  Of two moderators who decide at once, one wins and the other is told by
`AlreadyDecided`.
"""

from functools import wraps

from auditlog.models import LogEntry
from django.db import transaction
from django.urls import reverse
from django.utils.translation import gettext as _

from marketplace.accounts.models import User
from marketplace.accounts.notifications import notify
from marketplace.moderation.models import ModerationDecision, Report, ReportConflict
from sellers import onboarding
from sellers.models import Product, ProductConflict, Seller, SellerConflict
from videos.models import Video, VideoConflict
from videos.tasks import transcode_video

Action = ModerationDecision.Action


class AlreadyDecided(Exception):
    """Somebody else was quicker, or there is nothing to decide any more."""


def decision(function):
    """All or nothing; a refused change of state is `AlreadyDecided`."""

    @wraps(function)
    def decide(subject, by: User, reason: str = "") -> ModerationDecision:
        try:
            with transaction.atomic():
                return function(subject, by, reason)
        except (SellerConflict, ProductConflict, VideoConflict, ReportConflict) as lost:
            raise AlreadyDecided(str(lost)) from lost

    return decide


@decision
def approve_seller(seller: Seller, by: User, reason: str) -> ModerationDecision:
    onboarding.approve(seller, by)
    return record(Action.APPROVE, seller, by, reason)


@decision
def reject_seller(seller: Seller, by: User, reason: str) -> ModerationDecision:
    onboarding.reject(seller, reason, by)
    return record(Action.REJECT, seller, by, reason)


@decision
def suspend_seller(seller: Seller, by: User, reason: str) -> ModerationDecision:
    onboarding.suspend(seller, reason, by)
    return record(Action.SUSPEND, seller, by, reason)


@decision
def reinstate_seller(seller: Seller, by: User, reason: str) -> ModerationDecision:
    onboarding.reinstate(seller, by)
    return record(Action.REINSTATE, seller, by, reason)


@decision
def publish_product(product: Product, by: User, reason: str) -> ModerationDecision:
    product.publish()
    tell_members(product, _("“%s” is on sale"), "product_published")
    return record(Action.APPROVE, product, by, reason)


@decision
def send_back_product(product: Product, by: User, reason: str) -> ModerationDecision:
    """Out of review, or off the shelf: a draft again."""
    was_published = product.status == Product.Status.PUBLISHED
    product.send_back(reason)
    tell_members(product, _("“%s” needs a change"), "product_sent_back", reason)
    action = Action.REMOVE if was_published else Action.REJECT
    return record(action, product, by, reason)


@decision
def approve_video(video: Video, by: User, reason: str) -> ModerationDecision:
    video.approve()
    title = _("“%s” is approved") if video.is_scheduled else _("“%s” is in the feed")
    tell_members(video, title, "video_approved")
    return record(Action.APPROVE, video, by, reason)


@decision
def reject_video(video: Video, by: User, reason: str) -> ModerationDecision:
    """Refused in review, or taken out of the feed."""
    was_published = video.is_published
    video.reject(reason)
    tell_members(video, _("“%s” was refused"), "video_rejected", reason)
    action = Action.REMOVE if was_published else Action.REJECT
    return record(action, video, by, reason)


@decision
def uphold_report(report: Report, by: User, reason: str) -> ModerationDecision:
    """The reporter is right: what was reported goes, and all reports of it close."""
    subject = report.subject
    report.close(Report.Status.UPHELD)
    tell_reporter(report)
    for other in report.same_subject().open().select_related("reporter"):
        other.close(Report.Status.UPHELD)
        tell_reporter(other)
    if isinstance(subject, Seller):
        return suspend_reported(subject, by, reason, report)
    if isinstance(subject, Product) and subject.is_published:
        subject.send_back(reason)
        tell_members(subject, _("“%s” was removed"), "product_sent_back", reason)
    if isinstance(subject, Video) and may_be_rejected(subject):
        subject.reject(reason)
        tell_members(subject, _("“%s” was removed"), "video_rejected", reason)
    return record(Action.REMOVE, subject, by, reason, report)


def may_be_rejected(video):
    return video.publication in (
        Video.Publication.PUBLISHED,
        Video.Publication.SCHEDULED,
        Video.Publication.IN_REVIEW,
    )


def suspend_reported(seller, by, reason, report):
    if seller.is_open:
        onboarding.suspend(seller, reason, by)
    return record(Action.SUSPEND, seller, by, reason, report)


@decision
def dismiss_report(report: Report, by: User, reason: str) -> ModerationDecision:
    report.close(Report.Status.DISMISSED)
    tell_reporter(report)
    return record(Action.DISMISS, report.subject, by, reason, report)


@decision
def retry_transcoding(video: Video, by: User, reason: str) -> None:
    """A failed video once more, for a failure that may have passed."""
    video.queue()
    transcode_video.delay_on_commit(video.pk)
    trail(video, by, "Transcoding started again")


@decision
def cancel_transcoding(video: Video, by: User, reason: str) -> None:
    """Its worker stops within seconds; the shop reads why, and may start again."""
    video.cancel(reason)
    tell_members(video, _("“%s” is not processed"), "video_canceled", reason)
    trail(video, by, f"Processing stopped. {reason}")


def record(action, subject, by, reason, report=None):
    """The decision itself, and a line in the audit trail of what it changed."""
    seller = subject if isinstance(subject, Seller) else subject.seller
    made = ModerationDecision.objects.create(
        action=action,
        reason=reason,
        seller=seller,
        product=subject if isinstance(subject, Product) else None,
        video=subject if isinstance(subject, Video) else None,
        report=report,
        decided_by=by,
    )
    trail(subject, by, f"{made.get_action_display()}. {reason}".strip())
    return made


def trail(subject, by, change):
    """State changes by a conditional UPDATE, which auditlog does not see itself."""
    LogEntry.objects.log_create(
        subject,
        action=LogEntry.Action.UPDATE,
        actor=by,
        changes={"decision": ["", change]},
    )


def tell_members(subject, title, template, reason=""):
    members = subject.seller.members.select_related("user")
    for member in members:
        notify(
            member.user,
            title % subject,
            f"moderation/{template}",
            {"subject": subject, "reason": reason},
            seller_page(subject),
        )


def seller_page(subject):
    if isinstance(subject, Product):
        return reverse("sellers:edit_product", args=[subject.pk])
    return reverse("sellers:overview")


def tell_reporter(report):
    recipient = report.reporter or report.email
    if recipient:
        notify(
            recipient,
            _("What became of your report"),
            "moderation/report_decided",
            {"report": report, "subject": report.subject},
        )
