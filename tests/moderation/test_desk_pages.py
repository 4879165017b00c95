"""What the pages of the desk say, and to whom they link."""

import pytest
from django.contrib import admin
from django.db.models import Model
from django.urls import reverse

from checkout.models import Order, Transfer
from marketplace.accounts.models import User
from marketplace.moderation.models import Report
from sellers.models import Product, Seller
from tests.factories import (
    make_category,
    make_order,
    make_report,
    make_seller,
    make_staff,
    make_user,
)

Role = User.Role


def read(client, obj, page="change", *args):
    name = f"admin:{obj._meta.app_label}_{obj._meta.model_name}_{page}"
    response = client.get(reverse(name, args=[obj.pk, *args]))
    assert response.status_code == 200
    return response.content.decode()


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("role", "is_linked"), [(Role.MODERATOR, False), (Role.OPERATOR, True)]
)
def test_people_are_linked_only_for_who_may_open_them(client, role, is_linked):
    reporter, owner = make_user(name="Rita"), make_user(name="Olaf")
    seller = make_seller()
    seller.members.create(user=owner)
    report = make_report(subject=seller, reporter=reporter)
    client.force_login(make_staff(role))

    for page, person in [(report, reporter), (seller, owner)]:
        text = read(client, page)
        address = reverse("admin:accounts_user_change", args=[person.pk])
        assert str(person) in text
        assert (f'href="{address}"' in text) is is_linked


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("role", "is_linked"), [(Role.MODERATOR, False), (Role.OPERATOR, True)]
)
def test_a_transfer_is_linked_only_for_who_may_open_it(client, role, is_linked):
    order = make_order(status=Order.Status.PAID)
    transfer = Transfer.objects.create(order=order, amount_minor=912, currency="EUR")
    client.force_login(make_staff(role))

    text = read(client, order)

    address = reverse("admin:checkout_transfer_change", args=[transfer.pk])
    assert "€9.12" in text
    assert (f'href="{address}"' in text) is is_linked


@pytest.mark.django_db
def test_the_trail_tells_a_creation_and_what_an_update_changed(client):
    product = Product.objects.create(title="Vase", seller=make_seller())
    product.title = "V" * 100
    product.save()
    client.force_login(make_staff(Role.MODERATOR))

    response = client.get(reverse("admin:sellers_product_change", args=[product.pk]))

    updated, created = response.context["trail"]
    assert [str(created[1]), created[2]] == ["Created", ""]
    assert str(updated[1]) == "Changed"
    assert updated[2] == f"title: Vase → {'V' * 79}…"


@pytest.mark.django_db
def test_a_report_counts_the_other_open_ones(client):
    report = make_report()
    make_report(subject=report.subject)
    make_report(subject=report.subject, status=Report.Status.DISMISSED)
    client.force_login(make_staff(Role.MODERATOR))

    text = read(client, report)

    assert report.same_subject().open().exclude(pk=report.pk).count() == 1
    assert "Other open reports" in text
    assert "Reporter&#x27;s email" in text
    assert "to hear what we decided" not in text


@pytest.mark.django_db
@pytest.mark.parametrize(("choice", "is_asked"), [("approve", False), ("reject", True)])
def test_standard_reasons_are_offered_where_one_is_asked(client, choice, is_asked):
    seller = make_seller(status=Seller.Status.PENDING)
    client.force_login(make_staff(Role.MODERATOR))

    text = read(client, seller, "decide", choice)

    assert ("Standard reason" in text) is is_asked


def test_all_that_the_desk_shows_says_what_it_is():
    """Django's own says "OrderLine object (55)"."""
    shown = set()
    for model, page in admin.site._registry.items():
        shown |= {model, *(inline.model for inline in page.inlines)}

    assert not [model for model in shown if model.__str__ is Model.__str__]


@pytest.mark.django_db
def test_a_part_without_rows_says_so(client):
    client.force_login(make_staff(Role.OPERATOR))
    html = read(client, make_order())

    refunds, lines = (
        html.split(f'id="{part}-heading"')[1].split("</fieldset>")[0]
        for part in ("refunds", "lines")
    )
    assert "desk-none" in refunds
    assert "desk-none" not in lines


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("role", "is_told"), [(Role.OPERATOR, True), (Role.MODERATOR, False)]
)
def test_who_keeps_the_categories_is_told_that_there_are_none(client, role, is_told):
    client.force_login(make_staff(role))
    words = "There is no category yet"

    assert (words in client.get(reverse("admin:index")).content.decode()) is is_told
    make_category()
    assert words not in client.get(reverse("admin:index")).content.decode()
