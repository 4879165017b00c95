"""Refunds that did not reach the buyer: what becomes of the money.

Stripe may refuse one, then nothing has moved; or the buyer's bank sends one back, days
later perhaps.  Then the money is with the platform and still the buyer's: the refund
stays as it is, with its share of the seller's and its credit note, and another row pays
it once more.
"""

from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import override

from checkout import disbursing, gateway, ledger, tasks
from checkout.models import Dispute, Refund
from marketplace.accounts.models import User
from marketplace.accounts.notifications import notify
from marketplace.money import format_minor

CAME_BACK = {"failed", "canceled"}


def refresh_refund(stripe_refund_id: str) -> None:
    """Ask Stripe how a refund of ours stands; it may fail days after it was made."""
    ours = Refund.objects.filter(stripe_refund_id=stripe_refund_id)
    if not ours.filter(status=Refund.Status.SUCCEEDED).exists():
        return
    values = gateway.read_refund(stripe_refund_id)
    # Together: who is said to have failed is not asked about again.
    with transaction.atomic():
        list(ours.locked())
        ours.update(stripe_status=values["status"], asked_at=timezone.now())
        if values["status"] in CAME_BACK:
            record_failure(values)


@transaction.atomic
def record_failure(values: dict) -> None:
    """The buyer's bank sent the money back to us."""
    succeeded = Refund.objects.filter(
        stripe_refund_id=values["id"], status=Refund.Status.SUCCEEDED
    )
    for refund in succeeded.locked().select_related("payment__group__user"):
        mark_owed(refund)
        tell_desk(refund, values.get("failure_reason") or "")
        tell_buyer(refund)


def mark_owed(refund: Refund) -> None:
    """Call it under the refund's lock."""
    Refund.objects.filter(pk=refund.pk).update(
        status=Refund.Status.FAILED, came_back_at=timezone.now()
    )
    ledger.post_failed_refund(refund)


@transaction.atomic
def send_again(refund: Refund, by: User) -> bool:
    """Have Stripe try once more; False where that was done, or is not to be done."""
    refund = Refund.objects.filter(pk=refund.pk).locked().get()
    if refund.is_refused:
        refund.status = Refund.Status.PENDING
        refund.attempts += 1
        refund.save(update_fields=["status", "attempts"])
        tasks.send_refund.delay_on_commit(refund.pk)
        return True
    if not refund.is_owed:
        return False
    again = succeed(refund, by)
    tasks.send_refund.delay_on_commit(again.pk)
    return True


@transaction.atomic
def pay_otherwise(refund: Refund, by: User, how: str) -> bool:
    """Somebody has paid it, not Stripe: into the books, and the buyer is told how."""
    refund = Refund.objects.filter(pk=refund.pk).locked().get()
    if refund.is_owed:
        refund = succeed(refund, by, paid_otherwise=how[:300])
    elif refund.is_refused:
        refund.status, refund.paid_otherwise = Refund.Status.PENDING, how[:300]
        refund.save(update_fields=["status", "paid_otherwise"])
    else:
        return False
    disbursing.record_refund(refund, {"id": ""})
    return True


def succeed(refund: Refund, by: User | None, **fields) -> Refund:
    """The row that pays what came back; call it under the refund's lock."""
    return Refund.objects.create(
        payment=refund.payment,
        order=refund.order,
        instead_of=refund,
        amount_minor=refund.amount_minor,
        currency=refund.currency,
        reason=refund.reason,
        created_by=by,
        **fields,
    )


def leave_to_bank(refund: Refund, dispute: Dispute) -> Refund:
    """The buyer has what came back from their bank, which took it in a dispute."""
    return succeed(refund, None, dispute=dispute)


def tell_desk(refund: Refund, message: str) -> None:
    is_operator = Q(is_superuser=True) | Q(groups__name=User.Role.OPERATOR)
    for user in User.objects.filter(is_operator, is_active=True).distinct():
        notify(
            user,
            _("A refund did not reach the buyer"),
            "checkout/refund_came_back",
            {"refund": refund, "message": message},
        )


def tell_buyer(refund: Refund) -> None:
    group = refund.payment.group
    with override(group.language):
        amount = format_minor(refund.amount_minor, refund.currency)
        notify(
            group.user or group.email,
            _("%(amount)s did not reach you") % {"amount": amount},
            "checkout/refund_bounced",
            {"group": group, "amount": amount},
            group.get_absolute_url(),
        )
