"""axe finds nothing serious on the main pages, and nothing overflows."""

import pytest
from axe_playwright_python.sync_playwright import Axe

from checkout.models import Order
from marketplace.accounts.models import User
from tests.browser.conftest import DESK, PHONE
from tests.browser.watchable import make_shoppable
from tests.factories import (
    make_category,
    make_order,
    make_picture,
    make_report,
    make_review,
    make_seller,
    make_shipping_rate,
    make_staff,
    make_user,
)
from videos.models import Engagement

pytestmark = pytest.mark.django_db(transaction=True)


def serious(page):
    found = Axe().run(page).response["violations"]
    return [
        (rule["id"], [node["target"] for node in rule["nodes"]])
        for rule in found
        if rule["impact"] in {"serious", "critical"}
    ]


@pytest.mark.parametrize("viewport", [PHONE, DESK], ids=["phone", "desk"])
@pytest.mark.parametrize("address", ["/", "video", "/saved/", "/following/", "sheet"])
def test_a_page_has_no_serious_flaw(page, site, sign_in, viewport, address):
    user, video = make_user(), make_shoppable(description="Made by hand.")
    Engagement.objects.create(user=user, video=video, kind=Engagement.Kind.SAVE)
    sign_in(user)
    page.set_viewport_size(viewport)
    pages = {"video": video.get_absolute_url(), "sheet": "/"}
    page.goto(site + pages.get(address, address))
    if address == "sheet":
        page.locator(".tag-card").click()
        page.get_by_role("button", name="Buy now").wait_for()
    page.wait_for_timeout(600)

    assert serious(page) == []
    assert overflow(page) <= 0


def overflow(page):
    """How many pixels of the page lie beside the window."""
    return page.evaluate("document.documentElement.scrollWidth - innerWidth")


def make_full_shop(owner):
    """A shop with a little of everything; its video."""
    seller = make_seller(owner=owner, name="Cup House", slug="cup-house")
    video = make_shoppable(seller=seller)
    product = video.tags.get().product
    product.category = make_category(name="Cups")
    product.save()
    make_picture(product=product, alt="A cup")
    make_review(product=product)
    make_shipping_rate(seller=seller)
    make_order(variant=product.variants.get(), status=Order.Status.PAID)
    make_report(subject=video)
    return video


@pytest.mark.parametrize("viewport", [PHONE, DESK], ids=["phone", "desk"])
def test_the_pages_of_shop_and_seller_have_no_serious_flaw(
    page, site, sign_in, viewport
):
    owner = make_staff(User.Role.MODERATOR)
    video = make_full_shop(owner)
    product, order = video.tags.get().product, Order.objects.get()
    addresses = [
        "/shop/", "/search/?q=cup", product.get_absolute_url(),
        product.category.get_absolute_url(), video.seller.get_absolute_url(),
        "/cart/", order.group.get_absolute_url(),
        "/account/", "/inbox/", "/seller/", "/seller/products/",
        f"/seller/products/{product.pk}/", "/seller/import/", "/seller/videos/",
        "/seller/videos/upload/", f"/seller/videos/{video.public_id}/",
        f"/seller/videos/{video.public_id}/tags/", "/seller/orders/",
        order.get_absolute_url(), "/seller/shipping/", "/seller/settings/",
    ]  # fmt: skip
    page.set_viewport_size(viewport)
    page.goto(f"{site}/accounts/login/")
    flaws = {"/accounts/login/": serious(page)}
    sign_in(owner)
    for address in addresses:
        page.goto(site + address)
        flaws[address] = serious(page)
        if (pixels := overflow(page)) > 0:
            flaws[address].append(("overflow", pixels))

    assert {address: found for address, found in flaws.items() if found} == {}
