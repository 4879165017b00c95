from decimal import Decimal

import pytest
from django.urls import reverse

from checkout import ledger, payments, returns
from checkout.commissions import CommissionTable
from checkout.models import CommissionRule, JournalEntry
from checkout.ordering import place_order
from checkout.pricing import Commission
from marketplace.accounts.models import User
from tests.factories import (
    make_cart,
    make_category,
    make_checkout,
    make_product,
    make_seller,
    make_staff,
    make_variant,
)
from tests.payments.checkouts import start

pytestmark = pytest.mark.django_db


def make_rule(name, position=0, basis_points=500, **fields):
    return CommissionRule.objects.create(
        name=name, position=position, basis_points=basis_points, **fields
    )


def rule_of(product):
    return CommissionTable().of(product).name


def test_without_a_rule_the_site_s_share_counts():
    assert CommissionTable().of(make_product()) == Commission(1000)


def test_the_first_rule_that_fits_counts():
    product = make_product()
    make_rule("everything", position=9)
    make_rule("another shop", position=1, seller=make_seller())
    make_rule("this shop", position=3, seller=product.seller)
    make_rule("asleep", position=2, is_active=False)

    assert rule_of(product) == "this shop"
    assert rule_of(make_product()) == "everything"


def test_a_rule_for_a_product_is_for_no_other():
    product = make_product()
    make_rule("product", product=product)

    assert rule_of(product) == "product"
    assert rule_of(make_product(seller=product.seller)) == ""


def test_a_category_has_all_that_lies_below_it():
    top = make_category()
    below = make_category(parent=make_category(parent=top))
    make_rule("top", category=top)

    assert rule_of(make_product(category=below)) == "top"
    assert rule_of(make_product(category=make_category())) == ""
    assert rule_of(make_product()) == ""


def test_amounts_are_for_their_currency_alone():
    make_rule("euros", fixed_minor=100, currency="EUR")

    assert rule_of(make_product(currency="EUR")) == "euros"
    assert rule_of(make_product(currency="JPY")) == ""


def test_the_tax_is_on_the_commission_of_sellers_at_home(settings):
    settings.PLATFORM_COUNTRY, settings.COMMISSION_TAX_BASIS_POINTS = "DE", 1900

    home, abroad = (
        CommissionTable().of(make_product(seller=make_seller(country=country)))
        for country in ("DE", "FR")
    )

    assert (home.tax_basis_points, abroad.tax_basis_points) == (1900, 0)


@pytest.mark.parametrize(
    ("rule", "kept"),
    [
        (Commission(1000), 600),
        (Commission(1000, fixed_minor=30), 690),
        (Commission(100, minimum_minor=50), 150),
        (Commission(5000, maximum_minor=400), 1200),
        (Commission(1000, maximum_minor=0), 0),
        (Commission(0, fixed_minor=9000), 6000),
        # With its tax no more than the goods bring, either.
        (Commission(10_000, tax_basis_points=2000), 5000),
    ],
)
def test_three_pieces_at_twenty(rule, kept):
    assert rule.of(6000, 3) == kept


def place(rule_fields, *, price_minor=2000, quantity=3):
    product = make_product()
    make_rule("Rule", **rule_fields)
    variant = make_variant(product=product, price_minor=price_minor)
    cart, details = make_checkout(cart=make_cart(variant=variant, quantity=quantity))
    return place_order(cart, details, "a-key-of-twenty-and-more")


def test_line_and_order_keep_what_the_rule_said(settings):
    settings.COMMISSION_TAX_BASIS_POINTS = 1900
    group = place({"basis_points": 800, "fixed_minor": 25, "is_on_delivery": True})
    CommissionRule.objects.all().delete()

    order = group.orders.get()
    line = order.lines.get()
    assert (line.commission_name, line.commission_basis_points) == ("Rule", 800)
    assert (line.commission_minor, line.commission_tax_minor) == (555, 105)
    # Of 4.90 for the delivery.
    assert order.shipping_commission_minor == 39
    assert order.shipping_commission_tax_minor == 7
    assert ledger.commission_of(order) == (594, 112)


def sums(entry):
    lines = entry.lines.values_list("account__kind", "amount_minor")
    return dict(lines)


def test_commission_and_tax_come_back_with_what_is_refunded(sandbox, settings):
    settings.COMMISSION_TAX_BASIS_POINTS = 1900
    group = place({"basis_points": 800, "is_on_delivery": True})
    sandbox.pay(start(group).payment_intent_id)
    payments.settle(group)
    order = group.orders.get()
    # Of 60.00: 4.80 and its tax of 0.91; of the delivery 0.39 and 0.07.
    sale = sums(JournalEntry.objects.get(order=order))
    assert (sale["commission"], sale["tax"]) == (-519, -98)

    line = order.lines.get()
    first = returns.refund_lines(order, {line.pk: 1}, reason="", by=None)
    rest = returns.refund_lines(order, {line.pk: 2}, reason="", by=None)

    assert (first.commission_minor, first.commission_tax_minor) == (160, 30)
    assert first.seller_share_minor == 2000 - 190
    assert first.commission_minor + rest.commission_minor == 519
    assert first.commission_tax_minor + rest.commission_tax_minor == 98
    assert rest.amount_minor == 4000 + 490


@pytest.fixture
def operator(client):
    client.force_login(make_staff(User.Role.OPERATOR))
    return client


def test_the_desk_writes_a_rule(operator):
    category = make_category()
    answer = operator.post(
        reverse("admin:checkout_commissionrule_add"),
        {
            "position": 3,
            "name": "Books",
            "is_active": "on",
            "category": category.pk,
            "percent": "7.25",
            "fixed": "0.30",
            "minimum": "",
            "maximum": "12",
        },
    )

    assert answer.status_code == 302
    rule = CommissionRule.objects.get()
    assert (rule.position, rule.category, rule.basis_points) == (3, category, 725)
    assert (rule.fixed_minor, rule.minimum_minor, rule.maximum_minor) == (30, 0, 1200)


def test_the_desk_shows_a_rule_as_it_was_written(operator):
    rule = make_rule("Books", basis_points=725, minimum_minor=50)

    page = operator.get(reverse("admin:checkout_commissionrule_change", args=[rule.pk]))

    form = page.context["adminform"].form
    assert form["percent"].value() == Decimal("7.25")
    assert form["minimum"].value() == Decimal("0.50")
    listed = operator.get(reverse("admin:checkout_commissionrule_changelist"))
    assert "7.25 % ≥ €0.50" in listed.content.decode()


def test_a_least_above_the_most_is_refused(operator):
    answer = operator.post(
        reverse("admin:checkout_commissionrule_add"),
        {"position": 1, "name": "x", "percent": 1, "minimum": 2, "maximum": 1},
    )

    assert "maximum" in answer.context["adminform"].form.errors
    assert not CommissionRule.objects.exists()


def test_a_moderator_sees_no_rules(client):
    client.force_login(make_staff(User.Role.MODERATOR))

    answer = client.get(reverse("admin:checkout_commissionrule_changelist"))

    assert answer.status_code == 403
