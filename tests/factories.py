"""Plain factories: each works without arguments.

What they make is there before the audit trail begins.
"""

import io
from datetime import timedelta
from itertools import count

from auditlog.context import disable_auditlog
from django.contrib.auth.models import Group
from django.utils import timezone
from PIL import Image

from checkout import cart_contents, quotes, taxes
from checkout.coupons import Entry
from checkout.models import (
    Cart,
    CartLine,
    Coupon,
    Order,
    OrderGroup,
    OrderLine,
    ShippingRate,
)
from checkout.ordering import Details
from marketplace.accounts.models import User
from marketplace.moderation.models import Report
from marketplace.moderation.roles import grant
from sellers.models import (
    Category,
    Product,
    Review,
    Seller,
    SellerMember,
    StockLevel,
    Variant,
)
from sellers.pictures import add_picture
from sellers.stock import count as count_stock
from videos.models import ProductTag, Video

serial = count(1)

# What somebody types into the checkout.
TYPED = {
    "email": "bea@example.com",
    "name": "Bea Buyer",
    "line1": "2 Low Street",
    "postal_code": "10115",
    "city": "Berlin",
    "country": "DE",
    "checkout_key": "a-key-of-twenty-and-more",
}


@disable_auditlog()
def make_user(*, email=None, password="a long password", **fields):
    email = email or f"person{next(serial)}@example.com"
    return User.objects.create_user(email, password, **fields)


@disable_auditlog()
def make_seller(*, name=None, status=Seller.Status.APPROVED, owner=None, **fields):
    number = next(serial)
    seller = Seller.objects.create(
        name=name or f"Shop {number}",
        slug=fields.pop("slug", f"shop-{number}"),
        status=status,
        legal_name="Shop Ltd",
        email=f"shop{number}@example.com",
        business_address="1 High Street",
        country=fields.pop("country", "DE"),
        **fields,
    )
    if owner:
        SellerMember.objects.create(seller=seller, user=owner)
    return seller


@disable_auditlog()
def make_category(*, name=None, **fields):
    number = next(serial)
    return Category.objects.create(
        name=name or f"Category {number}", slug=f"category-{number}", **fields
    )


@disable_auditlog()
def make_product(*, seller=None, status=Product.Status.PUBLISHED, **fields):
    number = next(serial)
    fields = {"title": f"Product {number}", "slug": f"product-{number}"} | fields
    if status == Product.Status.PUBLISHED:
        fields.setdefault("published_at", timezone.now())
    return Product.objects.create(
        seller=seller or make_seller(), status=status, **fields
    )


@disable_auditlog()
def make_variant(*, product=None, stock=10, price_minor=1000, **fields):
    fields = {"sku": f"SKU-{next(serial)}"} | fields
    variant = Variant.objects.create(
        product=product or make_product(), price_minor=price_minor, **fields
    )
    StockLevel.objects.create(variant=variant)
    count_stock(variant, stock)
    return variant


@disable_auditlog()
def make_video(*, seller=None, **fields):
    number = next(serial)
    fields = {
        "title": f"Video {number}",
        "status": Video.Status.READY,
        "publication": Video.Publication.PUBLISHED,
        "published_at": timezone.now(),
        "duration_ms": 8000,
        "width": 720,
        "height": 1280,
        "folder": f"videos/test-{number}/1",
    } | fields
    return Video.objects.create(seller=seller or make_seller(), **fields)


def make_tag(*, video=None, product=None, starts_ms=0, ends_ms=3000, **fields):
    video = video or make_video()
    return ProductTag.objects.create(
        video=video,
        product=product or make_product(seller=video.seller),
        starts_ms=starts_ms,
        ends_ms=ends_ms,
        **fields,
    )


@disable_auditlog()
def make_shipping_rate(*, seller=None, price_minor=490, **fields):
    fields = {"name": "Standard"} | fields
    return ShippingRate.objects.create(
        seller=seller or make_seller(), price_minor=price_minor, **fields
    )


@disable_auditlog()
def make_coupon(*, basis_points=1000, **fields):
    """A tenth off everything, borne by the platform."""
    is_percent = not fields.keys() & {"amount_minor", "kind"}
    fields = {
        "code": f"COUPON-{next(serial)}",
        "kind": Coupon.Kind.PERCENT if is_percent else Coupon.Kind.FIXED,
        "basis_points": basis_points if is_percent else None,
        "currency": "EUR",
        "bearer": Coupon.Bearer.PLATFORM,
    } | fields
    return Coupon.objects.create(**fields)


def make_cart(*, variant=None, quantity=1, **fields):
    cart = Cart.objects.create(**fields)
    CartLine.objects.create(
        cart=cart, variant=variant or make_variant(), quantity=quantity
    )
    return cart


def make_checkout(*, cart=None, shown_total_minor=None, **fields):
    """A cart that can be ordered, and the details that order it: (cart, details)."""
    cart = cart or make_cart()
    for line in cart.lines.select_related("variant__product__seller"):
        if not line.variant.product.seller.shipping_rates.exists():
            make_shipping_rate(seller=line.variant.product.seller)
    address = {
        "name": "Bea Buyer",
        "line1": "2 Low Street",
        "line2": "",
        "postal_code": "10115",
        "city": "Berlin",
        "region": "",
        "country": "DE",
        "phone": "",
    } | fields.pop("address", {})
    if shown_total_minor is None:
        entry = Entry(fields.get("coupon_code", ""), cart, fields.get("user"))
        quote = quotes.quote(
            cart_contents.contents(cart),
            address["country"],
            fields.get("rate_pks", {}),
            entry,
            place=taxes.Place(address, cart.pk),
        )
        shown_total_minor = quote.total_minor
    fields = {"email": "buyer@example.com"} | fields
    return cart, Details(address=address, shown_total_minor=shown_total_minor, **fields)


def make_order(*, variant=None, quantity=1, status=Order.Status.PENDING, **fields):
    """An order group of one order of one line; amounts without tax or delivery."""
    variant = variant or make_variant()
    total = variant.price_minor * quantity
    is_paid = status not in {Order.Status.PENDING, Order.Status.CANCELED}
    group = OrderGroup.objects.create(
        **{
            "email": "buyer@example.com",
            "name": "Bea Buyer",
            "line1": "2 Low Street",
            "postal_code": "10115",
            "city": "Berlin",
            "country": "DE",
            "currency": variant.currency,
            "status": OrderGroup.Status.PAID if is_paid else OrderGroup.Status.PENDING,
            "paid_at": timezone.now() if is_paid else None,
            "pay_before": timezone.now() + timedelta(minutes=15),
            "items_minor": total,
            "shipping_minor": 0,
            "tax_minor": 0,
            "is_tax_included": True,
            "total_minor": total,
        }
        | fields
    )
    order = Order.objects.create(
        group=group,
        seller=variant.product.seller,
        status=status,
        shipping_name="Standard",
        items_minor=total,
        shipping_minor=0,
        tax_minor=0,
        total_minor=total,
    )
    OrderLine.objects.create(
        order=order,
        variant=variant,
        title=variant.product.title,
        sku=variant.sku,
        quantity=quantity,
        unit_price_minor=variant.price_minor,
        total_minor=total,
        commission_basis_points=1000,
        commission_minor=total // 10,
    )
    return order


def picture_bytes(*, size=(400, 300), colour=(200, 120, 60), kind="JPEG", **options):
    """A picture file as a camera or a shop would send it."""
    file = io.BytesIO()
    Image.new("RGB", size, colour).save(file, kind, **options)
    return file.getvalue()


def make_picture(*, product=None, alt=""):
    return add_picture(product or make_product(), picture_bytes(), alt)


def make_review(*, product=None, user=None, rating=5, **fields):
    return Review.objects.create(
        product=product or make_product(),
        user=user or make_user(),
        rating=rating,
        **fields,
    )


@disable_auditlog()
def make_staff(*roles, **fields):
    """Somebody at the desk, with the rights of `User.Role`s."""
    grant()
    person = make_user(is_staff=True, **fields)
    person.groups.set(Group.objects.filter(name__in=[role.value for role in roles]))
    return person


def make_report(*, subject=None, **fields):
    subject = subject or make_video()
    fields = {"reason": Report.Reason.MISLEADING, "email": "eve@example.com"} | fields
    return Report.objects.create(**{subject._meta.model_name: subject}, **fields)
