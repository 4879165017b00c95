"""Anything may happen to a cart, an order and its money, in any order, while Stripe and
the queue fail: after each step the books, the stock and the payments agree.

500 steps in CI; `make faults-money` takes 10,000 and other ones each time.
"""

import os

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    run_state_machine_as_test,
)

from checkout import (
    bounced_refunds,
    exchanges,
    fulfillment,
    gateway,
    payments,
    return_requests,
    returns,
    withdrawals,
)
from checkout.models import OrderGroup, Refund
from checkout.models.cart import new_token
from checkout.refund_amounts import Claim
from checkout.return_requests import Details
from sellers import stock
from tests.payments.figures import RUNS, say
from tests.payments.money_tally import ACTIONS, happens, pick, tally
from tests.payments.money_world import CLOCK, REFUSALS, SOLD, World

pytestmark = [pytest.mark.django_db, pytest.mark.money]

STEPS_OF_A_HISTORY = 50
# Many random histories end early: 340 of them have ten thousand steps.
HISTORIES = int(os.environ.get("MONEY_HISTORIES", 10 if RUNS == 1 else 17 * RUNS))
# Looking for the shortest history that fails takes minutes: by MONEY_SHRINK=1.
PHASES = [Phase.generate, *([Phase.shrink] if os.environ.get("MONEY_SHRINK") else [])]

CARDS = [
    *["pm_card_visa"] * 6,
    "pm_card_chargeDeclined",
    "pm_card_createDispute",
    "pm_card_createDisputeInquiry",
    "pm_card_pendingRefund",
    "pm_card_refundFail",
    "pm_success_de",
    "pm_successDelayed_de",
    "pm_failed_de",
    "pm_disputed_de",
]
BAD_DAY = {"rate_limit": 0.1, "error": 0.1, "error_after": 0.1, "cut": 0.1,
           "timeout": 0.05}  # fmt: skip
BAD_MAIL = {"drop": 0.2, "duplicate": 0.3, "copies": 3, "delay": 0.3, "reorder": 0.3,
            "forge": 0.1, "delay_seconds": 3 * 24 * 60 * 60}  # fmt: skip
SPANS = [{"minutes": 1}, {"minutes": 6}, {"minutes": 20}, {"hours": 30}, {"days": 9}]
# The last first: what Hypothesis finds simplest is to be far.
STAGES = ["settled", "delivered", "sent", "paid", "ordered", "at the bank"]

# From so many histories on, every action has to succeed once at least.
ENOUGH = 300
COMMON = {"order completed", "order partly refunded", "transfer paid", "reserve held",
          "refund succeeded"}  # fmt: skip

nth = st.integers(0, 9)
seeds = st.integers(0, 10_000)
wants = st.dictionaries(st.integers(0, 4), st.integers(1, 3), min_size=1, max_size=3)


class MoneyMachine(RuleBasedStateMachine):
    def __init__(self):
        super().__init__()
        self.world = World()

    @initialize(stages=st.lists(st.sampled_from(STAGES), min_size=2, max_size=3),
                wanted=wants, coupon=st.integers(0, 2))  # fmt: skip
    def begin(self, stages, wanted, coupon):
        """Some orders that are on their way already, so that histories reach deep."""
        self.world.sell({0: 2, 2: 3})
        for stage in stages:
            self.bring(stage, wanted, self.world.coupons[coupon])

    def bring(self, stage, wanted, coupon):
        world = self.world
        is_paid = stage not in {"ordered", "at the bank"}
        try:
            group = world.sell(wanted, coupon) if is_paid else world.buy(wanted, coupon)
        except REFUSALS:
            return
        if stage == "at the bank":
            world.pay(group.payment.payment_intent_id, "pm_successDelayed_de")
        world.work_off()
        if stage in {"ordered", "at the bank", "paid"}:
            return
        for order in group.orders.order_by("pk"):
            self.send(order)
        if stage != "sent":
            for parcel in world.parcels():
                fulfillment.mark_delivered(parcel)
        world.messages.send_committed()
        if stage == "settled":
            world.go_on(days=9)

    def send(self, order):
        lines = fulfillment.mark_waiting(order, fulfillment.lines_to_ship(order))
        ready = {line.pk: line.to_ship - line.waits_for for line in lines}
        if any(ready.values()):
            fulfillment.ship(order, ready, new_token(), carrier="DHL")

    # Buyers.

    @happens(wanted=wants, number=nth, card=st.sampled_from(["", *CARDS]))
    def order(self, wanted, number, card):
        group = self.world.buy(wanted, pick(self.world.coupons, number))
        if card:
            self.world.pay(group.payment.payment_intent_id, card)

    @happens(
        number=nth, quantity=st.integers(1, 4), coupon=nth, when=World.filled_carts
    )
    def change_their_mind(self, number, quantity, coupon):
        """Back to the cart, and another order in place of the first."""
        cart = pick(self.world.filled_carts(), number)
        cart.lines.update(quantity=quantity)
        self.world.order(cart, pick(self.world.coupons, coupon))

    @happens(number=nth, card=st.sampled_from(CARDS),
             when=lambda world: world.intents("requires_payment_method"))  # fmt: skip
    def pay(self, number, card):
        """The card is tried whatever the site thinks of the order by now."""
        open_ = self.world.intents("requires_payment_method")
        self.world.pay(pick(open_, number), card)

    @happens(number=nth, when=lambda world: OrderGroup.objects.exists())
    def come_back(self, number):
        group = pick(list(OrderGroup.objects.order_by("-pk")), number)
        if group.is_payable:
            payments.start_payment(group)
        payments.settle(group)

    @happens(number=nth, units=st.integers(1, 2),
             when=lambda world: world.orders(*SOLD))  # fmt: skip
    def withdraw(self, number, units):
        order = pick(self.world.orders(*SOLD), number)
        withdrawals.withdraw(order, some_units(order, units), "bea@example.com")

    @happens(number=nth, units=st.integers(1, 2), other=st.booleans(),
             when=lambda world: world.orders("delivered", "completed"))  # fmt: skip
    def ask_to_return(self, number, units, other):
        order = pick(self.world.orders("delivered", "completed"), number)
        wanted = some_units(order, units)
        line = order.lines.filter(pk__in=wanted).first()
        others = return_requests.exchangeable(line) if line and other else []
        details = Details(exchange_for=others[0]) if others else None
        return_requests.ask(order, wanted, "broken", details)

    # Sellers and the desk.

    @happens(number=nth, when=lambda world: world.orders("paid", "partly_shipped"))
    def ship(self, number):
        self.send(pick(self.world.orders("paid", "partly_shipped"), number))

    @happens(number=nth, when=lambda world: world.parcels())
    def deliver(self, number):
        fulfillment.mark_delivered(pick(self.world.parcels(), number))

    @happens(number=nth, units=st.integers(0, 2), is_platforms=st.booleans(),
             delivery=st.sampled_from([None, 0, 200]),
             goodwill=st.sampled_from([0, 150]),
             when=lambda world: world.orders(*SOLD))  # fmt: skip
    def refund(self, number, units, delivery, goodwill, is_platforms):
        order = pick(self.world.orders(*SOLD), number)
        claim = Claim(some_units(order, units), delivery, goodwill, is_platforms)
        returns.refund_or_cancel(order, claim, reason="goodwill", by=None)

    @happens(number=nth, units=st.integers(1, 2),
             when=lambda world: world.orders(*SOLD))  # fmt: skip
    def refund_all_sellers(self, number, units):
        group = pick(self.world.orders(*SOLD), number).group
        claims = {order.pk: Claim.of_units(some_units(order, units))
                  for order in group.orders.filter(status__in=SOLD)}  # fmt: skip
        returns.refund_group(group, claims, reason="late", by=None)

    @happens(number=nth, when=lambda world: world.orders("paid"))
    def cancel(self, number):
        order = pick(self.world.orders("paid"), number)
        returns.cancel_order(order, reason="changed", by=None)

    @happens(number=nth, says_yes=st.integers(0, 4), is_restocked=st.booleans(),
             when=lambda world: world.returns())  # fmt: skip
    def decide_a_return(self, number, says_yes, is_restocked):
        request = pick(self.world.returns(), number)
        if request.status == "accepted" and request.exchange_for:
            exchanges.exchange(request, None, is_restocked=is_restocked)
        elif request.status == "accepted":
            return_requests.refund(request, None, is_restocked=is_restocked)
        elif says_yes:
            return_requests.accept(request, "")
        else:
            return_requests.refuse(request, "worn")

    @happens(when=lambda world: Refund.objects.to_settle().exists())
    def send_a_refund_again(self):
        refund = Refund.objects.to_settle().order_by("pk").first()
        bounced_refunds.send_again(refund, self.world.operator)

    @happens(number=nth, more=st.integers(1, 5))
    def restock(self, number, more):
        stock.adjust(pick(self.world.variants, number), more, "received")

    # Banks and Stripe.

    @happens(number=nth, half=st.booleans(), is_inquiry=st.booleans(),
             when=lambda world: world.charges())  # fmt: skip
    def dispute(self, number, half, is_inquiry):
        charge, left = pick(self.world.charges(), number)
        amount = -(-left // 2) if half else left
        self.world.sandbox.act(
            "dispute", charge=charge, amount=amount, is_inquiry=is_inquiry
        )

    @happens(number=nth, outcome=st.sampled_from(["won", "lost"]),
             when=lambda world: world.open_disputes())  # fmt: skip
    def decide_a_dispute(self, number, outcome):
        dispute = pick(self.world.open_disputes(), number)["id"]
        self.world.sandbox.act("end_dispute", dispute=dispute, outcome=outcome)

    @happens(number=nth, when=lambda world: world.refunds_at_stripe())
    def send_a_refund_back(self, number):
        refund = pick(self.world.refunds_at_stripe(), number)["id"]
        self.world.sandbox.act("fail_refund", refund=refund)

    @happens(number=nth, outcome=st.sampled_from(["succeeded", "failed"]),
             when=lambda world: world.intents("processing"))  # fmt: skip
    def decide_a_debit(self, number, outcome):
        intent = pick(self.world.intents("processing"), number)
        self.world.sandbox.act("finish_payment", payment_intent=intent, outcome=outcome)

    @happens(number=nth)
    def pay_out(self, number):
        account = pick(self.world.sellers, number).stripe_account_id
        self.world.sandbox.act("pay_out", account=account)

    @happens(number=nth, when=lambda world: world.sandbox.find("payout", "paid"))
    def send_a_payout_back(self, number):
        payout = pick(self.world.sandbox.find("payout", "paid"), number)["id"]
        self.world.sandbox.act("fail_payout", payout=payout)

    @happens(number=nth, do=st.sampled_from(["restrict", "onboard", "onboard"]))
    def look_at_an_account(self, number, do):
        account = pick(self.world.sellers, number).stripe_account_id
        self.world.sandbox.act(do, account=account)

    # Time, the queue and the network.

    @happens(seed=seeds, method=st.sampled_from(["POST", "POST", "GET", ""]))
    def let_stripe_fail(self, seed, method):
        """Or be well again."""
        self.world.calm()
        if method:
            self.world.sandbox.set("chances", seed=seed, method=method, **BAD_DAY)
            self.world.sandbox.set("webhooks", seed=seed, **BAD_MAIL)

    @happens()
    def hear(self):
        self.world.sandbox.deliver_due()

    @happens(fate=st.sampled_from(["run", "run", "lose", "double", "reverse"]),
             when=lambda world: world.messages.waiting)  # fmt: skip
    def work(self, fate):
        waiting = self.world.messages.waiting
        if fate == "lose":
            waiting.popleft()
        elif fate == "double":
            waiting.extend(list(waiting))
        elif fate == "reverse":
            waiting.reverse()
        self.world.work_off()

    @happens(work=st.sampled_from(CLOCK))
    def tick(self, work):
        self.world.tick(work)

    @happens(span=st.sampled_from(SPANS))
    def wait(self, span):
        self.world.pass_a_while(**span)

    @happens(span=st.sampled_from(SPANS))
    def go_on(self, span):
        self.world.go_on(**span)

    @invariant()
    def money_and_stock_add_up(self):
        with self.world.sound():
            self.world.check()

    def teardown(self):
        try:
            if self.world.is_sound:
                self.end_well()
        finally:
            self.world.close()

    def end_well(self):
        tally.saw(self.world.states())
        self.world.come_to_rest()
        self.world.check_rest()
        tally.saw(self.world.states())
        tally.faults += self.world.faults
        tally.histories += 1


def some_units(order, number):
    """Up to so many of its first line that has any left."""
    for line in order.lines.order_by("pk"):
        if line.left and number:
            return {line.pk: min(line.left, number)}
    return {}


def play(histories):
    run_state_machine_as_test(
        MoneyMachine,
        settings=settings(
            max_examples=histories,
            stateful_step_count=STEPS_OF_A_HISTORY,
            deadline=None,
            database=None,
            derandomize=RUNS == 1,
            suppress_health_check=list(HealthCheck),
            phases=PHASES,
        ),
    )


def test_money_and_stock_add_up_whatever_happens():
    play(HISTORIES)

    say(f"{tally.steps} steps of {tally.histories} histories, {tally.faults} faults of "
        f"Stripe: I1 to I5 after each, 0 drift at the end of each\n"
        f"    done: {dict(tally.done.most_common())}\n"
        f"    refused: {dict(tally.refused.most_common())}\n"
        f"    reached: {tally.reached}")  # fmt: skip
    never = [name for name in ACTIONS if not tally.done[name]]
    unseen = [name for name in COMMON if not tally.reached[name]]
    assert (never if HISTORIES >= ENOUGH else [], unseen) == ([], [])


def test_goods_that_stay_on_the_shelf_are_noticed(monkeypatch):
    """The negative controls: what is checked after each step, and at the end."""
    monkeypatch.setattr(stock, "take", lambda reference: None)

    with pytest.raises(AssertionError, match="off the shelf"):
        play(1)


def test_a_refund_that_is_made_twice_is_noticed(monkeypatch):
    monkeypatch.setattr(gateway, "find_refund", lambda *args: None)
    world = World()
    order = world.sell({0: 2}).orders.get()
    world.work_off()
    returns.refund_or_cancel(
        order, Claim.of_units(some_units(order, 1)), reason="", by=None
    )
    world.sandbox.set("requests", list=[{"kind": "error_after", "path": "/v1/refunds"}])

    world.come_to_rest()

    with pytest.raises(AssertionError, match="not_in_books"):
        world.check_rest()
    world.close()
