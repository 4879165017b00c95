"""Whether a coupon applies to a cart, and the count of its uses.

A use is counted when the order is placed and given back when it is not paid, so the
limits hold for orders that still wait for their money too.
"""

from dataclasses import dataclass

from django.db.models import F, Q, QuerySet
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from checkout.cart_contents import Contents, Item
from checkout.models import Cart, Coupon, CouponUse, OrderGroup
from checkout.models.coupon import CODE, normal_code
from checkout.pricing import Discount
from marketplace.accounts.models import User
from marketplace.money import format_minor
from sellers.models import Product

# What Stripe charges at least, by currency; elsewhere about half a dollar.
SMALLEST_CHARGE = {
    "AED": 200,
    "CZK": 1500,
    "DKK": 250,
    "GBP": 30,
    "HKD": 400,
    "HUF": 17500,
    "MXN": 1000,
    "MYR": 200,
    "NOK": 300,
    "PLN": 200,
    "RON": 200,
    "SEK": 300,
    "THB": 1000,
}
SMALLEST_ELSEWHERE = 50


class CouponRefused(Exception):
    """Why the coupon takes nothing off, in words for the buyer."""


@dataclass(frozen=True)
class Entry:
    """A code, and who typed it at which cart."""

    code: str
    cart: Cart
    user: User | None = None
    # Why it takes nothing off, where that is known already.
    refused: str = ""


@dataclass(frozen=True)
class Offer:
    """What a coupon gives to a cart."""

    coupon: Coupon
    product_pks: frozenset[int]
    discount: Discount

    def is_for(self, item: Item) -> bool:
        return item.variant.product_id in self.product_pks


def find(entry: Entry, contents: Contents) -> Offer:
    """The offer behind a code for these things; CouponRefused says why not."""
    if entry.refused:
        raise CouponRefused(entry.refused)
    coupon = named(entry.code).first()
    if coupon is None:
        text = _("There is no coupon “%(code)s”. Is it written like that?")
        raise CouponRefused(text % {"code": entry.code.strip()[:40]})
    held = held_groups(coupon, entry.cart)
    # What an order was placed with stays good for it until its time to pay is over.
    if not any(group.is_payable for group in held):
        refuse_out_of_time(coupon)
    if not held:
        refuse_used(coupon, entry)
    product_pks = eligible_products(coupon, contents)
    refuse_other_things(coupon, contents, product_pks)
    return Offer(coupon, product_pks, discount_of(coupon))


def named(typed: str) -> QuerySet:
    code = normal_code(typed)
    is_code = CODE.regex.match(code)  # else nobody's, and perhaps unfit for a query
    return Coupon.objects.filter(code=code) if is_code else Coupon.objects.none()


def held_groups(coupon: Coupon, cart: Cart) -> list[OrderGroup]:
    """This cart's own unpaid order: the next one takes its place, and its use."""
    unpaid = cart.order_groups.awaiting_payment()
    return list(unpaid.filter(coupon_use__coupon=coupon))


def refuse_out_of_time(coupon: Coupon) -> None:
    texts = {"code": coupon.code}
    if not coupon.is_active:
        raise CouponRefused(_("%(code)s is not in use at the moment.") % texts)
    if not coupon.has_begun:
        texts["day"] = day_of(coupon.valid_from)
        raise CouponRefused(_("%(code)s can be used from %(day)s on.") % texts)
    if coupon.is_over:
        texts["day"] = day_of(coupon.valid_until)
        raise CouponRefused(_("%(code)s is over: it ended on %(day)s.") % texts)


def day_of(moment) -> str:
    return date_format(timezone.localtime(moment), "DATETIME_FORMAT")


def refuse_used(coupon: Coupon, entry: Entry) -> None:
    if coupon.is_used_up:
        raise CouponRefused(text_of_used_up(coupon))
    if entry.user is not None and is_used_by(coupon, Q(group__user=entry.user)):
        raise CouponRefused(text_of_used_by_buyer(coupon))


def text_of_used_up(coupon: Coupon) -> str:
    return _("%(code)s is used up.") % {"code": coupon.code}


def text_of_used_by_buyer(coupon: Coupon) -> str:
    text = _("You have used %(code)s as often as one person can.")
    return text % {"code": coupon.code}


def is_used_by(coupon: Coupon, buyer: Q) -> bool:
    """As often as one buyer can."""
    limit = coupon.usage_limit_per_buyer
    used = coupon.coupon_uses.filter(buyer, released_at=None)
    return limit is not None and used.count() >= limit


def refuse_used_by_buyer(coupon: Coupon, group: OrderGroup) -> None:
    """A buyer is an account, or an address that the order is mailed to.

    Anybody can type an address, so of that one nothing is told, and only to who orders.
    """
    own = Q(group__user=group.user) if group.user else Q(pk=None)
    if is_used_by(coupon, own):
        raise CouponRefused(text_of_used_by_buyer(coupon))
    if is_used_by(coupon, own | Q(group__email__iexact=group.email)):
        text = _("%(code)s cannot be used for this order.")
        raise CouponRefused(text % {"code": coupon.code})


def eligible_products(coupon: Coupon, contents: Contents) -> frozenset[int]:
    """Of the products in the cart those that the coupon is for."""
    found = {
        item.variant.product_id
        for item in contents.items
        if coupon.seller_id in (None, item.variant.product.seller_id)
    }
    if coupon.scope == Coupon.Scope.EVERYTHING or not found:
        return frozenset(found)
    products = Product.objects.filter(pk__in=found)
    if coupon.scope == Coupon.Scope.PRODUCTS:
        products = products.filter(pk__in=coupon.products.values("pk"))
    else:
        chosen = coupon.categories.values("pk")
        products = products.filter(
            Q(category__in=chosen)
            | Q(category__parent__in=chosen)
            | Q(category__parent__parent__in=chosen)
        )
    return frozenset(products.values_list("pk", flat=True))


def refuse_other_things(
    coupon: Coupon, contents: Contents, product_pks: frozenset[int]
) -> None:
    texts = {"code": coupon.code}
    if not product_pks:
        text = _("%(code)s is not for anything that you are buying.")
        raise CouponRefused(text % texts)
    if coupon.currency not in ("", contents.currency):
        texts["currency"] = coupon.currency
        raise CouponRefused(_("%(code)s is for prices in %(currency)s.") % texts)
    eligible = sum(
        item.total_minor
        for item in contents.items
        if item.variant.product_id in product_pks
    )
    if eligible < coupon.minimum_minor:
        texts["least"] = format_minor(coupon.minimum_minor, contents.currency)
        texts["eligible"] = format_minor(eligible, contents.currency)
        text = _(
            "%(code)s can be used from %(least)s on; what it is for comes to "
            "%(eligible)s."
        )
        raise CouponRefused(text % texts)


def discount_of(coupon: Coupon) -> Discount:
    return Discount(
        basis_points=coupon.basis_points or 0,
        amount_minor=coupon.amount_minor or 0,
        frees_delivery=coupon.kind == Coupon.Kind.FREE_DELIVERY,
        is_subsidized=coupon.bearer == Coupon.Bearer.PLATFORM,
    )


def smallest_charge(currency: str) -> int:
    return SMALLEST_CHARGE.get(currency, SMALLEST_ELSEWHERE)


def lock(coupon_pks: list[int]) -> None:
    """Before the stock of orders that hold them, in key order: no deadlock."""
    coupons = Coupon.objects.filter(pk__in=coupon_pks).order_by("pk")
    list(coupons.select_for_update(no_key=True).values_list("pk"))


def concerned(code: str, replaced: list[OrderGroup]) -> list[int]:
    """The coupons whose uses a new order with this code may change."""
    held = CouponUse.objects.filter(group__in=replaced, released_at=None)
    return [
        *named(code).values_list("pk", flat=True),
        *held.values_list("coupon_id", flat=True),
    ]


def take(coupon: Coupon, group: OrderGroup) -> None:
    """Count a use, in a transaction with the order; CouponRefused when none is left.

    The conditional UPDATE keeps the coupon's row locked until the transaction ends, so
    of two buyers who race, or two orders of one buyer, the second sees the first.
    """
    within = Q(usage_limit=None) | Q(uses__lt=F("usage_limit"))
    counted = Coupon.objects.filter(within, pk=coupon.pk).update(uses=F("uses") + 1)
    if not counted:
        raise CouponRefused(text_of_used_up(coupon))
    refuse_used_by_buyer(coupon, group)
    CouponUse.objects.update_or_create(
        group=group, defaults={"coupon": coupon, "released_at": None}
    )


def give_back(group: OrderGroup) -> None:
    """The use of an order that is not paid for, once.  The group is locked."""
    use = CouponUse.objects.filter(group=group, released_at=None).first()
    if use is not None:
        Coupon.objects.filter(pk=use.coupon_id).update(uses=F("uses") - 1)
        CouponUse.objects.filter(pk=use.pk).update(released_at=timezone.now())


def take_again(group: OrderGroup) -> None:
    """Money came for an order whose use was given back; CouponRefused as in `take`."""
    if not group.coupon_code:
        return
    use = CouponUse.objects.filter(group=group).select_related("coupon").first()
    if use is not None and use.released_at is not None:
        take(use.coupon, group)
