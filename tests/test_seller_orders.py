import re
from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from checkout.models import Fulfillment, Order, ShippingRate
from tests.factories import (
    make_order,
    make_product,
    make_seller,
    make_shipping_rate,
    make_user,
    make_variant,
)


@pytest.fixture
def owner():
    return make_user()


@pytest.fixture
def order(owner):
    variant = make_variant(product=make_product(seller=make_seller(owner=owner)))
    return make_order(variant=variant, quantity=2, status=Order.Status.PAID)


@pytest.fixture
def stranger():
    """Somebody with a shop of their own."""
    user = make_user()
    make_seller(owner=user)
    return user


def parcel_form(order, quantity=2):
    line = order.lines.get()
    return {
        "carrier": "DHL",
        "tracking_number": "JD01",
        "request_key": "key",
        f"line-{line.pk}": quantity,
    }


@pytest.mark.django_db
def test_the_owner_sees_what_is_to_ship(client, owner, order):
    client.force_login(owner)

    response = client.get(reverse("checkout:seller_orders"))

    assert order.number in response.content.decode()


@pytest.mark.django_db
def test_orders_that_were_never_paid_are_not_shown(client, owner, order):
    unpaid = make_order(variant=order.lines.get().variant)
    client.force_login(owner)

    response = client.get(reverse("checkout:seller_orders") + "?tab=all")

    assert unpaid.group.number not in response.content.decode()
    assert client.get(unpaid.get_absolute_url()).status_code == 404


LATE = re.compile(r'badge-warn">.*</svg> late</span>')


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("status", "hours", "is_marked"),
    [
        (Order.Status.PAID, -1, True),
        (Order.Status.PARTLY_SHIPPED, -1, True),
        (Order.Status.PAID, 1, False),
        (Order.Status.PAID, None, False),
        (Order.Status.SHIPPED, -1, False),
        (Order.Status.CANCELED, -1, False),
    ],
)
def test_what_should_have_been_sent_by_now_is_marked(
    client, owner, order, status, hours, is_marked
):
    due = None if hours is None else timezone.now() + timedelta(hours=hours)
    Order.objects.update(status=status, dispatch_by=due)
    client.force_login(owner)

    page = client.get(reverse("checkout:seller_orders") + "?tab=all").content.decode()

    own_page = client.get(order.get_absolute_url()).content.decode()

    assert order.number in page
    assert bool(LATE.search(page)) is is_marked
    assert bool(LATE.search(own_page)) is is_marked


@pytest.mark.django_db
def test_an_order_is_found_by_its_number(client, owner, order):
    client.force_login(owner)
    url = reverse("checkout:seller_orders")

    assert order.number in client.get(f"{url}?q={order.number}").content.decode()
    assert "No order with this number" in client.get(f"{url}?q=XX").content.decode()


@pytest.mark.django_db
def test_the_owner_records_a_parcel(client, owner, order):
    client.force_login(owner)

    response = client.post(order.get_absolute_url(), parcel_form(order))

    assert response.status_code == 302
    assert Fulfillment.objects.get().tracking_number == "JD01"
    assert "JD01" in client.get(order.get_absolute_url()).content.decode()


@pytest.mark.django_db
def test_too_many_units_are_refused_in_words(client, owner, order):
    client.force_login(owner)

    response = client.post(order.get_absolute_url(), parcel_form(order, quantity=3))

    assert "There are only 2." in response.content.decode()
    assert not Fulfillment.objects.exists()


@pytest.mark.django_db
def test_the_owner_marks_a_parcel_as_delivered(client, owner, order):
    client.force_login(owner)
    client.post(order.get_absolute_url(), parcel_form(order))

    client.post(
        reverse("checkout:parcel_delivered", args=[Fulfillment.objects.get().pk])
    )

    order.refresh_from_db()
    assert order.status == Order.Status.DELIVERED


@pytest.mark.django_db
def test_the_packing_slip_is_a_pdf(client, owner, order):
    order.group.name = "Željko Šarić"
    order.group.save()
    client.force_login(owner)

    response = client.get(reverse("checkout:packing_slip_pdf", args=[order.pk]))

    assert response["Content-Type"] == "application/pdf"
    assert b"".join(response.streaming_content).startswith(b"%PDF")


@pytest.mark.django_db
def test_a_stranger_finds_nothing_of_it(client, stranger, order):
    rate = make_shipping_rate(seller=order.seller)
    parcel = order.fulfillments.create(carrier="DHL", request_key="k")
    client.force_login(stranger)

    assert client.get(order.get_absolute_url()).status_code == 404
    assert client.post(order.get_absolute_url(), {}).status_code == 404
    for name, pk in (
        ("packing_slip_pdf", order.pk),
        ("shipping_rate", rate.pk),
    ):
        assert client.get(reverse(f"checkout:{name}", args=[pk])).status_code == 404
    for name, pk in (
        ("parcel_delivered", parcel.pk),
        ("delete_shipping_rate", rate.pk),
    ):
        assert client.post(reverse(f"checkout:{name}", args=[pk])).status_code == 404
    assert ShippingRate.objects.exists()
    parcel.refresh_from_db()
    assert parcel.delivered_at is None


@pytest.mark.django_db
@pytest.mark.parametrize("name", ["seller_orders", "shipping_rates"])
def test_nobody_is_asked_to_sign_in(client, name):
    response = client.get(reverse(f"checkout:{name}"))

    assert response.status_code == 302
    assert response["Location"].startswith(reverse("account_login"))


def rate_form(**fields):
    return {
        "name": "Express",
        "price_minor": "9.90",
        "countries": ["DE", "FR"],
        "min_days": 1,
        "max_days": 2,
        "is_active": "on",
    } | fields


@pytest.mark.django_db
def test_the_owner_adds_and_changes_a_rate(client, owner, order):
    client.force_login(owner)

    client.post(reverse("checkout:new_shipping_rate"), rate_form())

    rate = order.seller.shipping_rates.get()
    assert rate.price_minor == 990
    assert rate.countries == ["DE", "FR"]
    url = reverse("checkout:shipping_rate", args=[rate.pk])
    assert "9.90" in client.get(url).content.decode()
    client.post(url, rate_form(price_minor="5", free_from_minor="50"))
    rate.refresh_from_db()
    assert (rate.price_minor, rate.free_from_minor) == (500, 5000)
    listed = client.get(reverse("checkout:shipping_rates")).content.decode()
    assert "France, Germany" in listed


def test_a_rate_for_many_countries_names_the_first_and_counts_the_rest():
    codes = ["NL", "AT", "BE", "DE", "FR", "IT"]

    some = "Austria, Belgium, France, Germany and 2 more"
    assert ShippingRate(countries=codes).places() == some
    assert ShippingRate(countries=codes[1:3]).places() == "Austria, Belgium"
    assert ShippingRate(countries=["FR", "DE", "FR"]).places() == "France, Germany"


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"price_minor": "1.999"}, "Write the amount like"),
        ({"price_minor": "-1"}, "greater than or equal to 0"),
        ({"min_days": 9}, "slowest cannot be before"),
        ({"countries": ["XX"]}, "Select a valid choice"),
    ],
)
def test_a_rate_that_makes_no_sense_is_refused(client, owner, order, fields, message):
    client.force_login(owner)

    response = client.post(reverse("checkout:new_shipping_rate"), rate_form(**fields))

    assert message in response.content.decode()
    assert not ShippingRate.objects.exists()
