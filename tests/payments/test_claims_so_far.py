"""What the migrations make of rows that older code has written."""

from importlib import import_module

import pytest
from django.apps import apps
from django.utils import timezone

from checkout import disbursing, ledger, payouts, returns
from checkout.models import (
    CartLine,
    Dispute,
    JournalEntry,
    LedgerAccount,
    Order,
    OrderLine,
    Refund,
)
from tests.factories import make_cart, make_video
from tests.payments.checkouts import assert_books_hold, make_bought_order

pytestmark = pytest.mark.django_db
CLAIMS = import_module("checkout.migrations.0022_claims_so_far")
SALES = import_module("checkout.migrations.0024_sales_over_videos_so_far")


def test_what_came_back_before_is_owed_from_now_on(sandbox):
    order = make_bought_order(sandbox)
    line = order.lines.first()
    refund = returns.refund_lines(order, {line.pk: 1}, reason="broken", by=None)
    disbursing.send_refund(refund)
    lines = [(account, -amount) for account, amount in ledger.refund_lines(refund)]
    ledger.post_entry("failed", f"{refund.reference}:failed", lines, order)
    Refund.objects.update(status=Refund.Status.FAILED)

    for _ in range(2):
        CLAIMS.owe_what_came_back(apps, None)

    refund.refresh_from_db()
    assert refund.is_owed
    owed = LedgerAccount.objects.get(kind="refunds")
    assert owed.lines.get().amount_minor == -999
    assert JournalEntry.objects.filter(reference__endswith=":owed").count() == 1
    share = payouts.with_share(Order.objects.filter(pk=order.pk)).get().share
    sellers = LedgerAccount.objects.get(kind="seller")
    assert -sum(line.amount_minor for line in sellers.lines.all()) == share
    assert_books_hold()


def test_lost_disputes_count_as_charged(sandbox):
    order = make_bought_order(sandbox)
    for status in ("lost", "won", "under_review"):
        Dispute.objects.create(
            payment=order.group.payment,
            stripe_dispute_id=status,
            status=status,
            amount_minor=1,
            withdrawn_minor=1,
            currency="EUR",
            seen_at=timezone.now(),
            closed_at=None if status == "under_review" else timezone.now(),
        )

    CLAIMS.mark_disputes(apps, None)

    assert Dispute.objects.get(is_charged=True).status == "lost"


def test_what_named_a_video_before_came_over_its_sheet(sandbox):
    order = make_bought_order(sandbox)
    line = order.lines.first()
    OrderLine.objects.filter(pk=line.pk).update(video_title="Mugs")
    lying = make_cart().lines.get()
    CartLine.objects.filter(pk=lying.pk).update(video=make_video())
    make_cart()

    SALES.fill_in(apps, None)

    line.refresh_from_db()
    assert line.video_way == "direct"
    assert not order.lines.exclude(pk=line.pk).exclude(video_way="").exists()
    lying.refresh_from_db()
    assert lying.video_at == lying.added_at
    assert CartLine.objects.exclude(video_at=None).get() == lying
