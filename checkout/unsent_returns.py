"""Returns that are accepted and do not come: reminded, closed, opened again.

Who withdraws from a purchase has to send the goods within 14 days, and until they are
back, or their sending is proved, the shop may keep the money (Directive 2011/83/EU,
articles 13 and 14).  A right is not lost by that: what comes later is opened again.
"""

from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import override

from checkout import return_requests
from checkout.models import OrderConflict, ReturnRequest
from checkout.return_requests import ReturnRefused, tell_seller
from marketplace.accounts.notifications import notify

Status = ReturnRequest.Status


def closes_at(request: ReturnRequest) -> datetime | None:
    """Counted from the reminder once there is one: nobody loses anything unwarned."""
    start = request.reminded_at or request.send_by
    if start is None or not request.is_to_send:
        return None
    return start + timedelta(days=settings.RETURN_CLOSE_DAYS)


def remind_buyers() -> None:
    """Tell buyers, once, that the time to send it is over."""
    overdue = ReturnRequest.objects.to_send().filter(
        send_by__lt=timezone.now(), reminded_at=None
    )
    for request in overdue.select_related("order__group__user", "order__seller"):
        remind_buyer(request)


@transaction.atomic
def remind_buyer(request: ReturnRequest) -> None:
    request.reminded_at = timezone.now()
    unreminded = ReturnRequest.objects.to_send().filter(pk=request.pk, reminded_at=None)
    if unreminded.update(reminded_at=request.reminded_at):
        tell_buyer(
            request,
            _("Have you sent your return?"),
            "return_reminder",
            closes_at=closes_at(request),
        )


def close_unsent() -> int:
    """Close what was not sent after the reminder either; how many that were."""
    before = timezone.now() - timedelta(days=settings.RETURN_CLOSE_DAYS)
    silent = ReturnRequest.objects.to_send().filter(reminded_at__lt=before)
    closed = 0
    for request in silent.select_related("order__group__user", "order__seller"):
        with override(request.order.group.language):
            reason = _("It was not sent back in time.")
        closed += close(request, reason)
    return closed


@transaction.atomic
def close(request: ReturnRequest, reason: str, *, whatever_was_said=False) -> bool:
    """Nothing is paid back; False when somebody was quicker.

    The clock believes a buyer who says that it was sent; the desk may know better.
    """
    return_requests.locked(request.order)
    open_ = ReturnRequest.objects.select_for_update(of=["self"])
    reminded_at = request.reminded_at
    request = open_.select_related("order__group__user", "order__seller").get(
        pk=request.pk
    )
    # Sent meanwhile, or opened again, when the buyer is to be reminded anew.
    is_other = request.sent_at or request.reminded_at != reminded_at
    if request.status != Status.ACCEPTED or (is_other and not whatever_was_said):
        return False
    said = "\n\n".join(filter(None, [request.answer, reason]))
    request.advance(Status.CLOSED, answer=said[-1000:], decided_at=timezone.now())
    request.closed_because = reason  # for the mails
    tell_buyer(request, _("Your return is closed"), "return_closed")
    subject = _("The return of order %(number)s is closed: it did not come")
    tell_seller(request, subject, "return_closed_seller")
    return True


@transaction.atomic
def say_sent(request: ReturnRequest, proof: str) -> None:
    """The buyer has sent it.  Raises OrderConflict once it is decided."""
    accepted = ReturnRequest.objects.filter(pk=request.pk, status=Status.ACCEPTED)
    if not accepted.update(sent_at=timezone.now(), proof=proof[:300]):
        raise OrderConflict("it is decided")
    request.refresh_from_db(fields=["sent_at", "proof"])
    subject = _("The return of order %(number)s is on its way to you")
    tell_seller(request, subject, "return_sent")


@transaction.atomic
def reopen(request: ReturnRequest, words: str = "") -> None:
    """It came after all, or will: as if it had just been accepted.

    The buyer reads the words, and not again why it had been closed.  Raises
    OrderConflict where it is not closed, ReturnRefused where its units were paid back
    or asked for anew meanwhile.
    """
    order = return_requests.locked(request.order)
    units = {line.order_line_id: line.quantity for line in request.lines.all()}
    try:
        return_requests.check_units(order, units)
    except ReturnRefused as refusal:
        raise ReturnRefused(
            _("Its units were paid back meanwhile, or are returned in another way.")
        ) from refusal
    said = "\n\n".join(filter(None, [request.answer, words]))
    request.advance(
        Status.ACCEPTED,
        answer=said[-1000:],
        decided_at=timezone.now(),
        send_by=return_requests.send_deadline(),
        reminded_at=None,
        sent_at=None,
        proof="",
    )
    tell_buyer(request, _("Your return is open again"), "return_reopened", words=words)


def tell_buyer(request: ReturnRequest, subject: str, template: str, **context) -> None:
    group = request.order.group
    notify(
        group.user or group.email,
        subject,
        f"checkout/{template}",
        {"order": request.order, "request": request, **context},
        group.get_absolute_url(),
    )
