"""Whatever happens, in whatever order, the money and the stock add up at the end."""

import random
from functools import partial

import pytest
import stripe

from checkout import disbursing, gateway, inbox, payments, payouts
from checkout.models import (
    LedgerAccount,
    Order,
    OrderConflict,
    OrderGroup,
    OrderLine,
    Payment,
    Refund,
    Transfer,
    TransferReversal,
)
from checkout.returns import RefundRefused, cancel_order, refund_lines
from sellers.models import StockLevel
from tests.factories import make_product, make_variant
from tests.payments.checkouts import (
    assert_books_hold,
    lapse,
    make_group,
    make_payable_seller,
    start,
)
from tests.payments.test_payouts import make_due

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("sandbox")]

STOCK = 6
FAULTS = ["rate_limit", "error", "error_after", "cut"]
# What a step may answer on a bad day; anything else is a flaw.
EXPECTED = (
    gateway.GatewayError,
    stripe.StripeError,  # the buyer's own request met the fault
    OrderConflict,
    RefundRefused,
)


class History:
    """One shop of one scarce product, some buyers, and everything that can happen."""

    def __init__(self, sandbox, seed):
        self.sandbox = sandbox
        self.draw = random.Random(seed)
        self.seller = make_payable_seller(sandbox)
        product = make_product(seller=self.seller)
        self.variant = make_variant(product=product, stock=STOCK, price_minor=1999)
        self.groups = []

    def run(self, length):
        steps = [self.order, self.pay, self.decline, self.hear, self.come_back,
                 self.run_out_of_time, self.refund, self.cancel, self.receive,
                 self.fault, self.do_tasks]  # fmt: skip
        for step in self.draw.choices(steps, k=length):
            self.attempt(step)

    def attempt(self, step):
        try:
            step()
        except EXPECTED:
            return

    def any_group(self):
        return self.draw.choice(self.groups) if self.groups else self.order()

    def order(self):
        quantity = self.draw.randint(1, 2)
        if StockLevel.objects.get(pk=self.variant.pk).available >= quantity:
            group = make_group(variants=[self.variant], quantity=quantity)
            self.groups.append(group)
        elif not self.groups:
            raise OrderConflict
        return self.groups[-1]

    def intent(self):
        return start(self.any_group()).payment_intent_id

    def pay(self):
        """The buyer's card, which is tried whatever the site thinks of it."""
        intent = self.intent()
        if gateway.read_payment(intent).status == "requires_payment_method":
            self.sandbox.pay(intent)

    def decline(self):
        intent = self.intent()
        if gateway.read_payment(intent).status == "requires_payment_method":
            self.sandbox.decline(intent)

    def hear(self):
        """Some of the payment's events, repeated and in any order."""
        events = self.sandbox.events(self.intent())
        for event in self.draw.choices(events, k=4):
            inbox.apply_once(gateway.Event.read(event))

    def come_back(self):
        payments.settle(OrderGroup.objects.get(pk=self.any_group().pk))

    def run_out_of_time(self):
        group = self.any_group()
        if self.draw.random() < 0.5:
            # The shop gives it up without asking Stripe first: a lost race.
            payments.ordering.cancel_unpaid(group)
        else:
            lapse(group)
            payments.release_overdue()

    def refund(self):
        line = OrderLine.objects.filter(order__group=self.any_group()).get()
        wanted = {line.pk: self.draw.randint(1, 2)}
        refund_lines(line.order, wanted, reason="", by=None)

    def cancel(self):
        cancel_order(self.any_group().orders.get(), reason="", by=None)

    def receive(self):
        order = self.any_group().orders.get()
        if order.status == Order.Status.PAID:
            make_due(order)
            payouts.start_transfer(order)

    def fault(self):
        kind = self.draw.choice(FAULTS)
        path = self.draw.choice(["/v1/refunds", "/v1/transfers", "/reversals", "/v1/p"])
        self.sandbox.faults(requests=[{"kind": kind, "path": path, "times": 2}])

    def do_tasks(self):
        work = [
            *(partial(disbursing.send_refund, r) for r in Refund.objects.all()),
            *(partial(disbursing.send_transfer, t) for t in Transfer.objects.all()),
            *(
                partial(disbursing.send_reversal, reversal)
                for reversal in TransferReversal.objects.all()
            ),
        ]
        for task in work:
            self.attempt(task)

    def come_to_rest(self):
        """The faults are over, and the clock has had its time."""
        self.sandbox.faults()
        for group in self.groups:
            lapse(group)
        for _ in range(3):
            inbox.catch_up()
            payments.release_overdue()
            self.do_tasks()


@pytest.mark.parametrize("seed", range(8))
def test_money_and_stock_add_up_after_any_history(sandbox, seed):
    history = History(sandbox, seed)

    history.run(length=40)
    history.come_to_rest()

    assert_books_hold()
    assert_every_payment_has_one_end(sandbox, history)
    assert_stock_adds_up(history)
    assert_the_books_agree_with_stripe(sandbox, history)


def assert_every_payment_has_one_end(sandbox, history):
    """Paid at Stripe: a paid group, or all of it paid back.  Else: given up."""
    for group in history.groups:
        group.refresh_from_db()
        payment = Payment.objects.filter(group=group).first()
        if payment is None:
            assert group.status == OrderGroup.Status.CANCELED
            continue
        intent = gateway.read_payment(payment.payment_intent_id)
        if intent.status != "succeeded":
            assert (intent.status, group.status) == ("canceled", "canceled")
            continue
        charge = sandbox.stripe.v1.charges.retrieve(intent.charge_id)
        assert group.status in {OrderGroup.Status.PAID, OrderGroup.Status.REFUNDED}
        if group.status == OrderGroup.Status.REFUNDED:
            assert charge.amount_refunded == charge.amount
        else:
            assert charge.amount_refunded == group.orders.get().refunded_minor


def assert_stock_adds_up(history):
    level = StockLevel.objects.get(pk=history.variant.pk)
    sold = OrderLine.objects.filter(
        order__group__in=history.groups, order__group__status="paid"
    ).exclude(order__status="canceled")
    canceled = OrderLine.objects.filter(
        order__group__in=history.groups,
        order__group__status="paid",
        order__status="canceled",
    )
    gone = sum(sold.values_list("quantity", flat=True))
    # Units that were refunded before the rest was canceled do not come back.
    gone += sum(canceled.values_list("quantity", flat=True)) - sum(
        movement.quantity
        for movement in history.variant.movements.filter(reason="cancellation")
    )
    assert (level.on_hand, level.reserved) == (STOCK - gone, 0)


def assert_the_books_agree_with_stripe(sandbox, history):
    """What our account holds for these payments is what Stripe holds."""
    held = 0
    for payment in Payment.objects.filter(group__in=history.groups):
        intent = gateway.read_payment(payment.payment_intent_id)
        if intent.status == "succeeded":
            charge = sandbox.stripe.v1.charges.retrieve(intent.charge_id)
            held += charge.amount - charge.amount_refunded
    held -= sandbox.balance(history.seller.stripe_account_id)
    stripe_account = LedgerAccount.objects.filter(kind=LedgerAccount.Kind.STRIPE)
    lines = stripe_account.values_list("lines__amount_minor", flat=True)
    assert sum(filter(None, lines)) == held
