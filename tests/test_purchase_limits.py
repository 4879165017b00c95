import pytest
from django.urls import reverse

from checkout import cart_contents, carts, ordering, purchase_limits
from checkout.models import Order, OrderGroup
from checkout.ordering import CartProblem, LimitPassed, place_order
from tests.factories import (
    make_cart,
    make_checkout,
    make_order,
    make_product,
    make_user,
    make_variant,
)

pytestmark = pytest.mark.django_db


def make_limited(limit=2, **fields):
    return make_variant(product=make_product(limit_per_buyer=limit), **fields)


def buy(variant, quantity=1, **details):
    cart = make_cart(variant=variant, quantity=quantity, user=details.get("user"))
    return place_order(*make_checkout(cart=cart, **details), "key")


def make_bought(variant, quantity=1, **fields):
    return make_order(
        variant=variant, quantity=quantity, status=Order.Status.PAID, **fields
    )


def test_the_cart_takes_no_more_than_the_limit():
    variant = make_limited(2)
    cart = make_cart(variant=make_variant())

    carts.add(cart, variant, 2)
    with pytest.raises(carts.CartRefusal, match="At most 2 per buyer"):
        carts.add(cart, variant, 1)


def test_variants_of_a_product_count_together():
    product = make_product(limit_per_buyer=2)
    small, large = (make_variant(product=product, option_values=[n]) for n in "sl")
    cart = make_cart(variant=small, quantity=2)

    with pytest.raises(carts.CartRefusal, match="At most 2 per buyer"):
        carts.add(cart, large, 1)


def test_a_limit_of_one_variant_leaves_the_others_alone():
    product = make_product()
    rare = make_variant(product=product, option_values=["rare"], limit_per_buyer=1)
    plain = make_variant(product=product, option_values=["plain"])
    cart = make_cart(variant=plain, quantity=5)

    carts.add(cart, rare, 1)
    with pytest.raises(carts.CartRefusal, match="At most 1 per buyer"):
        carts.add(cart, rare, 1)


def test_a_cart_over_the_limit_can_be_brought_below_it_line_by_line():
    product = make_product(limit_per_buyer=2)
    one, other = (make_variant(product=product, option_values=[n]) for n in "ab")
    cart = make_cart(variant=one, quantity=3)
    cart.lines.create(variant=other, quantity=2)

    with pytest.raises(carts.CartRefusal):
        carts.put(cart, one, 4)
    carts.put(cart, one, 1)
    carts.put(cart, other, 1)

    assert not cart_contents.contents(cart).has_problems


def test_a_cart_that_was_filled_before_the_limit_says_so(client):
    variant = make_limited(2)
    user = make_user()
    make_cart(user=user, variant=variant, quantity=3)
    client.force_login(user)

    page = client.get(reverse("checkout:cart")).content.decode()

    assert "At most 2 per buyer." in page


@pytest.mark.parametrize("typed", ["buyer@example.com", "Buyer@Example.COM"])
def test_what_a_guest_bought_before_counts_by_e_mail(typed):
    variant = make_limited(2)
    make_bought(variant, email="buyer@example.com")

    words = "At most 2 per buyer, earlier orders included."
    with pytest.raises(LimitPassed, match=words):
        buy(variant, 2, email=typed)
    assert buy(variant, 1, email=typed)


def test_what_the_account_bought_before_counts_whatever_e_mail_is_typed():
    variant, user = make_limited(1), make_user()
    make_bought(variant, user=user, email="first@example.com")

    with pytest.raises(CartProblem):
        buy(variant, user=user, email="second@example.com")


def test_signing_out_does_not_help():
    variant, user = make_limited(1), make_user(email="buyer@example.com")
    make_bought(variant, user=user, email="other@example.com")

    with pytest.raises(LimitPassed):
        buy(variant, email="buyer@example.com")


def test_who_is_signed_in_learns_nothing_of_an_address_that_is_typed():
    variant, user = make_limited(2), make_user(email="me@example.com")
    make_bought(variant, email="somebody.else@example.com")

    with pytest.raises(LimitPassed) as refused:
        buy(variant, 2, user=user, email="somebody.else@example.com")

    assert str(refused.value) == "At most 2 per buyer, earlier orders included."


def test_an_order_that_may_still_be_paid_counts():
    variant = make_limited(1)
    first = buy(variant, email="buyer@example.com")

    with pytest.raises(LimitPassed):
        buy(variant, email="buyer@example.com")
    ordering.cancel_unpaid(first)
    assert buy(variant, email="buyer@example.com")


def test_going_back_in_the_same_cart_does_not_count_twice():
    variant = make_limited(1)
    cart, details = make_checkout(cart=make_cart(variant=variant))
    place_order(cart, details, "key")
    _cart, corrected = make_checkout(cart=cart, address={"line1": "3 Low Street"})

    assert place_order(cart, corrected, "key").line1 == "3 Low Street"


def test_strangers_and_what_went_back_do_not_count():
    variant = make_limited(1)
    make_bought(variant, email="somebody.else@example.com")
    order = make_bought(variant, email="buyer@example.com")
    order.lines.update(refunded_quantity=1)

    assert buy(variant, email="buyer@example.com")


def test_the_page_says_so_at_checkout_and_keeps_the_cart(client):
    variant, user = make_limited(1), make_user()
    cart, details = make_checkout(cart=make_cart(user=user, variant=variant))
    make_bought(variant, user=user)
    client.force_login(user)

    form = details.address | {
        "email": "x@example.com",
        "checkout_key": "k" * 24,
        "shown_total": details.shown_total_minor,
    }
    answer = client.post(reverse("checkout:checkout"), form, follow=True)

    words = (
        f"“{variant.product.title}”: At most 1 per buyer. You have ordered 1 before."
    )
    assert words in answer.content.decode()
    assert OrderGroup.objects.count() == 1
    assert cart.lines.count() == 1


@pytest.mark.parametrize("number", [1, 6])
def test_no_query_grows_with_the_number_of_limited_lines(
    client, number, django_assert_max_num_queries
):
    user = make_user()
    cart = make_cart(user=user, variant=make_limited())
    for _ in range(number - 1):
        cart.lines.create(variant=make_limited())
    client.force_login(user)
    client.get(reverse("checkout:cart"))

    with django_assert_max_num_queries(12):
        client.get(reverse("checkout:cart"))


def test_a_canceled_order_counts_again_when_it_is_paid_late():
    """`record_success` asks; the refund is tested with the sandbox."""
    variant = make_limited(1)
    late = buy(variant, email="buyer@example.com")
    ordering.cancel_unpaid(late)
    buy(variant, email="buyer@example.com")
    late.refresh_from_db()

    with pytest.raises(purchase_limits.OverLimit):
        purchase_limits.refuse_late(late)
