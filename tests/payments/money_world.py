"""A small market in which anything may happen to money, and what must hold meanwhile.

`MoneyMachine` in `test_money_machine` draws what happens; this is how it is done.
"""

from contextlib import ExitStack, contextmanager
from datetime import timedelta

import stripe
from django.db import connection
from django.db.models import F
from django.utils import timezone

from checkout import (
    balance_reconciling,
    carts,
    gateway,
    invariants,
    ordering,
    payments,
    periodic,
)
from checkout.carts import CartRefusal
from checkout.coupons import CouponRefused
from checkout.fulfillment import ShipmentRefused
from checkout.models import (
    Cart,
    Coupon,
    Dispute,
    Fulfillment,
    Order,
    OrderConflict,
    OrderGroup,
    Payment,
    PayoutTerms,
    Refund,
    Reserve,
    ReturnRequest,
    SellerDebt,
    StripeEvent,
    Transfer,
    TransferReversal,
)
from checkout.models.cart import new_token
from checkout.ordering import CheckoutRefusal
from checkout.return_requests import ReturnRefused
from checkout.returns import RefundRefused
from sellers.models import OutOfStock, StockLevel
from tests.factories import (
    make_checkout,
    make_coupon,
    make_product,
    make_seller,
    make_shipping_rate,
    make_user,
    make_variant,
)
from tests.payments.checkouts import undone
from tests.payments.sandbox_inside import sandbox_inside

# What somebody may be told on a bad day; anything else is a flaw.
REFUSALS = (
    CartRefusal,
    CheckoutRefusal,
    CouponRefused,
    OrderConflict,
    OutOfStock,
    RefundRefused,
    ReturnRefused,
    ShipmentRefused,
    gateway.GatewayError,
    stripe.StripeError,  # the buyer's own request met the fault
)
CLOCK = [
    periodic.hear_from_stripe,
    periodic.sweep_events,
    periodic.release_overdue,
    periodic.reconcile,
    periodic.pay_sellers,
    periodic.look_at_disputes,
    periodic.watch_parcels,
    periodic.issue_invoices,
]
SOLD = ["paid", "partly_shipped", "shipped", "delivered", "completed"]


@contextmanager
def never_refused():
    """What only people may be told."""
    try:
        yield
    except REFUSALS as refusal:
        raise AssertionError(f"nobody is there to read it: {refusal!r}") from refusal


class World:
    """Two sellers, five variants, two coupons; one of all that the tests need."""

    def __init__(self):
        self.stack = ExitStack()
        self.stack.enter_context(undone())
        self.sandbox = self.stack.enter_context(sandbox_inside())
        self.messages = self.sandbox.messages
        self.since = timezone.now() - timedelta(minutes=1)
        self.faults, self.is_sound = 0, True
        self.operator = make_user(is_superuser=True)
        self.sellers = [self.make_seller(days) for days in (30, None)]
        self.variants = self.put_on_sale()
        self.coupons = [
            "",
            make_coupon(code="TENTH").code,
            make_coupon(
                code="THREE-OFF",
                amount_minor=300,
                bearer=Coupon.Bearer.SELLER,
                seller=self.sellers[0],
            ).code,
        ]

    def make_seller(self, reserve_days):
        account = self.sandbox.stripe.v1.accounts.create(
            {"country": "DE", "capabilities": {"transfers": {"requested": True}}}
        )
        self.sandbox.onboard(account.id)
        seller = make_seller(
            stripe_account_id=account.id, is_payable=True, owner=make_user()
        )
        make_shipping_rate(seller=seller)
        if reserve_days:
            PayoutTerms.objects.create(
                seller=seller, reserve_basis_points=2000, reserve_days=reserve_days
            )
        return seller

    def put_on_sale(self):
        first, second = self.sellers
        shirt, mug = make_product(seller=first), make_product(seller=second)
        later = make_variant(product=make_product(seller=second), stock=1)
        StockLevel.objects.filter(variant=later).update(policy="back_order")
        small, medium = (
            make_variant(product=shirt, option_values=[size], price_minor=1999)
            for size in ("S", "M")
        )
        return [
            small,
            medium,
            make_variant(product=mug, stock=80, price_minor=777),
            make_variant(product=make_product(seller=first), stock=4, price_minor=331),
            later,
        ]  # fmt: skip

    def close(self):
        self.stack.close()

    @contextmanager
    def sound(self):
        """What is broken already is not played to its end."""
        try:
            yield
        except Exception:
            self.is_sound = False
            raise

    # What buyers do.

    def buy(self, wanted, coupon):
        """Put variants (quantity by number) into a new cart, and order them."""
        cart = Cart.objects.create()
        for number, quantity in wanted.items():
            carts.add(cart, self.variants[number], quantity)
        return self.order(cart, coupon)

    def order(self, cart, coupon):
        _cart, details = make_checkout(cart=cart, coupon_code=coupon)
        group = ordering.place_order(cart, details, new_token())
        payments.start_payment(group)
        return group

    def pay(self, intent_id, card="pm_card_visa"):
        self.sandbox.stripe.v1.payment_intents.confirm(
            intent_id, {"payment_method": card}
        )

    def sell(self, wanted, coupon=""):
        """Without anything in the way: the group is paid."""
        group = self.buy(wanted, coupon)
        self.pay(group.payment.payment_intent_id)
        return payments.settle(group)

    # What comes by itself.

    def tick(self, work):
        """A task of the clock, which never fails: `periodic` catches what may pass."""
        with never_refused():
            work()
        self.messages.send_committed()

    def work_off(self):
        self.messages.send_committed()
        for _ in range(len(self.messages.waiting)):
            with never_refused():
                self.messages.run(self.messages.waiting.popleft())
            self.messages.send_committed()

    def pass_a_while(self, **span):
        self.sandbox.advance(**span)
        self.sandbox.deliver_due()
        self.messages.send_committed()

    def go_on(self, **span):
        """Time goes by, and everybody does what they have to."""
        self.pass_a_while(**span)
        self.work_off()
        for work in CLOCK:
            self.tick(work)
        self.work_off()

    def calm(self):
        """Nothing fails any more."""
        self.faults += self.sandbox.knob("chances").get("made", 0)
        self.sandbox.set("chances")
        self.sandbox.set("webhooks")

    def come_to_rest(self):
        """Banks have decided, accounts are in order, the clock has had its time."""
        self.calm()
        for seller in self.sellers:
            self.sandbox.onboard(seller.stripe_account_id)
        for span in ({"minutes": 6}, {"minutes": 70}, {"hours": 5}, {"hours": 5}):
            # A debit that comes late may bring one more.
            for dispute in self.open_disputes():
                self.sandbox.act("end_dispute", dispute=dispute["id"], outcome="won")
            self.go_on(**span)

    # What can happen next.

    def filled_carts(self):
        found = Cart.objects.filter(lines__isnull=False)
        return list(found.distinct().order_by("pk"))

    def intents(self, *statuses):
        ours = Payment.objects.order_by("pk")
        known = set(ours.values_list("payment_intent_id", flat=True))
        found = self.sandbox.find("payment_intent", *statuses)
        return [one["id"] for one in found if one["id"] in known]

    def orders(self, *statuses):
        found = Order.objects.filter(status__in=statuses, group__status="paid")
        return list(found.order_by("pk"))

    def parcels(self):
        return list(Fulfillment.objects.filter(status="shipped").order_by("pk"))

    def returns(self):
        found = ReturnRequest.objects.filter(status__in=ReturnRequest.OPEN)
        return list(found.order_by("pk"))

    def open_disputes(self):
        open_ = Dispute.OPEN
        return self.sandbox.find("dispute", *map(str, open_))

    def charges(self):
        """Of which a bank could still ask something back."""
        found = self.sandbox.find("charge", "succeeded")
        left = [(one["id"], one["amount"] - one["amount_refunded"])
                for one in found if not one["disputed"]]  # fmt: skip
        return [(charge, amount) for charge, amount in left if amount]

    def refunds_at_stripe(self):
        return self.sandbox.find("refund", "succeeded", "pending")

    # What must hold.

    def check(self):
        """I1 to I5, and what the database checks only at the end of a transaction."""
        with connection.cursor() as cursor:
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
            cursor.execute("SET CONSTRAINTS ALL DEFERRED")
        found = [f for one in invariants.INVARIANTS for f in invariants.faults_of(one)]
        assert found == [], found
        guessed = [state for state in self.sandbox.forged() if "400" not in state]
        assert guessed == [], "a forged event was taken"

    def check_rest(self):
        """Every history has its end, and Stripe and the books tell the same one."""
        self.check()
        unfinished = [
            *self.messages.waiting,
            *Payment.objects.filter(status="pending").values(),
            *OrderGroup.objects.filter(status="pending").values("pk", "pay_before"),
            *StripeEvent.objects.exclude(due_at=None).values("type", "failure_reason"),
            *Refund.objects.filter(status="pending").values(
                *("amount_minor", "attempts", "dispute", "payment__amount_minor"),
                *("payment__disputes__status", "payment__disputes__withdrawn_minor"),
            ),
            *TransferReversal.objects.filter(
                status="pending", transfer__status="paid"
            ).values(),
        ]
        assert unfinished == [], unfinished
        self.sandbox.advance(hours=1)
        differences = balance_reconciling.reconcile(self.since)
        assert differences == [], [vars(one) for one in differences]
        self.check()

    def states(self):
        """How many there are of each thing that this is all about."""
        partly = Order.objects.filter(
            refunded_minor__gt=0, refunded_minor__lt=F("total_minor")
        )
        counts = {
            f"order {status}": Order.objects.filter(
                status=status, group__status="paid"
            ).count()
            for status in [*SOLD, "canceled"]
        }
        counts |= {
            "order of several sellers": Order.objects.filter(group__status="paid")
            .values("group").distinct().count(),
            "order partly refunded": partly.exclude(status="canceled").count(),
            "order partly refunded after its transfer": partly.filter(
                status="completed"
            ).count(),
            "order exchanged": Order.objects.exclude(exchange_of=None).count(),
            "payment sent back": OrderGroup.objects.filter(status="refunded").count(),
            "reserve held": Reserve.objects.held().filter(used_minor=0).count(),
            "reserve used": Reserve.objects.filter(used_minor__gt=0).count(),
            "reserve released": Reserve.objects.exclude(released_at=None).count(),
            "debt open": SellerDebt.objects.open().count(),
            "debt recovered": SellerDebt.objects.filter(recovered_minor__gt=0).count(),
        }  # fmt: skip
        for model, statuses in (
            (Transfer, ["paid", "waiting", "pending"]),
            (TransferReversal, ["succeeded", "short"]),
            (Refund, ["succeeded", "failed"]),
            (Dispute, ["needs_response", "warning_closed", "won", "lost"]),
        ):
            for status in statuses:
                name = f"{model._meta.model_name} {status}"
                counts[name] = model.objects.filter(status=status).count()
        return counts
