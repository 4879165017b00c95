"""Zones: a seller names countries once, and rates go there."""

import re
from functools import partial

import pytest
from django.db import IntegrityError, transaction
from django.urls import reverse

from checkout import cart_contents, quotes, shipping_zones
from checkout.models import ShippingRate, ShippingZone
from checkout.shipping_forms import ShippingRateForm, ShippingZoneForm
from tests.factories import (
    make_cart,
    make_product,
    make_seller,
    make_shipping_rate,
    make_user,
    make_variant,
)
from tests.races import at_once, crossed

pytestmark = pytest.mark.django_db
NORDICS = ["DK", "FI", "NO", "SE"]
NEW = reverse("checkout:new_shipping_zone")
LIST = reverse("checkout:shipping_rates")


@pytest.fixture
def owner(client):
    user = make_user()
    user.shop = make_seller(owner=user)
    client.force_login(user)
    return user


def make_zone(*, seller=None, name="Nordics", countries=NORDICS):
    seller = seller or make_seller()
    return ShippingZone.objects.create(seller=seller, name=name, countries=countries)


def rate_form(**fields):
    return {
        "name": "Parcel",
        "price_minor": "9.90",
        "min_days": 2,
        "max_days": 4,
        "is_active": "on",
    } | fields


def deliveries(cart, country):
    found = quotes.quote(cart_contents.contents(cart), country, {})
    [sent] = found.sellers[0].delivery.consignments
    return [(c.rate.name, c.price_minor) for c in sent.choices]


def text_of(response):
    return " ".join(re.sub(r"<[^>]+>", " ", response.content.decode()).split())


def test_a_zone_is_named_once_and_rates_with_bands_go_there(client, owner):
    answer = client.post(NEW, {"name": "Nordics", "countries": NORDICS}, follow=True)
    assert "Nordics Denmark, Finland, Norway, Sweden" in text_of(answer)
    zone = owner.shop.shipping_zones.get()
    bands = {"banded_by": "weight", "band_starts_0": "2", "band_price_0": "14.90"}

    client.post(reverse("checkout:new_shipping_rate"), rate_form(zone=zone.pk, **bands))

    rate = owner.shop.shipping_rates.get()
    assert (rate.zone, rate.countries) == (zone, NORDICS)
    product = make_product(seller=owner.shop)
    light, heavy = (
        make_cart(
            variant=make_variant(
                product=product, option_values=[str(grams)], weight_grams=grams
            )
        )
        for grams in (500, 3000)
    )
    assert deliveries(light, "SE") == [("Parcel", 990)]
    assert deliveries(heavy, "SE") == [("Parcel", 1490)]
    assert deliveries(light, "DE") == []
    assert "Parcel Nordics Denmark" in text_of(client.get(LIST))


def test_who_changes_a_zone_changes_where_all_its_rates_go(client, owner):
    zone = make_zone(seller=owner.shop)
    rates = [
        make_shipping_rate(
            seller=owner.shop, name=name, zone=zone, countries=zone.countries
        )
        for name in ("Standard", "Express")
    ]
    other = make_shipping_rate(seller=owner.shop, name="Home", countries=["DE"])
    url = reverse("checkout:shipping_zone", args=[zone.pk])
    assert "2 rates go there" in text_of(client.get(url))

    client.post(url, {"name": "The North", "countries": ["SE", "IS"]})

    for rate in (*rates, other):
        rate.refresh_from_db()
    zone.refresh_from_db()
    assert (zone.name, set(zone.countries)) == ("The North", {"SE", "IS"})
    assert {tuple(sorted(rate.countries)) for rate in rates} == {("IS", "SE")}
    assert other.countries == ["DE"]


def test_a_rate_that_leaves_its_zone_has_countries_of_its_own(client, owner):
    zone = make_zone(seller=owner.shop)
    rate = make_shipping_rate(
        seller=owner.shop, zone=zone, countries=zone.countries, name="Parcel"
    )
    url = reverse("checkout:shipping_rate", args=[rate.pk])

    client.post(url, rate_form(zone=zone.pk, countries=["DE"]))
    rate.refresh_from_db()
    assert rate.countries == NORDICS
    client.post(url, rate_form(zone="", countries=["DE"]))

    rate.refresh_from_db()
    assert (rate.zone, rate.countries) == (None, ["DE"])


def test_rates_keep_the_countries_of_a_zone_that_is_deleted(client, owner):
    zone = make_zone(seller=owner.shop)
    rate = make_shipping_rate(seller=owner.shop, zone=zone, countries=zone.countries)

    client.post(reverse("checkout:delete_shipping_zone", args=[zone.pk]))

    rate.refresh_from_db()
    assert (rate.zone, rate.countries) == (None, NORDICS)
    assert ShippingZone.objects.exists() is False


@pytest.mark.parametrize(
    ("fields", "field", "message"),
    [
        ({"name": ""}, "name", "This field is required"),
        ({"name": "rest of eu"}, "name", "You have a zone of this name already"),
        ({"name": "x" * 61}, "name", "at most 60 characters"),
        ({"countries": []}, "countries", "Tick at least one country"),
        ({"countries": ["XX"]}, "countries", "XX is not one of the available choices"),
    ],
)
def test_what_is_no_zone_is_refused_at_its_field(client, owner, fields, field, message):
    make_zone(seller=owner.shop, name="Rest of EU", countries=["AT"])

    answer = client.post(NEW, {"name": "Nordics", "countries": NORDICS} | fields)

    assert list(answer.context["form"].errors) == [field]
    assert message in text_of(answer)
    assert ShippingZone.objects.count() == 1


def test_of_two_clicks_at_once_the_second_is_told_that_the_name_is_taken(
    client, owner, monkeypatch
):
    """Both have looked, and there was none of that name."""
    make_zone(seller=owner.shop)
    monkeypatch.setattr(
        ShippingZoneForm, "clean_name", lambda form: form.cleaned_data["name"]
    )

    answer = client.post(NEW, {"name": "Nordics", "countries": ["SE"]})

    assert "You have a zone of this name already" in text_of(answer)
    assert ShippingZone.objects.get().countries == NORDICS


def test_another_shop_may_use_the_same_name(client, owner):
    make_zone()

    client.post(NEW, {"name": "Nordics", "countries": ["SE"]})

    assert owner.shop.shipping_zones.get().countries == ["SE"]


def test_a_zone_of_another_shop_is_not_there(client, owner):
    """Not to look at, not to change, not to delete, and not for a rate."""
    zone = make_zone()
    page, delete = (
        reverse(f"checkout:{name}", args=[zone.pk])
        for name in ("shipping_zone", "delete_shipping_zone")
    )

    assert client.get(page).status_code == 404
    assert client.post(page, {"name": "Mine", "countries": ["DE"]}).status_code == 404
    assert client.post(delete).status_code == 404
    answer = client.post(reverse("checkout:new_shipping_rate"), rate_form(zone=zone.pk))
    assert list(answer.context["form"].errors) == ["zone"]
    client.logout()
    assert client.get(page).status_code == client.get(NEW).status_code == 302
    zone.refresh_from_db()
    assert (zone.name, zone.countries) == ("Nordics", NORDICS)
    assert ShippingRate.objects.exists() is False


@pytest.mark.parametrize("is_deleted", ["before", "while"])
@pytest.mark.parametrize("kind", ["zone", "rate"])
def test_what_was_deleted_while_its_form_stood_open_stays_deleted(
    client, owner, monkeypatch, kind, is_deleted
):
    """What was typed is shown again, and sent again it makes a new one."""
    zone, rate = make_zone(seller=owner.shop), make_shipping_rate(seller=owner.shop)
    found = {"zone": zone, "rate": rate}[kind]
    typed = {
        "zone": {"name": "The North", "countries": ["SE", "IS"]},
        "rate": rate_form(name="Pallet", countries=["SE"]),
    }[kind]
    url = reverse(f"checkout:shipping_{kind}", args=[found.pk])
    rows = {"zone": owner.shop.shipping_zones, "rate": owner.shop.shipping_rates}[kind]
    if is_deleted == "before":
        found.delete()
    else:
        form = {"zone": ShippingZoneForm, "rate": ShippingRateForm}[kind]
        save = form.save

        def save_late(form):
            rows.all().delete()
            return save(form)

        monkeypatch.setattr(form, "save", save_late)

    answer = client.post(url, typed)

    assert rows.exists() is False
    assert f"This {kind} has been deleted meanwhile" in text_of(answer)
    assert answer.context["form"]["name"].value() == typed["name"]
    new = reverse(f"checkout:new_shipping_{kind}")
    assert f'action="{new}"' in answer.content.decode()
    monkeypatch.undo()
    client.post(new, typed)
    assert rows.get().name == typed["name"]


def test_the_database_knows_no_zone_of_nowhere():
    with pytest.raises(IntegrityError), transaction.atomic():
        make_zone(countries=[])


@pytest.fixture
def joining():
    """A rate that is about to go to a zone, which is about to become wider."""
    zone = make_zone()
    rate = make_shipping_rate(seller=zone.seller, name="Late", countries=["DE"])
    rate.zone = zone
    wider = ShippingZone.objects.get(pk=zone.pk)
    wider.countries = [*NORDICS, "IS"]
    return partial(shipping_zones.save_rate, rate), partial(
        shipping_zones.save_zone, wider
    )


def are_alike():
    return ShippingRate.objects.get().countries == ShippingZone.objects.get().countries


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_a_rate_saved_while_its_zone_changes_goes_where_the_zone_goes(
    monkeypatch, joining
):
    results = crossed(monkeypatch, ShippingRate, "save", *joining)

    assert results == [None, None]
    assert are_alike()


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_without_the_lock_it_goes_where_the_zone_went(monkeypatch, joining):
    """The negative control."""
    save_rate, save_zone = joining
    save = ShippingRate.save

    def save_late(rate):
        assert at_once(save_zone) == [None]
        save(rate)

    monkeypatch.setattr(ShippingRate, "save", save_late)
    read = ShippingZone.objects.get()
    monkeypatch.setattr(shipping_zones, "locked_zone", lambda _seller, _pk: read)

    save_rate()

    assert not are_alike()
