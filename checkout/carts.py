"""What people mean to buy: a guest's cart by session, a user's by account."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from django.db import transaction
from django.db.models import F, Sum
from django.utils.functional import SimpleLazyObject
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from checkout.models import Cart, CartLine, OrderGroup
from sellers.models import ProductMedia, Seller, StockLevel, StockReservation, Variant
from videos.models import Video

SESSION_KEY = "cart"
MAX_QUANTITY = 99


class CartRefusal(Exception):
    """Why something cannot go into the cart, in words for the buyer."""


@dataclass
class Item:
    """A cart line beside what is on sale now."""

    line: CartLine
    available: int
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
        return 0 < self.available <= 5

    @property
    def most(self) -> int:
        return min(self.available, MAX_QUANTITY)


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


def cart_of(request) -> Cart | None:
    """The visitor's cart, looked up once a request; None until something is in it."""
    if not hasattr(request, "cart"):
        request.cart = find_cart(request)
    return request.cart


def find_cart(request) -> Cart | None:
    token = request.session.get(SESSION_KEY)
    if not request.user.is_authenticated:
        carts = Cart.objects.filter(token=token, user=None)
        return carts.first() if token else None
    if token:
        adopt_cart(token, request.user)
        del request.session[SESSION_KEY]
    return Cart.objects.filter(user=request.user).first()


def open_cart(request) -> Cart:
    """The visitor's cart, made if need be."""
    cart = cart_of(request)
    if cart is None and request.user.is_authenticated:
        cart, _is_new = Cart.objects.get_or_create(user=request.user)
    elif cart is None:
        cart = Cart.objects.create()
        request.session[SESSION_KEY] = cart.token
    request.cart = cart
    return cart


@transaction.atomic
def adopt_cart(token, user) -> None:
    """Bring what a guest chose into the account after sign-in.

    Of a variant in both carts the larger quantity stays: nobody wants to pay twice
    for what they put in on two devices.
    """
    guest = Cart.objects.select_for_update().filter(token=token, user=None).first()
    if guest is None:
        return
    cart, _is_new = Cart.objects.get_or_create(user=user)
    Cart.objects.select_for_update().get(pk=cart.pk)
    # Orders before lines, as a payment that arrives now locks them.
    guest.order_groups.update(cart=cart)
    known = {line.variant_id: line for line in cart.lines.all()}
    for line in guest.lines.all():
        twin = known.get(line.variant_id)
        if twin is None:
            CartLine.objects.filter(pk=line.pk).update(cart=cart)
        elif twin.quantity < line.quantity:
            cart.lines.filter(pk=twin.pk).update(quantity=line.quantity)
    guest.delete()


@transaction.atomic
def add(
    cart: Cart, variant: Variant, quantity: int, video: Video | None = None
) -> CartLine:
    """Put more of a variant in; CartRefusal where that cannot be bought."""
    Cart.objects.select_for_update().get(pk=cart.pk)
    line = cart.lines.filter(variant=variant).first()
    wanted = quantity + (line.quantity if line else 0)
    refuse_other_currency(cart, variant)
    refuse_short(cart, variant, wanted, already=line.quantity if line else 0)
    line, is_new = cart.lines.get_or_create(
        variant=variant,
        defaults={
            "quantity": quantity,
            "video": video,
            "price_minor": variant.price_minor,
        },
    )
    if not is_new:
        set_line(line, wanted)
    return line


@transaction.atomic
def put(
    cart: Cart, variant: Variant, quantity: int, video: Video | None = None
) -> CartLine:
    """Have exactly that many in the cart: “buy now” twice does not buy twice."""
    Cart.objects.select_for_update().get(pk=cart.pk)
    refuse_other_currency(cart, variant)
    refuse_short(cart, variant, quantity)
    line, _is_new = cart.lines.update_or_create(
        variant=variant,
        defaults={"quantity": quantity, "price_minor": variant.price_minor},
        create_defaults={
            "quantity": quantity,
            "price_minor": variant.price_minor,
            "video": video,
        },
    )
    return line


def set_line(line: CartLine, quantity: int) -> None:
    line.quantity = quantity
    line.price_minor = line.variant.price_minor
    line.save(update_fields=["quantity", "price_minor"])


def refuse_other_currency(cart: Cart, variant: Variant) -> None:
    others = cart.lines.exclude(variant__product__currency=variant.product.currency)
    other = others.values_list("variant__product__currency", flat=True).first()
    if other:
        raise CartRefusal(
            _(
                "Your cart holds products in %(other)s. Buy those first, then this "
                "one in %(currency)s."
            )
            % {"other": other, "currency": variant.product.currency}
        )


def refuse_short(cart: Cart, variant: Variant, wanted: int, already: int = 0) -> None:
    left = available(cart, [variant.pk]).get(variant.pk, 0)
    if left == 0:
        raise CartRefusal(_("Sold out."))
    if wanted > left:
        text = ngettext("Only %(left)s left.", "Only %(left)s left.", left)
        if already:
            text += " " + _("You have %(already)s in your cart.")
        raise CartRefusal(text % {"left": left, "already": already})
    if wanted > MAX_QUANTITY:
        raise CartRefusal(
            _("At most %(most)s of one product in an order.") % {"most": MAX_QUANTITY}
        )


def available(cart: Cart, variant_pks: Iterable[int]) -> dict[int, int]:
    """How many this buyer can have; their own unpaid order does not count against."""
    levels = StockLevel.objects.filter(variant_id__in=list(variant_pks))
    own = own_reservations(cart)
    return {
        level.variant_id: level.available + own.get(level.variant_id, 0)
        for level in levels
    }


def own_reservations(cart: Cart) -> dict[int, int]:
    groups = cart.order_groups.awaiting_payment()
    references = [group.reservation_reference for group in groups]
    if not references:
        return {}
    held = StockReservation.objects.filter(
        reference__in=references, status=StockReservation.Status.HELD
    )
    sums = held.values_list("variant_id").annotate(Sum("quantity")).order_by()
    return dict(sums)


def contents(cart: Cart | None) -> Contents:
    """The cart with live prices and stock, and what stands in the way of buying."""
    if cart is None:
        return Contents([], "")
    lines = cart.lines.select_related(
        "variant__product__seller", "variant__stock", "variant__media"
    ).prefetch_related("variant__product__media")
    own = own_reservations(cart)
    parts: dict[int, SellerItems] = {}
    currency = ""
    for line in lines:
        item = item_of(line, own.get(line.variant_id, 0))
        currency = currency or line.variant.product.currency
        item.problem = problem_of(item, currency)
        seller = line.variant.product.seller
        parts.setdefault(seller.pk, SellerItems(seller)).items.append(item)
    return Contents(list(parts.values()), currency)


def item_of(line: CartLine, reserved_here: int) -> Item:
    variant = line.variant
    stock = getattr(variant, "stock", None)
    return Item(
        line=line,
        available=stock.available + reserved_here if stock else 0,
        is_on_sale=is_on_sale(variant),
    )


def is_on_sale(variant: Variant) -> bool:
    """As `Variant.objects.on_sale()`, for one at hand."""
    product = variant.product
    is_published = product.status == product.Status.PUBLISHED
    return variant.is_active and is_published and product.seller.is_open


def problem_of(item: Item, currency: str) -> str:
    if not item.is_on_sale:
        return _("No longer on sale.")
    if item.available < 1:
        return _("Sold out.")
    if item.available < item.quantity:
        text = ngettext("Only %(left)s left.", "Only %(left)s left.", item.available)
        return text % {"left": item.available}
    if item.variant.product.currency != currency:
        return _("In another currency: buy it in an order of its own.")
    return ""


def take_out_bought(group: OrderGroup) -> None:
    """Once the group is paid: what was bought leaves the cart, later additions stay."""
    if group.cart_id is None:
        return
    bought = group.orders.filter(lines__variant__isnull=False).values_list(
        "lines__variant_id", "lines__quantity"
    )
    for variant_pk, quantity in bought:
        line = CartLine.objects.filter(cart_id=group.cart_id, variant_id=variant_pk)
        line.filter(quantity__lte=quantity).delete()
        line.filter(quantity__gt=quantity).update(quantity=F("quantity") - quantity)


def count_of(cart: Cart | None) -> int:
    if cart is None:
        return 0
    return cart.lines.aggregate(sum=Sum("quantity", default=0))["sum"]


def cart_count(request):
    """Context of every page; asked of the database only where a page shows it."""
    if not hasattr(request, "session"):
        return {}
    return {"cart_count": SimpleLazyObject(lambda: visitors_count(request))}


def visitors_count(request) -> int:
    """In one query, where the cart itself is not needed."""
    token, user = request.session.get(SESSION_KEY), request.user
    if hasattr(request, "cart") or (token and user.is_authenticated):
        return count_of(cart_of(request))
    if not token and not user.is_authenticated:
        return 0
    owner = user if user.is_authenticated else None
    lines = CartLine.objects.filter(cart__user=owner)
    if owner is None:
        lines = lines.filter(cart__token=token)
    return lines.aggregate(sum=Sum("quantity", default=0))["sum"]
