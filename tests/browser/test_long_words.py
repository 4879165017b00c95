"""What people are called and write: words wider than a phone, and from the right."""

import pytest

from checkout.models import Order
from marketplace.accounts.models import User
from tests.browser.axe import overflow
from tests.browser.conftest import DESK, PHONE
from tests.factories import (
    make_cart,
    make_category,
    make_order,
    make_product,
    make_review,
    make_seller,
    make_shipping_rate,
    make_staff,
    make_tag,
    make_user,
    make_variant,
    make_video,
)

pytestmark = pytest.mark.django_db(transaction=True)

WORD = "Donaudampfschifffahrtsgesellschaftskapitänsmützenabzeichen"
PRICE_MINOR = 123_456_789


@pytest.fixture
def product(sign_in):
    """In the cart of the one who sells it, ordered, judged, and on film."""
    owner = make_user(name=WORD)
    sign_in(owner)
    product = make_product(
        seller=make_seller(name=WORD, tagline=WORD, description=WORD, owner=owner),
        category=make_category(name=WORD, parent=make_category(name=f"{WORD}en")),
        title=WORD * 2,
        description=f"<p>{WORD * 3}</p>",
    )
    make_shipping_rate(seller=product.seller, name=WORD, price_minor=PRICE_MINOR)
    variant = make_variant(product=product, price_minor=PRICE_MINOR, stock=1)
    make_cart(user=owner, variant=variant)
    make_review(product=product, user=owner, body=WORD * 3)
    video = make_video(seller=product.seller, title=WORD * 2, description=WORD * 3)
    make_tag(video=video, product=product)
    address = {"name": WORD, "line1": WORD, "city": WORD}
    make_order(variant=variant, status=Order.Status.PAID, user=owner, **address)
    return product


def addresses(product):
    order, video = product.seller.orders.get(), product.seller.videos.get()
    return [
        "/shop/",
        f"/search/?q={WORD}",
        product.category.get_absolute_url(),
        product.seller.get_absolute_url(),
        product.get_absolute_url(),
        video.get_absolute_url(),
        f"{video.get_absolute_url()}why/",
        "/cart/",
        "/checkout/",
        "/orders/",
        f"/order/{order.group.token}/",
        "/account/",
        "/seller/",
        "/seller/products/",
        f"/seller/products/{product.pk}/",
        f"/seller/products/{product.pk}/stock/",
        "/seller/orders/",
        f"/seller/orders/{order.pk}/",
        "/seller/videos/",
        f"/seller/videos/{video.public_id}/",
        "/seller/shipping/",
        "/seller/payouts/",
    ]


def desk_addresses(product):
    video = product.seller.videos.get()
    return [
        "/admin/sellers/product/",
        f"/admin/sellers/product/{product.pk}/change/",
        f"/admin/sellers/seller/{product.seller.pk}/change/",
        f"/admin/videos/video/{video.pk}/change/",
    ]


@pytest.fixture
def wider(page, site):
    # The files of the video, which nobody has made.
    page.route("**/media/**", lambda route: route.fulfill(status=204))
    return lambda addresses: [
        found for address in addresses for found in wider_than(page, site, address)
    ]


def wider_than(page, site, address):
    page.set_viewport_size(PHONE)
    assert page.goto(f"{site}{address}").status == 200
    for size in (PHONE, DESK):
        page.set_viewport_size(size)
        if (pixels := overflow(page)) > 0:
            yield address, size["width"], pixels


def test_no_page_is_wider_than_its_window(wider, product):
    assert wider(addresses(product)) == []


def test_no_page_of_the_desk_is_wider_than_its_window(wider, product, sign_in):
    sign_in(make_staff(*User.Role))

    assert wider(desk_addresses(product)) == []


FREE_AT_START = """paragraph => {
  const words = document.createRange();
  words.selectNodeContents(paragraph);
  return words.getBoundingClientRect().left - paragraph.getBoundingClientRect().left;
}"""


def test_what_is_written_from_the_right_begins_there(page, site):
    product = make_product(description="<p>شاي أخضر.</p><p>Green tea.</p>")
    make_review(product=product, body="جيد جدا.")
    page.goto(f"{site}{product.get_absolute_url()}")

    def begins_at_the_right(words):
        return page.get_by_text(words).evaluate(FREE_AT_START) > 100

    assert begins_at_the_right("شاي أخضر.")
    assert begins_at_the_right("جيد جدا.")
    assert not begins_at_the_right("Green tea.")
