"""From a cart to an order awaiting payment, and back."""

from dataclasses import dataclass, field
from datetime import timedelta

from allauth.account.models import EmailAddress
from django.conf import settings
from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from checkout import (
    attributing,
    cart_contents,
    coupons,
    purchase_limits,
    quotes,
    tax_records,
    taxes,
)
from checkout.attributing import Credit
from checkout.cart_contents import Contents, Item
from checkout.coupons import CouponRefused, Entry
from checkout.deliveries import Key
from checkout.models import Cart, Order, OrderGroup, OrderLine
from checkout.models.cart import new_token
from checkout.pricing import LineAmounts
from checkout.quotes import Quote, SellerQuote
from marketplace.accounts.models import User
from sellers import stock
from sellers.models import StockReservation
from videos.feed import experimenting

# The orders that a guest's browser remembers.
SESSION_KEY = "orders"
REMEMBERED = 10


class CheckoutRefusal(Exception):
    """Nothing was ordered; the page says why."""


class EmptyCart(CheckoutRefusal):
    """There is nothing to order."""


class CartProblem(CheckoutRefusal):
    """Something in the cart cannot be bought: the cart page says what."""

    def __init__(self, contents: Contents):
        self.contents = contents
        super().__init__()


class Undeliverable(CheckoutRefusal):
    """A seller does not deliver to that country."""


class QuoteChanged(CheckoutRefusal):
    """It is not what was shown: other items, a price, a rate, a country, a day."""


class LimitPassed(CheckoutRefusal):
    """More than the seller gives one buyer; what was ordered before counts."""


@dataclass(frozen=True)
class Details:
    """What the buyer typed and chose; amounts are never taken from there."""

    email: str
    address: dict[str, str]
    shown_total_minor: int
    # `Quote.items_text` of the page; empty where none was shown.
    shown_items: str = ""
    rate_pks: dict[Key, int] = field(default_factory=dict)
    coupon_code: str = ""
    user: User | None = None
    language: str = "en"
    # The pseudonym of the browser, for the figures of the videos.
    viewer: str = ""


@transaction.atomic
def place_order(cart: Cart, details: Details, checkout_key: str) -> OrderGroup:
    """Make the order that awaits payment, and set its stock aside.

    A double click, a second tab or a retry waits at the cart's lock and is given the
    first order.  An unpaid order that differs is replaced: the buyer went back.
    Raises a CheckoutRefusal, CouponRefused, OutOfStock or TaxUnknown, and then nothing
    has changed.
    """
    if not cart.touch():
        raise EmptyCart
    earlier, unpaid = earlier_orders(cart, checkout_key)
    if earlier:
        return earlier
    contents = contents_now(cart, unpaid, details.coupon_code)
    refuse_unbuyable(contents)
    entry = Entry(details.coupon_code, cart, details.user)
    quote = quotes.quote(
        contents,
        details.address["country"],
        details.rate_pks,
        entry,
        place=taxes.Place(details.address, cart.pk, is_binding=True),
    )
    if details.shown_items not in ("", quote.items_text):
        raise QuoteChanged
    for group in unpaid:
        if group.pay_before > timezone.now() and is_same(group, quote, details):
            return belonging_to(group, details.user)
    refuse_changed(quote, details)
    coupons.lock(coupons.concerned(quote.coupon_code, unpaid))
    # At once, in key order: giving back first what another order holds, then taking
    # other things, would cross somebody who does the same the other way round.
    stock.lock_levels(concerned(contents, unpaid))
    refuse_over_limit(quote, details, unpaid)
    chain = chain_of(unpaid)
    for group in unpaid:
        cancel_unpaid(group, _("replaced by a newer order"))
    return create_group(cart, quote, details, checkout_key, chain)


def earlier_orders(
    cart: Cart, checkout_key: str
) -> tuple[OrderGroup | None, list[OrderGroup]]:
    """What this page has ordered and paid for, and what awaits payment; locked."""
    is_pending = Q(status=OrderGroup.Status.PENDING)
    is_paid = Q(checkout_key=checkout_key, paid_at__isnull=False)
    groups = cart.order_groups.filter(is_pending | is_paid).order_by("pk")
    paid, unpaid = None, []
    for group in groups.select_for_update():
        if group.checkout_key == checkout_key and group.paid_at:
            paid = group
        if group.status == OrderGroup.Status.PENDING:
            unpaid.append(group)
    return paid, unpaid


def chain_of(replaced: list[OrderGroup]) -> str:
    """What they and the order in their place share: one of them is had, not two.

    A bank may be at work on a payment for one that is replaced.
    """
    if not replaced:
        return ""
    known = sorted({group.chain for group in replaced} - {""})
    chain = known[0] if known else new_token()
    OrderGroup.objects.filter(pk__in=[group.pk for group in replaced]).update(
        chain=chain
    )
    OrderGroup.objects.filter(chain__in=known[1:]).update(chain=chain)
    return chain


def concerned(contents: Contents, unpaid: list[OrderGroup]) -> set[int]:
    """The variants whose levels this order may change, or must see unchanged."""
    variants = purchase_limits.concerned(item.variant for item in contents.items)
    if unpaid:
        references = [group.reservation_reference for group in unpaid]
        held = StockReservation.objects.filter(reference__in=references)
        variants |= set(held.values_list("variant_id", flat=True))
    return variants


def contents_now(cart: Cart, unpaid: list[OrderGroup], coupon_code: str) -> Contents:
    """The cart's; what others let lapse is there for this buyer."""
    contents = cart_contents.contents(cart, unpaid, has_pictures=False)
    if contents.has_problems:
        # Stock is locked after them always.
        coupons.lock(coupons.concerned(coupon_code, unpaid))
        if stock.release_lapsed(concerned(contents, unpaid)):
            return cart_contents.contents(cart)
    return contents


def refuse_over_limit(quote: Quote, details: Details, unpaid: list[OrderGroup]) -> None:
    """Under the levels' locks, so that no second order slips past."""
    units = ((item.variant, item.quantity) for item in quote.items)
    buyer = purchase_limits.Buyer(details.user, details.email)
    replaced = OrderGroup.objects.filter(pk__in=[group.pk for group in unpaid])
    limited = purchase_limits.wanted(units)
    if refusal := purchase_limits.refusal(limited, buyer, besides=replaced):
        raise LimitPassed(refusal)


def refuse_unbuyable(contents: Contents) -> None:
    if not contents.items:
        raise EmptyCart
    if contents.has_problems:
        raise CartProblem(contents)


def refuse_changed(quote: Quote, details: Details) -> None:
    if quote.undeliverable:
        raise Undeliverable
    if quote.coupon_problem:
        raise CouponRefused(quote.coupon_problem)
    if quote.is_choice_refused or quote.total_minor != details.shown_total_minor:
        raise QuoteChanged


def create_group(
    cart: Cart, quote: Quote, details: Details, checkout_key: str, chain: str
) -> OrderGroup:
    is_key_used = OrderGroup.objects.filter(checkout_key=checkout_key).exists()
    pay_before = timezone.now() + timedelta(minutes=settings.STOCK_RESERVATION_MINUTES)
    group = OrderGroup.objects.create(
        **details.address,
        checkout_key=new_token() if is_key_used else checkout_key,
        user=details.user,
        cart=cart,
        email=details.email,
        language=details.language,
        currency=quote.currency,
        items_minor=quote.amounts.items_minor,
        shipping_minor=quote.amounts.shipping_minor,
        tax_minor=quote.amounts.tax_minor,
        coupon_code=quote.coupon_code,
        discount_minor=quote.amounts.discount_minor,
        is_tax_included=quote.is_tax_included,
        total_minor=quote.amounts.total_minor,
        pay_before=pay_before,
        chain=chain,
    )
    lines = [item.line for item in quote.items]
    credits = attributing.credits_of(lines, details.viewer, details.user)
    orders = [new_order(group, part) for part in quote.sellers]
    Order.objects.bulk_create(orders)
    OrderLine.objects.bulk_create(
        order_line(order, item, line, credits[item.line.pk])
        for order, part in zip(orders, quote.sellers, strict=True)
        for item, line in zip(part.part.items, part.amounts.lines, strict=True)
    )
    tax_records.keep(zip(orders, quote.sellers, strict=True))
    if quote.coupon:
        coupons.take(quote.coupon, group)
    later = stock.reserve(quantities(quote), group.reservation_reference, pay_before)
    freeze_promises(group, quote, later)
    experimenting.note_order(details.viewer)
    return group


def freeze_promises(group: OrderGroup, quote: Quote, later: dict[int, int]) -> None:
    """What is sent later is what the buyer was shown, else QuoteChanged."""
    for item in quote.items:
        is_pre_order = item.later and item.variant.stock.is_pre_order
        if not is_pre_order and later[item.variant.pk] != item.later:
            raise QuoteChanged
        if item.later:
            lines = OrderLine.objects.filter(order__group=group, variant=item.variant)
            lines.update(backordered_quantity=item.later, ships_on=item.ships_on)


def new_order(group: OrderGroup, part: SellerQuote) -> Order:
    amounts = part.amounts
    return Order(
        group=group,
        seller=part.seller,
        shipping_name=part.delivery.name,
        items_minor=amounts.items_minor,
        shipping_minor=amounts.shipping.total_minor,
        shipping_tax_minor=amounts.shipping.tax_minor,
        tax_minor=amounts.tax_minor,
        discount_minor=amounts.discount_minor,
        subsidy_minor=amounts.subsidy_minor,
        shipping_commission_minor=amounts.shipping_commission_minor,
        shipping_commission_tax_minor=amounts.shipping_commission_tax_minor,
        total_minor=amounts.total_minor,
    )


def order_line(
    order: Order, item: Item, amounts: LineAmounts, credit: Credit | None
) -> OrderLine:
    return OrderLine(
        order=order,
        variant=item.variant,
        title=item.variant.product.title,
        variant_title=item.variant.title[:250],
        sku=item.variant.sku,
        quantity=amounts.quantity,
        unit_price_minor=amounts.unit_price_minor,
        discount_minor=amounts.discount_minor,
        subsidy_minor=amounts.subsidy_minor,
        total_minor=amounts.total_minor,
        tax_basis_points=amounts.tax_basis_points,
        tax_minor=amounts.tax_minor,
        commission_name=amounts.commission_name,
        commission_basis_points=amounts.commission_basis_points,
        commission_minor=amounts.commission_minor,
        commission_tax_minor=amounts.commission_tax_minor,
        **attributing.as_fields(credit),
    )


def quantities(quote: Quote) -> dict[int, int]:
    """Units by variant over the whole order."""
    wanted: dict[int, int] = {}
    for part in quote.sellers:
        for item in part.part.items:
            pk = item.variant.pk
            wanted[pk] = wanted.get(pk, 0) + item.quantity
    return wanted


def is_same(group: OrderGroup, quote: Quote, details: Details) -> bool:
    """Whether ordering again would make this very order."""
    return (
        group.email == details.email
        and group.coupon_code == quote.coupon_code
        and all(getattr(group, key) == value for key, value in details.address.items())
        and frozen(group) == to_be_frozen(quote)
    )


def belonging_to(group: OrderGroup, user: User | None) -> OrderGroup:
    """A guest may have signed in since the first click."""
    if user is not None and group.user_id is None:
        group.user = user
        group.save(update_fields=["user"])
    return group


def frozen(group: OrderGroup) -> dict:
    orders = group.orders.prefetch_related("lines")
    return {
        order.seller_id: (
            order.shipping_name,
            order.total_minor,
            sorted(
                (line.variant_id or 0, line.quantity, line.unit_price_minor)
                for line in order.lines.all()
            ),
        )
        for order in orders
    }


def to_be_frozen(quote: Quote) -> dict:
    return {
        part.seller.pk: (
            part.delivery.name,
            part.amounts.total_minor,
            sorted(
                (item.variant.pk, item.quantity, item.variant.price_minor)
                for item in part.part.items
            ),
        )
        for part in quote.sellers
    }


@transaction.atomic
def cancel_unpaid(group: OrderGroup, reason: str = "") -> bool:
    """Give up an order that was not paid for; False when it is no longer unpaid."""
    unpaid = OrderGroup.objects.awaiting_payment().select_for_update()
    locked = unpaid.filter(pk=group.pk).first()
    if locked is None:
        return False
    coupons.give_back(locked)
    stock.release(locked.reservation_reference)
    locked.advance(OrderGroup.Status.CANCELED)
    for order in locked.orders.filter(status=Order.Status.PENDING):
        order.advance(
            Order.Status.CANCELED, canceled_at=timezone.now(), cancel_reason=reason
        )
    return True


def claim_orders(user: User) -> int:
    """Bring what a person bought as a guest into the account, by confirmed email."""
    confirmed = EmailAddress.objects.filter(user=user, verified=True)
    claimed = 0
    for email in confirmed.values_list("email", flat=True):
        guest = OrderGroup.objects.filter(user=None, email__iexact=email)
        claimed += guest.update(user=user)
    return claimed
