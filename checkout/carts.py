"""What people mean to buy: a guest's cart by session, a user's by account.

“Buy now” has a cart of its own beside it, by session for everybody.
"""

from collections import Counter
from dataclasses import dataclass
from typing import NamedTuple

from django.contrib import messages
from django.db import transaction
from django.db.models import Expression, F, OuterRef, Q, Subquery, Sum
from django.db.models.functions import Coalesce
from django.utils import timezone
from django.utils.functional import SimpleLazyObject
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from checkout import purchase_limits
from checkout.cart_contents import MAX_QUANTITY, NOTHING, own_reservations
from checkout.models import Cart, CartLine, OrderGroup
from marketplace.accounts import details
from sellers import stock
from sellers.models import StockLevel, Variant
from videos.models import ProductTag, Video

SESSION_KEY = "cart"
BUY_NOW_KEY = "buy_now"


class CartRefusal(Exception):
    """Why something cannot go into the cart, in words for the buyer."""


def cart_of(request) -> Cart | None:
    """The visitor's cart, looked up once a request; None until something is in it."""
    if not hasattr(request, "cart"):
        request.cart = find_cart(request)
    return request.cart


def find_cart(request) -> Cart | None:
    token = request.session.get(SESSION_KEY)
    if not request.user.is_authenticated:
        carts = Cart.objects.filter(token=token, user=None, is_buy_now=False)
        return carts.first() if token else None
    if token:
        if earlier := adopt_cart(token, request.user):
            messages.info(request, text_of_earlier(earlier))
        del request.session[SESSION_KEY]
    return Cart.objects.filter(user=request.user).first()


def text_of_earlier(count: int) -> str:
    text = ngettext(
        "%(count)s thing from your earlier cart was added to your cart.",
        "%(count)s things from your earlier cart were added to your cart.",
        count,
    )
    return text % {"count": count}


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


def buy_now_cart(request) -> Cart | None:
    """What this session buys at once; it outlives a sign-in on the way."""
    token = request.session.get(BUY_NOW_KEY)
    if not token:
        return None
    return Cart.objects.filter(token=token, is_buy_now=True).first()


def open_buy_now_cart(request) -> Cart:
    """One for a session, so that its earlier unpaid order gives its stock back."""
    cart = buy_now_cart(request)
    if cart is None:
        cart = Cart.objects.create(is_buy_now=True)
        request.session[BUY_NOW_KEY] = cart.token
    return cart


@transaction.atomic
def adopt_cart(token, user) -> int:
    """Bring what a guest chose into the account after sign-in.

    Of a variant in both carts the larger quantity stays: nobody wants to pay twice
    for what they put in on two devices.  Returned is how many units more there are
    now than the guest saw.
    """
    guest = Cart.objects.select_for_update().filter(token=token, user=None).first()
    if guest is None:
        return 0
    cart, _is_new = Cart.objects.get_or_create(user=user)
    Cart.objects.select_for_update().get(pk=cart.pk)
    # Orders before lines, as a payment that arrives now locks them.
    guest.order_groups.update(cart=cart)
    known = {line.variant_id: line for line in cart.lines.all()}
    chosen = list(guest.lines.all())
    for line in chosen:
        twin = known.get(line.variant_id)
        if twin is None:
            CartLine.objects.filter(pk=line.pk).update(cart=cart)
        elif twin.quantity < line.quantity:
            cart.lines.filter(pk=twin.pk).update(quantity=line.quantity)
    guest.delete()
    return count_of(cart) - sum(line.quantity for line in chosen) if chosen else 0


@dataclass(frozen=True)
class Through:
    """The video over which something is put into the cart, and its tag."""

    video: Video
    tag: ProductTag | None = None

    def as_fields(self):
        return {"video": self.video, "tag": self.tag, "video_at": timezone.now()}


@transaction.atomic
def add(
    cart: Cart, variant: Variant, quantity: int, through: Through | None = None
) -> CartLine:
    """Put more of a variant in; CartRefusal where that cannot be bought."""
    use(cart)
    lines = lying_in(cart)
    already = lines[variant.pk].quantity if variant.pk in lines else 0
    wanted = quantity + already
    refuse_other_currency(lines, variant)
    refuse_short(cart, variant, wanted, already=already)
    refuse_over_limit(cart, variant, wanted)
    # A payment takes out what was bought without the cart's lock.
    lines = cart.lines.select_for_update(of=["self"]).select_related("variant")
    line = lines.filter(variant=variant).first() if already else None
    if line is None:  # the cart is locked, so nobody adds one meanwhile
        return cart.lines.create(
            variant=variant,
            quantity=quantity,
            price_minor=variant.price_minor,
            **(through.as_fields() if through else {}),
        )
    set_line(line, line.quantity + quantity, through)
    return line


@transaction.atomic
def put(
    cart: Cart, variant: Variant, quantity: int, through: Through | None = None
) -> CartLine:
    """Have exactly that many in the cart."""
    use(cart)
    refuse_other_currency(lying_in(cart), variant)
    refuse_short(cart, variant, quantity)
    # Fewer than before are a step towards a limit, though others may be over it yet.
    if not cart.lines.filter(variant=variant, quantity__gte=quantity).exists():
        refuse_over_limit(cart, variant, quantity)
    line, _is_new = cart.lines.update_or_create(
        variant=variant,
        defaults={
            "quantity": quantity,
            "price_minor": variant.price_minor,
            **(through.as_fields() if through else {}),
        },
    )
    return line


def use(cart: Cart) -> None:
    """Wait for others at this cart; CartRefusal if it was swept away just now."""
    if not cart.touch():
        raise CartRefusal(_("Your cart was not used for so long that it is gone."))


@transaction.atomic
def put_alone(
    cart: Cart, variant: Variant, quantity: int, through: Through | None = None
) -> CartLine:
    """“Buy now”: in place of what was to be bought at once before."""
    use(cart)
    cart.lines.exclude(variant=variant).delete()
    return put(cart, variant, quantity, through)


def set_line(line: CartLine, quantity: int, through: Through | None) -> None:
    changed = {"quantity": quantity, "price_minor": line.variant.price_minor}
    changed |= through.as_fields() if through else {}
    for name, value in changed.items():
        setattr(line, name, value)
    line.save(update_fields=list(changed))


class Lying(NamedTuple):
    quantity: int
    currency: str


def lying_in(cart: Cart) -> dict[int, Lying]:
    """What is in the cart, by variant."""
    names = ("variant_id", "quantity", "variant__product__currency")
    return {pk: Lying(*rest) for pk, *rest in cart.lines.values_list(*names)}


def refuse_other_currency(lines: dict[int, Lying], variant: Variant) -> None:
    own = variant.product.currency
    other = next((one.currency for one in lines.values() if one.currency != own), None)
    if other:
        raise CartRefusal(
            _(
                "Your cart holds products in %(other)s. Buy those first, then this "
                "one in %(currency)s."
            )
            % {"other": other, "currency": own}
        )


def refuse_short(cart: Cart, variant: Variant, wanted: int, already: int = 0) -> None:
    left = orderable(cart, variant.pk, wanted)
    if wanted > left and stock.release_lapsed([variant.pk]):
        left = orderable(cart, variant.pk, wanted)
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


def refuse_over_limit(cart: Cart, variant: Variant, wanted: int) -> None:
    """The other variants of the product in the cart count towards its limit."""
    limited = [(variant, wanted)]
    if variant.product.limit_per_buyer:
        others = cart.lines.exclude(variant=variant).select_related("variant__product")
        of_product = others.filter(variant__product=variant.product)
        limited += [(line.variant, line.quantity) for line in of_product]
    units = purchase_limits.wanted(limited)
    buyer = purchase_limits.Buyer(cart.user, "")
    over = purchase_limits.over(
        units, buyer, besides=cart.order_groups.awaiting_payment()
    )
    if variant.pk in over:
        raise CartRefusal(over[variant.pk].text)


def orderable(cart: Cart, variant_pk: int, wanted: int) -> int:
    """How many this buyer can have, or at least as many as are wanted.

    Their own unpaid order does not count against.
    """
    level = StockLevel.objects.filter(variant_id=variant_pk).first()
    if level is None or level.orderable >= wanted:
        return level.orderable if level else 0
    own = own_reservations(cart.order_groups.awaiting_payment())
    return level.orderable + own.get(variant_pk, NOTHING).quantity


def take_out_bought(group: OrderGroup) -> None:
    """Once the group is paid: what was bought leaves the cart, later additions stay."""
    if group.cart_id is None:
        return
    bought = Counter()
    for order in group.orders.all():
        for line in order.lines.all():
            if line.variant_id is not None:
                bought[line.variant_id] += line.quantity
    lines, wholly = CartLine.objects.filter(cart_id=group.cart_id), Q(pk=None)
    for variant_pk, quantity in bought.items():
        wholly |= Q(variant=variant_pk, quantity__lte=quantity)
    lines.filter(wholly).delete()
    for line in lines.filter(variant__in=bought):
        quantity = bought[line.variant_id]
        more = lines.filter(pk=line.pk, quantity__gt=quantity)
        more.update(quantity=F("quantity") - quantity)


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
    if (count := details.kept(request, details.IN_CART)) is not None:
        return count
    owner = user if user.is_authenticated else None
    lines = CartLine.objects.filter(cart__user=owner)
    if owner is None:
        lines = lines.filter(cart__token=token)
    return lines.aggregate(sum=Sum("quantity", default=0))["sum"]


def count_of_account() -> Expression:
    """The same of an outer query's account."""
    lines = CartLine.objects.filter(cart__user=OuterRef("pk")).order_by()
    counted = lines.values("cart__user").annotate(sum=Sum("quantity")).values("sum")
    return Coalesce(Subquery(counted), 0)
