"""axe finds nothing serious on the main pages, and nothing overflows."""

import pytest
from django.urls import reverse
from django.utils import timezone
from django_countries import Countries

from checkout import shipping_forms
from checkout.models import Order
from marketplace.accounts.models import User
from marketplace.moderation.models import Report
from sellers.models import Seller
from tests.browser.axe import flaws_seen, overflow, serious
from tests.browser.conftest import DESK, PHONE, open_more
from tests.browser.watchable import make_shoppable
from tests.factories import (
    make_category,
    make_coupon,
    make_order,
    make_picture,
    make_product,
    make_report,
    make_review,
    make_seller,
    make_shipping_rate,
    make_staff,
    make_user,
    make_variant,
)
from tests.feed.experiments import begun, expose
from tests.test_video_figures import shown
from tests.uploading import make_upload
from videos.feed.wishing import Wisher, wish
from videos.models import Engagement, FeedChoice

pytestmark = pytest.mark.django_db(transaction=True)


def test_what_is_serious_is_seen(page):
    page.set_content("""<html lang="en"><title>Cups</title><main><h1>Cups</h1>
      <p style="color: #aaa">Pale</p><img src="data:,"></main></html>""")

    assert [rule for rule, _ in serious(page)] == ["color-contrast", "image-alt"]


@pytest.mark.parametrize("viewport", [PHONE, DESK], ids=["phone", "desk"])
@pytest.mark.parametrize(
    "address",
    ["/", "video", "/saved/", "/following/", "sheet", "why", "/feed/yours/"],
)
def test_a_page_has_no_serious_flaw(page, site, sign_in, viewport, address):
    user, video = make_user(), make_shoppable(description="Made by hand.")
    Engagement.objects.create(user=user, video=video, kind=Engagement.Kind.SAVE)
    sign_in(user)
    page.set_viewport_size(viewport)
    hidden = make_product(title="A cup of another colour")
    wish(Wisher(user.pk, ""), FeedChoice.Kind.HIDDEN, hidden)
    pages = {"video": video.get_absolute_url(), "sheet": "/", "why": "/"}
    page.goto(site + pages.get(address, address))
    if address == "sheet":
        page.locator(".tag-card").click()
        page.get_by_role("button", name="Buy now").wait_for()
    if address == "why":
        open_more(page)
        page.get_by_role("link", name="Why this?").first.click()
        page.get_by_role("button", name="Not interested").wait_for()
    page.wait_for_timeout(600)

    assert serious(page) == []
    assert overflow(page) <= 0


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
    make_upload(seller=seller, user=owner, received=b"a part")
    shown(video, "a viewer", 900, 2500, taps=1)
    return video


def test_the_pages_of_shop_and_seller_have_no_serious_flaw(page, site, sign_in):
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
        f"/seller/videos/{video.public_id}/tags/",
        f"/seller/videos/{video.public_id}/figures/", "/seller/orders/",
        order.get_absolute_url(), "/seller/shipping/", "/seller/settings/",
    ]  # fmt: skip
    page.goto(f"{site}/accounts/login/")
    flaws = {"/accounts/login/": flaws_seen(page)}
    sign_in(owner)
    for address in addresses:
        page.goto(site + address)
        flaws[address] = flaws_seen(page)

    assert {address: found for address, found in flaws.items() if found} == {}


class FewCountries(Countries):
    """Of 249 boxes to tick axe says no more than of four, for half a minute."""

    only = ("DE", "FR", "AT", "CH")


def test_the_forms_about_orders_have_no_serious_flaw(page, site, sign_in, monkeypatch):
    monkeypatch.setattr(shipping_forms, "countries", FewCountries())
    owner = make_user()
    seller = make_seller(owner=owner)
    zone = seller.shipping_zones.create(name="Home", countries=["DE", "FR"])
    rate = make_shipping_rate(seller=seller, zone=zone, countries=zone.countries)
    profile = seller.delivery_profiles.create(name="Bulky")
    coupon = make_coupon(seller=seller, bearer="seller")
    paid, arrived = (
        make_order(
            variant=make_variant(product=make_product(seller=seller)),
            status=status, quantity=3, user=owner,
        )
        for status in (Order.Status.PAID, Order.Status.DELIVERED)
    )  # fmt: skip
    Order.objects.filter(pk=arrived.pk).update(delivered_at=timezone.now())
    sign_in(owner)

    flaws = {}
    for has_form, name, *args in [
        (True, "ask_return", arrived.group.token, arrived.pk),
        (False, "ask_return", paid.group.token, paid.pk),
        (False, "cancel_order", paid.group.token, paid.pk),
        (False, "cancel_order", arrived.group.token, arrived.pk),
        (True, "review", arrived.lines.get().pk),
        (True, "refund_order", paid.pk),
        (True, "cancel_seller_order", paid.pk),
        (False, "cancel_seller_order", arrived.pk),
        (True, "new_shipping_rate"),
        (False, "shipping_rate", rate.pk),
        (False, "shipping_rates"),
        (True, "new_shipping_zone"),
        (False, "shipping_zone", zone.pk),
        (True, "new_delivery_profile"),
        (False, "delivery_profile", profile.pk),
        (True, "new_coupon"),
        (False, "coupons"),
        (False, "coupon", coupon.pk),
    ]:
        page.goto(site + reverse(f"checkout:{name}", args=args))
        flaws[name, *args] = flaws_seen(page)
        if has_form:
            page.locator("form.card .cluster button").click()
            page.locator(".field-error").first.wait_for()
            flaws[name, "with errors"] = flaws_seen(page)

    assert {where: found for where, found in flaws.items() if found} == {}


def test_the_desk_has_no_serious_flaw(page, site, sign_in):
    operator = make_staff(User.Role.OPERATOR)
    video = make_full_shop(make_user())
    product, order = video.tags.get().product, Order.objects.get()
    pending = make_seller(status=Seller.Status.PENDING)
    make_report(subject=product)
    experiment, control, arm = begun()
    for each in (control, arm):
        expose(each, 120, 0.5)
    sign_in(operator)

    flaws = {}
    for name, *args in [
        ("index",),
        ("sellers_seller_changelist",),
        ("videos_video_changelist",),
        ("checkout_order_changelist",),
        ("moderation_report_changelist",),
        ("sellers_seller_change", pending.pk),
        ("sellers_product_change", product.pk),
        ("videos_video_change", video.pk),
        ("checkout_order_change", order.pk),
        ("checkout_ordergroup_change", order.group_id),
        ("moderation_report_change", Report.objects.first().pk),
        ("sellers_seller_decide", pending.pk, "reject"),
        ("checkout_order_refund", order.pk),
        ("videos_feedmodel_health",),
        ("videos_experiment_changelist",),
        ("videos_experiment_add",),
        ("videos_experiment_results", experiment.pk),
        ("videos_experiment_estimate",),
    ]:
        page.goto(site + reverse(f"admin:{name}", args=args))
        flaws[name] = flaws_seen(page)
    page.goto(site + reverse("admin:checkout_order_refund", args=[order.pk]))
    page.get_by_role("button", name="Show the amount").click()
    flaws["the amount"] = flaws_seen(page)

    assert {where: found for where, found in flaws.items() if found} == {}
