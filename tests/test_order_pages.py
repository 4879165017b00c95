from datetime import UTC, datetime, timedelta

import pytest
from allauth.account.models import EmailAddress
from django.urls import reverse
from django.utils import timezone

from checkout import fulfillment
from checkout.models import CartLine, Fulfillment, Order, OrderGroup
from sellers.models import Product, Review
from tests.factories import (
    make_order,
    make_product,
    make_review,
    make_user,
    make_variant,
)
from tests.payments.checkouts import add_order

ORDERS = reverse("checkout:orders")
DELIVERED = Order.Status.DELIVERED


def make_bought(*, user=None, status=Order.Status.PAID, **fields):
    order = make_order(status=status, user=user, **fields)
    if status == DELIVERED:
        Order.objects.filter(pk=order.pk).update(delivered_at=timezone.now())
    return order


@pytest.mark.django_db
def test_whoever_has_the_link_sees_the_order(client):
    order = make_bought()

    response = client.get(order.group.get_absolute_url())

    page = response.content.decode()
    assert "Thank you!" in page
    assert order.group.number in page
    assert response.headers["Cache-Control"] == "no-store, private"
    assert "noindex" in response.headers["X-Robots-Tag"]
    assert response.headers["Referrer-Policy"] == "same-origin"


@pytest.mark.django_db
def test_a_guessed_link_leads_nowhere(client):
    order = make_bought()

    for guess in (order.group.number, order.group.pk, "x" * 32):
        url = reverse("checkout:order_group", args=[guess])
        assert client.get(url).status_code == 404


@pytest.mark.django_db
def test_the_page_tells_the_way_of_each_parcel(client):
    order = make_bought(status=Order.Status.SHIPPED)
    Fulfillment.objects.create(
        order=order,
        carrier="DHL",
        tracking_number="00340434",
        tracking_url="https://example.com/track/00340434",
    )

    page = client.get(order.group.get_absolute_url()).content.decode()

    assert "Sent with DHL" in page
    assert 'href="https://example.com/track/00340434"' in page
    assert "On its way to you" in page
    assert reverse("checkout:cancel_order", args=[order.group.token, order.pk]) not in (
        page
    )


@pytest.mark.django_db
def test_the_day_of_dispatch_is_there_as_soon_as_it_is_paid(client):
    order = make_bought(paid_at=datetime(2026, 11, 27, 12, tzinfo=UTC))  # a Friday
    order.seller.dispatch_days = 2
    order.seller.save()
    url = order.group.get_absolute_url()

    at_once = client.get(url).content.decode()
    fulfillment.begin(order)
    Order.objects.filter(pk=order.pk).update(
        dispatch_by=datetime(2026, 12, 3, 12, tzinfo=UTC)
    )
    later = client.get(url).content.decode()

    assert "Leaves the shop by 1 Dec 2026" in at_once
    assert "Leaves the shop by 3 Dec 2026" in later


@pytest.mark.django_db
def test_a_paid_order_can_be_canceled_and_a_delivered_one_returned(client):
    paid, delivered = make_bought(), make_bought(status=DELIVERED)

    before = client.get(paid.group.get_absolute_url()).content.decode()
    after = client.get(delivered.group.get_absolute_url()).content.decode()

    assert reverse("checkout:cancel_order", args=[paid.group.token, paid.pk]) in before
    assert "Return something" in after
    assert "Cancel order" not in after


@pytest.mark.django_db
def test_nobody_is_thanked_for_a_canceled_order(client):
    order = make_bought()
    Order.objects.filter(pk=order.pk).update(status=Order.Status.CANCELED)

    page = client.get(order.group.get_absolute_url()).content.decode()

    assert f"Order {order.group.number} is canceled" in page
    assert "Thank you" not in page


@pytest.mark.django_db
@pytest.mark.parametrize(
    "status", [Order.Status.CANCELED, Order.Status.SHIPPED, DELIVERED]
)
def test_thanks_end_once_something_happened_to_a_part_of_the_order(client, status):
    order = make_bought()
    add_order(order.group, make_variant(), 1)
    url = order.group.get_absolute_url()
    Order.objects.update(status=Order.Status.PAID)
    assert "Thank you!" in client.get(url).content.decode()
    Order.objects.filter(pk=order.pk).update(status=status)

    page = client.get(url).content.decode()

    assert "Thank you" not in page
    assert f"<h1>Order {order.group.number}</h1>" in page


@pytest.mark.django_db
def test_an_unpaid_order_asks_for_its_payment_until_the_time_is_over(client):
    order = make_order()
    url = order.group.get_absolute_url()

    assert "Waiting for your payment" in client.get(url).content.decode()
    OrderGroup.objects.update(pay_before=timezone.now() - timedelta(seconds=1))
    page = client.get(url).content.decode()

    assert "Nothing was charged." in page
    assert reverse("checkout:pay", args=[order.group.token]) not in page


@pytest.mark.django_db
def test_an_account_lists_its_own_orders_alone(client):
    user = make_user()
    own, strangers = make_bought(user=user), make_bought(user=make_user())
    make_order(user=user, status=Order.Status.CANCELED, number="GIVENUP1")
    OrderGroup.objects.filter(number="GIVENUP1").update(status="canceled")
    client.force_login(user)

    page = client.get(ORDERS).content.decode()

    assert own.group.number in page
    assert strangers.group.number not in page
    assert "GIVENUP1" not in page


@pytest.mark.django_db
def test_nobody_has_no_orders_and_is_told_how_to_find_them(client):
    make_bought()

    page = client.get(ORDERS).content.decode()

    assert "No orders yet" in page
    assert "Sign in" in page


@pytest.mark.django_db
def test_guest_orders_join_the_account_with_that_confirmed_address(client):
    user = make_user(email="buyer@example.com")
    order = make_bought()
    client.force_login(user)

    assert order.group.number not in client.get(ORDERS).content.decode()
    EmailAddress.objects.create(user=user, email=user.email, verified=True)

    assert order.group.number in client.get(ORDERS).content.decode()


@pytest.mark.django_db
def test_buying_again_fills_the_cart_with_what_is_still_sold(client):
    order = make_bought(variant=make_variant(stock=5), quantity=2)
    gone = make_bought(variant=make_variant())
    gone.lines.get().variant.product.variants.update(is_active=False)

    client.post(reverse("checkout:buy_again", args=[order.group.token]))
    client.post(reverse("checkout:buy_again", args=[gone.group.token]))

    line = CartLine.objects.get()
    assert (line.variant, line.quantity) == (order.lines.get().variant, 2)


def review_url(order):
    return reverse("checkout:review", args=[order.lines.get().pk])


@pytest.mark.django_db
def test_a_buyer_reviews_what_was_bought_once(client):
    user = make_user()
    order = make_bought(user=user, status=DELIVERED)
    client.force_login(user)

    client.post(review_url(order), {"rating": 2, "title": "Hm"})
    client.post(review_url(order), {"rating": 5, "title": "Better", "is_verified": ""})

    review = Review.objects.get()
    assert (review.rating, review.title, review.user) == (5, "Better", user)
    assert review.is_verified is True


@pytest.mark.django_db
@pytest.mark.parametrize(("name", "shown"), [("", "A buyer"), ("Ann Day", "Ann")])
def test_a_reviewer_reads_beforehand_what_name_is_shown(client, name, shown):
    user = make_user(name=name)
    order = make_bought(user=user, status=DELIVERED)
    client.force_login(user)

    page = client.get(review_url(order)).content.decode()

    assert f"Everybody can read it, by “{shown}”." in page


@pytest.mark.django_db
def test_the_order_offers_to_change_the_review_that_its_buyer_wrote(client):
    user = make_user()
    order = make_bought(user=user, status=DELIVERED)
    product = order.lines.get().variant.product
    url = order.group.get_absolute_url()
    make_review(product=product)
    client.force_login(user)

    before = client.get(url).content.decode()
    make_review(product=product, user=user)
    after = client.get(url).content.decode()

    assert "Write a review" in before
    assert "Change your review" not in before
    assert "Change your review" in after
    assert "Write a review" not in after


@pytest.mark.django_db
def test_a_stranger_and_nobody_are_offered_no_review_by_the_link(client):
    user = make_user()
    order = make_bought(user=user, status=DELIVERED)
    make_review(product=order.lines.get().variant.product, user=user)
    url = order.group.get_absolute_url()

    assert "review" not in client.get(url).content.decode()
    client.force_login(make_user())
    assert "review" not in client.get(url).content.decode()


@pytest.mark.django_db
@pytest.mark.parametrize("rating", ["0", "6", "x", ""])
def test_stars_go_from_one_to_five(client, rating):
    user = make_user()
    order = make_bought(user=user, status=DELIVERED)
    client.force_login(user)

    response = client.post(review_url(order), {"rating": rating})

    assert response.status_code == 200
    assert Review.objects.exists() is False


@pytest.mark.django_db
def test_nobody_else_reviews_a_purchase(client):
    unpaid = make_order(user=make_user())
    bought = make_bought(user=make_user(), status=DELIVERED)

    assert client.post(review_url(bought), {"rating": 1}).status_code == 302
    client.force_login(make_user())
    assert client.post(review_url(bought), {"rating": 1}).status_code == 404
    client.force_login(unpaid.group.user)
    assert client.post(review_url(unpaid), {"rating": 1}).status_code == 404
    assert Review.objects.exists() is False


@pytest.mark.django_db
@pytest.mark.parametrize("lines", [1, 9])
def test_orders_take_few_queries_however_long(
    client, lines, django_assert_max_num_queries
):
    user = make_user()
    order = make_bought(user=user)
    for _ in range(lines):
        variant = make_variant(product=make_product(status=Product.Status.PUBLISHED))
        order.lines.create(
            variant=variant,
            title="x",
            sku="x",
            quantity=1,
            unit_price_minor=1,
            total_minor=1,
            commission_basis_points=0,
            commission_minor=0,
        )
        make_bought(user=user)
    client.force_login(user)

    with django_assert_max_num_queries(14):
        client.get(order.group.get_absolute_url())
    with django_assert_max_num_queries(12):
        client.get(ORDERS)
