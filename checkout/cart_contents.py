"""A cart beside what is on sale now: prices, stock, and what stands in the way."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date

from django.db.models import Sum
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from checkout import purchase_limits
from checkout.models import Cart, CartLine, OrderGroup
from sellers import promises
from sellers.models import (
    ProductMedia,
    Seller,
    StockLevel,
    StockReservation,
    Variant,
)

MAX_QUANTITY = 99


@dataclass
class Item:
    """A cart line beside what is on sale now."""

    line: CartLine
    orderable: int
    in_stock: int
    is_on_sale: bool
    problem: str = ""

    @property
    def variant(self) -> Variant:
        return self.line.variant

    @property
    def picture(self) -> ProductMedia | None:
        """The variant's own, else the product's first."""
        return self.variant.media or next(iter(self.variant.product.media.all()), None)

    @property
    def quantity(self) -> int:
        return self.line.quantity

    @property
    def total_minor(self) -> int:
        return self.variant.price_minor * self.quantity

    @property
    def price_before_minor(self) -> int | None:
        """What it cost when it was put in, where that has changed."""
        before = self.line.price_minor
        return before if before != self.variant.price_minor else None

    @property
    def is_dearer(self) -> bool:
        return self.variant.price_minor > (self.line.price_minor or 0)

    @property
    def is_few(self) -> bool:
        return 0 < self.orderable <= 5

    @property
    def most(self) -> int:
        limit = self.variant.limit or MAX_QUANTITY
        return min(self.orderable, MAX_QUANTITY, limit)

    @property
    def later(self) -> int:
        """How many of them are sent later, because they are not there yet."""
        stock = getattr(self.variant, "stock", None)
        if stock is not None and stock.is_pre_order:
            return self.quantity
        return max(0, self.quantity - self.in_stock)

    @property
    def ships_on(self) -> date | None:
        """When those are sent, where that is known."""
        return self.variant.stock.expected_on if self.later else None

    @property
    def promise(self) -> str:
        return promises.text_of_line(self.quantity, self.later, self.ships_on)


@dataclass
class SellerItems:
    seller: Seller
    items: list[Item] = field(default_factory=list)

    @property
    def total_minor(self) -> int:
        return sum(item.total_minor for item in self.items if not item.problem)


@dataclass
class Contents:
    """A cart by seller, in the order in which things were added."""

    sellers: list[SellerItems]
    currency: str

    @property
    def items(self) -> list[Item]:
        return [item for part in self.sellers for item in part.items]

    @property
    def count(self) -> int:
        return sum(item.quantity for item in self.items)

    @property
    def total_minor(self) -> int:
        return sum(part.total_minor for part in self.sellers)

    @property
    def has_problems(self) -> bool:
        return any(item.problem for item in self.items)


@dataclass(frozen=True)
class Reserved:
    quantity: int
    backordered: int

    @property
    def from_shelf(self) -> int:
        return self.quantity - self.backordered


NOTHING = Reserved(0, 0)


def own_reservations(unpaid: Iterable[OrderGroup]) -> dict[int, Reserved]:
    references = [group.reservation_reference for group in unpaid]
    if not references:
        return {}
    held = StockReservation.objects.filter(
        reference__in=references, status=StockReservation.Status.HELD
    )
    rows = held.order_by().values_list("variant_id")
    rows = rows.annotate(Sum("quantity"), Sum("backordered"))
    return {variant_pk: Reserved(*units) for variant_pk, *units in rows}


def contents(
    cart: Cart | None,
    unpaid: Iterable[OrderGroup] | None = None,
    *,
    has_pictures: bool = True,
) -> Contents:
    """The cart with live prices and stock, and what stands in the way of buying.

    `unpaid`: its orders that await payment, where the caller knows them.
    """
    if cart is None:
        return Contents([], "")
    lines = cart.lines.select_related(
        "variant__product__seller", "variant__stock", "variant__media", "video"
    )
    if has_pictures:
        lines = lines.prefetch_related("variant__product__media")
    if unpaid is None:
        unpaid = cart.order_groups.awaiting_payment()
    own = own_reservations(unpaid)
    parts: dict[int, SellerItems] = {}
    currency = ""
    for line in lines:
        item = item_of(line, own.get(line.variant_id, NOTHING))
        currency = currency or line.variant.product.currency
        item.problem = problem_of(item, currency)
        seller = line.variant.product.seller
        parts.setdefault(seller.pk, SellerItems(seller)).items.append(item)
    found = Contents(list(parts.values()), currency)
    mark_over_limit(cart, found)
    return found


def mark_over_limit(cart: Cart, found: Contents) -> None:
    """What a signed-in buyer had before counts; a guest's, once the e-mail is known."""
    wanted = purchase_limits.wanted(
        (item.variant, item.quantity) for item in found.items
    )
    if not wanted:
        return
    buyer = purchase_limits.Buyer(cart.user, "")
    over = purchase_limits.over(
        wanted, buyer, besides=cart.order_groups.awaiting_payment()
    )
    for item in found.items:
        limit = over.get(item.variant.pk)
        if limit and not item.problem:
            item.problem = limit.text


def item_of(line: CartLine, own: Reserved) -> Item:
    level = getattr(line.variant, "stock", None)
    return Item(
        line=line,
        orderable=level.orderable + own.quantity if level else 0,
        in_stock=in_stock(level, own) if level else 0,
        is_on_sale=is_on_sale(line.variant),
    )


def in_stock(level: StockLevel, own: Reserved) -> int:
    """What the own unpaid order has goes to others who wait, once it is replaced."""
    others_wait_for = level.backordered - own.backordered
    return level.available + max(0, own.from_shelf - others_wait_for)


def is_on_sale(variant: Variant) -> bool:
    """As `Variant.objects.on_sale()`, for one at hand."""
    product = variant.product
    is_published = product.status == product.Status.PUBLISHED
    return variant.is_active and is_published and product.seller.is_open


def problem_of(item: Item, currency: str) -> str:
    if not item.is_on_sale:
        return _("No longer on sale.")
    if item.orderable < 1:
        return _("Sold out.")
    if item.orderable < item.quantity:
        text = ngettext("Only %(left)s left.", "Only %(left)s left.", item.orderable)
        return text % {"left": item.orderable}
    if item.variant.product.currency != currency:
        return _("In another currency: buy it in an order of its own.")
    return ""
