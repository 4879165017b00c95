"""What a bank says of a payment, recorded as the site records it."""

from collections import Counter
from datetime import timedelta

from django.utils import timezone

from checkout import disbursing, disputes, gateway, ledger
from checkout.models import Refund
from checkout.stripe_objects import DisputeMove
from tests.factories import make_product, make_seller, make_user, make_variant
from tests.payments.checkouts import make_paid_group

TAKEN = DisputeMove("txn_taken", -3000, 1500)
GIVEN = DisputeMove("txn_given", 3000, 0)


def make_two_shop_group(sandbox):
    """€10.00 of one shop and €20.00 of another, paid; commission €1.00 and €2.00."""
    variants = [
        make_variant(
            price_minor=price,
            product=make_product(
                seller=make_seller(owner=make_user(), is_payable=True)
            ),
        )
        for price in (1000, 2000)
    ]
    return make_paid_group(sandbox, variants=variants)


def found(group, status="needs_response", moves=(), **fields):
    values = {
        "id": "du_1",
        "payment_intent_id": group.payment.payment_intent_id,
        "status": status,
        "reason": "product_not_received",
        "amount": 3000,
        "currency": "EUR",
        "evidence_due_at": timezone.now() + timedelta(days=9),
        "moves": list(moves),
    }
    return gateway.Dispute(**(values | fields))


def record(group, *args, **fields):
    return disputes.record(found(group, *args, **fields), timezone.now())


def settle():
    """What the tasks do after a lost dispute."""
    for refund in Refund.objects.exclude(dispute=None).order_by("pk"):
        disbursing.send_refund(refund)


def send_refunds():
    """What the tasks do with all there are."""
    for refund in Refund.objects.order_by("pk"):
        disbursing.send_refund(refund)


def sums():
    found = Counter()
    for account, amount in ledger.balances().items():
        found[account.kind] += amount
    return {kind: amount for kind, amount in found.items() if amount}
