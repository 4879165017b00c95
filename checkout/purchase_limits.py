"""How many of a product or a variant one buyer can have, over all orders.

Counted are the buyer's orders that are paid or may still be, without what was refunded:
those of the account, and those with the same e-mail.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from django.db.models import F, Q, Sum
from django.utils.translation import gettext as _

from checkout.models import Order, OrderGroup, OrderLine
from marketplace.accounts.models import User
from sellers import stock
from sellers.models import Variant


class OverLimit(Exception):
    """The buyer would have more than the seller gives one buyer."""


@dataclass(frozen=True)
class Buyer:
    user: User | None
    email: str

    def groups(self):
        """All that this person ordered, as far as anybody can tell."""
        mine = Q(pk=None)
        for email in {self.email, self.user.email if self.user else ""} - {""}:
            accounts = User.objects.filter(email__iexact=email)
            mine |= Q(email__iexact=email) | Q(user__in=accounts)
        if self.user:
            mine |= Q(user=self.user)
        return OrderGroup.objects.filter(mine)

    @property
    def is_known(self) -> bool:
        return bool(self.user or self.email)


@dataclass(frozen=True)
class Limit:
    """Of a product, or of one variant of it."""

    most: int
    had: int = 0

    @property
    def text(self) -> str:
        text = _("At most %(most)s per buyer.")
        if self.had:
            text += " " + _("You have ordered %(had)s before.")
        return text % {"most": self.most, "had": self.had}

    @property
    def text_for_strangers(self) -> str:
        """Not what an address that anybody can type has ordered before."""
        text = _("At most %(most)s per buyer, earlier orders included.")
        return text % {"most": self.most}


@dataclass
class Wanted:
    variant: Variant
    quantity: int


def wanted(units: Iterable[tuple[Variant, int]]) -> list[Wanted]:
    """Those that a limit is set for."""
    return [
        Wanted(variant, quantity)
        for variant, quantity in units
        if variant.limit_per_buyer or variant.product.limit_per_buyer
    ]


def over(wanted: list[Wanted], buyer: Buyer, *, besides) -> dict[int, Limit]:
    """The limit that is passed, by variant.  `besides`: groups that do not count."""
    if not wanted:
        return {}
    had = units_had(buyer, {w.variant.product_id for w in wanted}, besides)
    passed = {}
    for w in wanted:
        variant, product = w.variant, w.variant.product
        same = [o.quantity for o in wanted if o.variant.product_id == product.pk]
        of_product = sum(n for (pk, _v), n in had.items() if pk == product.pk)
        of_variant = had.get((product.pk, variant.pk), 0)
        if exceeds(product.limit_per_buyer, sum(same) + of_product):
            passed[variant.pk] = Limit(product.limit_per_buyer, of_product)
        elif exceeds(variant.limit_per_buyer, w.quantity + of_variant):
            passed[variant.pk] = Limit(variant.limit_per_buyer, of_variant)
    return passed


def refusal(wanted: list[Wanted], buyer: Buyer, *, besides) -> str:
    """In words, where a limit is passed; else empty."""
    passed = over(wanted, buyer, besides=besides)
    if not passed:
        return ""
    variant_pk, limit = next(iter(passed.items()))
    own = over(wanted, Buyer(buyer.user, ""), besides=besides)
    if variant_pk in own:  # signed in, so the address of the account is confirmed
        return own[variant_pk].text
    return limit.text_for_strangers


def exceeds(limit: int | None, units: int) -> bool:
    return limit is not None and units > limit


def units_had(buyer: Buyer, product_pks, besides) -> Mapping[tuple[int, int], int]:
    """Units by product and variant."""
    if not buyer.is_known:
        return {}
    lines = OrderLine.objects.filter(
        variant__product__in=product_pks, order__group__in=buyer.groups()
    ).exclude(order__status=Order.Status.CANCELED)
    counted = lines.exclude(order__group__in=besides.values("pk"))
    rows = counted.order_by().values_list("variant__product_id", "variant_id")
    left = F("quantity") - F("refunded_quantity")
    return {(p, v): units for p, v, units in rows.annotate(units=Sum(left))}


def concerned(variants: Iterable[Variant]) -> set[int]:
    """These, and all variants of their products that have a limit.

    Whoever holds their stock levels is alone in buying any of them, whichever account
    or e-mail is used meanwhile.
    """
    variants = list(variants)
    pks = {variant.pk for variant in variants}
    limited = {v.product_id for v in variants if v.product.limit_per_buyer}
    if limited:
        siblings = Variant.objects.filter(product__in=limited)
        pks |= set(siblings.values_list("pk", flat=True))
    return pks


def refuse_late(group: OrderGroup) -> None:
    """OverLimit where a group that was given up and is paid now would pass one.

    Call it under the group's lock.
    """
    if group.status != OrderGroup.Status.CANCELED:
        return
    lines = OrderLine.objects.filter(order__group=group, variant__isnull=False)
    units = [
        (line.variant, line.quantity)
        for line in lines.select_related("variant__product")
    ]
    if limited := wanted(units):
        stock.lock_levels(concerned(variant for variant, _quantity in units))
        buyer = Buyer(group.user, group.email)
        this = OrderGroup.objects.filter(pk=group.pk)
        if over(limited, buyer, besides=this):
            raise OverLimit
