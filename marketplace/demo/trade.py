"""Orders in every state, brought there by the very steps that people take."""

import random
from dataclasses import dataclass
from datetime import timedelta

import requests
from django.conf import settings
from django.utils import timezone

from checkout import (
    cart_contents,
    carts,
    connected_accounts,
    fulfillment,
    ordering,
    payments,
    payouts,
    quotes,
    return_requests,
    returns,
    taxes,
)
from checkout.models import Cart, Order, OrderGroup, Payment
from checkout.tracking import TrackingUpdate
from marketplace.demo.people import postal_address
from sellers.models import Variant
from videos.models import ProductTag

CARRIERS = [
    ("DHL", "https://www.dhl.com/tracking?id="),
    ("PostNord", "https://tracking.postnord.com/?id="),
    ("DPD", "https://tracking.dpd.de/parcel/"),
]


@dataclass(frozen=True)
class Story:
    """How far an order has come, and how many days ago it was placed."""

    state: str
    days_ago: float
    units: tuple[int, ...] = (1,)


SHOPPERS_STORIES = [
    Story("completed", 24, (1, 2)),
    Story("returned", 19, (1,)),
    Story("delivered", 9, (2,)),
    Story("return_requested", 8, (1, 1)),
    Story("shipped", 3, (1, 1, 1)),
    Story("part_shipped", 2, (2,)),
    Story("canceled", 6, (1,)),
    Story("paid", 0.2, (1, 1)),
    Story("unpaid", 0.01, (1,)),  # last: a later order would take its place
]
OTHERS_STORIES = [
    Story(state, days_ago, units)
    for days_ago, state, units in (
        (26, "completed", (1,)), (22, "completed", (2,)), (20, "completed", (1, 1)),
        (18, "completed", (1,)), (13, "delivered", (1,)), (12, "delivered", (2, 1)),
        (11, "delivered", (1,)), (9, "return_requested", (1,)), (8, "shipped", (1,)),
        (6, "shipped", (1, 1)), (5, "shipped", (2,)), (4, "canceled", (1,)),
        (4, "shipped", (1,)), (3, "part_shipped", (2, 1)), (2, "paid", (1,)),
        (1.6, "paid", (1, 2)), (1, "paid", (1,)), (0.6, "paid", (1,)),
        (0.3, "paid", (2,)), (0.1, "paid", (1, 1)), (10.4, "delivered", (1,)),
        (9.3, "delivered", (1,)), (7.5, "shipped", (1, 1)), (6.6, "delivered", (1,)),
        (5.7, "shipped", (1,)), (5.2, "shipped", (1, 2)), (4.4, "shipped", (1,)),
        (3.6, "shipped", (1,)), (3.1, "paid", (1,)), (2.5, "shipped", (1, 1)),
        (1.9, "paid", (1,)), (1.3, "paid", (2,)), (0.8, "paid", (1,)),
        (7, "disputed", (1,)),
    )
]  # fmt: skip


# Whose bank asks for the money back; the site hears of it once it runs.
CARDS = {"disputed": "pm_card_createDispute"}


def connect_accounts(sellers):
    """Each seller gives Stripe its details on the sandbox's own page."""
    for seller in sellers:
        if seller.is_payable:
            continue
        address = connected_accounts.connect(
            seller,
            return_url="http://127.0.0.1:9/",
            refresh_url="http://127.0.0.1:9/",
            attempt="demo",
        )
        requests.post(address, data={"submit": ""}, timeout=10, allow_redirects=False)
        connected_accounts.refresh_account(seller.stripe_account_id)
        seller.refresh_from_db()


def trade(shopper, people):
    """Play every story that has not been played yet."""
    dice = random.Random("orders")
    buyers = dice.sample(people, len(OTHERS_STORIES))
    played = [(shopper, story) for story in SHOPPERS_STORIES]
    played += list(zip(buyers, OTHERS_STORIES, strict=True))
    for nth, (buyer, story) in enumerate(played):
        key = f"demo-{nth}"
        if not OrderGroup.objects.filter(checkout_key=key).exists():
            play(story, buyer, key, nth)


def play(story, buyer, key, nth):
    group = place(story, buyer, key, nth)
    if story.state == "unpaid":
        leave_time(group)
        return
    pay(group, CARDS.get(story.state, "pm_card_visa"))
    for order in group.orders.select_related("group", "seller"):
        fulfillment.begin(order)
        PLOTS[story.state](order, story)
    backdate(group, story)


def place(story, buyer, key, nth):
    cart, _ = Cart.objects.get_or_create(user=buyer)
    for variant, quantity in chosen(story, key, nth):
        tag = variant.product.video_tags.first()
        carts.put(cart, variant, quantity, tag and carts.Through(tag.video, tag))
    address = postal_address(buyer.name, nth)
    # As the page does, so that Stripe Tax has said by then which tax is due.
    place = taxes.Place(address, cart.pk)
    contents = cart_contents.contents(cart)
    quote = quotes.quote(contents, address["country"], {}, place=place)
    details = ordering.Details(
        email=buyer.email,
        address=address,
        shown_total_minor=quote.total_minor,
        user=buyer,
    )
    return ordering.place_order(cart, details, key)


def chosen(story, key, nth):
    """Some variants of which there are enough, each of another product.

    Every second order goes to one shop alone, so that its pages have something on; who
    buys more than one thing there buys what one of its videos shows together.
    """
    dice, count = random.Random(key), len(story.units)
    plenty = Variant.objects.on_sale().filter(stock__on_hand__gt=6).order_by("pk")
    by_product = {v.product_id: v for v in plenty.select_related("product__seller")}
    busy = plenty.earliest("product__seller_id", "pk").product.seller_id
    pks = [pk for pk, v in by_product.items() if v.product.seller_id == busy]
    together = shown_together(pks)[:count] if count > 1 else []
    if nth % 2 or len(pks) < count:
        pks, together = list(by_product), []
    others = sorted(set(pks).difference(together))
    picked = [*together, *dice.sample(others, count - len(together))]
    return [(by_product[pk], n) for pk, n in zip(picked, story.units, strict=True)]


def shown_together(pks):
    """Of these products those of the first video that shows more than one."""
    shown = {}
    for tag in ProductTag.objects.filter(product__in=pks).order_by("video", "pk"):
        shown.setdefault(tag.video_id, {})[tag.product_id] = None
    return next((list(found) for found in shown.values() if len(found) > 1), [])


def pay(group, card="pm_card_visa"):
    """What the buyer's browser sends to Stripe, and the return page after it."""
    secret = payments.start_payment(group)
    payment = Payment.objects.get(group=group)
    answer = requests.post(
        f"{settings.STRIPE_API_BASE}/v1/payment_intents/"
        f"{payment.payment_intent_id}/confirm",
        data={"payment_method": card, "client_secret": secret},
        headers={"Authorization": f"Bearer {settings.STRIPE_PUBLISHABLE_KEY}"},
        timeout=10,
    )
    answer.raise_for_status()
    payments.settle(group)


def leave_time(group):
    """An order awaiting payment is given up after minutes; this one can be seen."""
    payments.start_payment(group)
    later = timezone.now() + timedelta(days=3)
    OrderGroup.objects.filter(pk=group.pk).update(pay_before=later)


# What happens to a paid order, by the state that it ends in.


def ship(order, story, share=1.0):
    """Send all of an order, or the first part of it."""
    quantities = {
        line.pk: max(1, int(line.to_ship * share))
        for line in fulfillment.lines_to_ship(order)
    }
    if share < 1 and len(quantities) > 1:
        quantities.popitem()
    carrier, address = CARRIERS[order.pk % len(CARRIERS)]
    number = f"{3_400_000_000 + order.pk * 7919}"
    parcel = fulfillment.ship(
        order,
        quantities,
        f"demo-{order.pk}",
        carrier=carrier,
        tracking_number=number,
        tracking_url=address + number,
    )
    shipped_at = timezone.now() - timedelta(days=0.7 * story.days_ago)
    type(parcel).objects.filter(pk=parcel.pk).update(shipped_at=shipped_at)
    for hours, status, message in (
        (2, "pre_transit", "Label printed"),
        (20, "in_transit", "Left the depot"),
    ):
        happened_at = min(shipped_at + timedelta(hours=hours), timezone.now())
        report(parcel, status, message, happened_at)
    Order.objects.filter(pk=order.pk, shipped_at__isnull=False).update(
        shipped_at=shipped_at
    )
    return parcel


def report(parcel, status, message, happened_at):
    """What the carrier says."""
    update = TrackingUpdate(
        event_id=f"demo-{status}",
        tracking_number=parcel.tracking_number,
        status=status,
        message=message,
        happened_at=happened_at,
    )
    fulfillment.record_tracking(parcel, update)


def part_ship(order, story):
    if sum(line.quantity for line in order.lines.all()) > 1:
        ship(order, story, share=0.5)


def deliver(order, story):
    parcel = ship(order, story)
    delivered_at = timezone.now() - timedelta(days=0.5 * story.days_ago)
    report(parcel, "delivered", "Handed over at the door", delivered_at)


def complete(order, story):
    deliver(order, story)
    payouts.start_transfer(order)


def cancel(order, story):
    returns.cancel_order(order, reason="Ordered by mistake", by=order.group.user)


def ask_to_return(order, story):
    deliver(order, story)
    line = order.lines.first()
    return return_requests.ask(
        order, {line.pk: 1}, "Lovely, but the colour does not go with our kitchen."
    )


def take_back(order, story):
    request = ask_to_return(order, story)
    owner = order.seller.members.get(role="owner").user
    return_requests.accept(request, "Of course. Please use the box it came in.")
    return_requests.refund(request, owner, is_restocked=True)


PLOTS = {
    "paid": lambda order, story: None,
    "part_shipped": part_ship,
    "shipped": ship,
    "delivered": deliver,
    "disputed": deliver,
    "completed": complete,
    "canceled": cancel,
    "return_requested": ask_to_return,
    "returned": take_back,
}


def backdate(group, story):
    """The steps took seconds; the figures of the last weeks should show days."""
    then = timezone.now() - timedelta(days=story.days_ago)
    OrderGroup.objects.filter(pk=group.pk).update(
        created_at=then, paid_at=then + timedelta(minutes=2)
    )
    Payment.objects.filter(group=group).update(
        created_at=then, succeeded_at=then + timedelta(minutes=2)
    )
    for order in group.orders.all():
        dispatch_by = fulfillment.working_days_after(then, order.seller.dispatch_days)
        order.return_requests.update(created_at=then + timedelta(days=5))
        Order.objects.filter(pk=order.pk).update(dispatch_by=dispatch_by)
