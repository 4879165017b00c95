"""Cards kept at Stripe for signed-in buyers: kept by their wish, shown, removed."""

import pytest
import stripe
from django.urls import reverse
from django.utils import timezone

from checkout import gateway, payments, saved_cards
from checkout.models import OrderGroup, Payment, StripeCustomer
from checkout.stripe_objects import Card
from marketplace.accounts import privacy
from tests.factories import make_user
from tests.payments.checkouts import make_group, start

pytestmark = pytest.mark.django_db

CARDS = reverse("checkout:cards")


def pay_url(group):
    return reverse("checkout:pay", args=[group.token])


def keep_url(group):
    return reverse("checkout:keep_card", args=[group.token])


@pytest.fixture
def buyer(client):
    user = make_user(email="bea@example.com")
    client.force_login(user)
    return user


def buy(client, sandbox, user, card="pm_card_visa", keep="yes"):
    """As the page does it: it opens, says whether to keep the card, and pays."""
    group = make_group(user=user)
    client.get(pay_url(group))
    assert client.post(keep_url(group), {"keep": keep}).status_code == 204
    sandbox.pay(Payment.objects.get(group=group).payment_intent_id, card)
    return payments.settle(group)


def intent_of(sandbox, group):
    payment = Payment.objects.get(group=group)
    return sandbox.stripe.v1.payment_intents.retrieve(payment.payment_intent_id)


def test_a_card_is_kept_by_the_buyers_wish_and_shown(client, sandbox, buyer):
    buy(client, sandbox, buyer)

    [card] = saved_cards.cards_of(buyer)
    page = client.get(CARDS).content.decode()
    assert (card.brand, card.last4) == ("visa", "4242")
    assert "Visa •••• 4242" in page
    assert f"valid until {card.expiry}" in page
    customer = sandbox.stripe.v1.customers.retrieve(
        StripeCustomer.objects.get().stripe_customer_id
    )
    assert customer.email == "bea@example.com"


def test_without_that_wish_nothing_is_kept_and_no_customer_made(client, sandbox, buyer):
    group = buy(client, sandbox, buyer, keep="")

    assert group.status == OrderGroup.Status.PAID
    assert saved_cards.cards_of(buyer) == []
    assert StripeCustomer.objects.exists() is False


def test_who_thinks_better_of_it_before_paying_keeps_nothing(client, sandbox, buyer):
    group = make_group(user=buyer)
    client.get(pay_url(group))
    for wish in ("yes", ""):
        client.post(keep_url(group), {"keep": wish})

    assert intent_of(sandbox, group).setup_future_usage is None
    page = client.get(pay_url(group)).content.decode()
    assert '<input type="checkbox" id="keep-card">' in page
    sandbox.pay(Payment.objects.get().payment_intent_id)
    assert saved_cards.cards_of(buyer) == []


def test_a_second_purchase_shows_the_card_and_is_paid_with_it(client, sandbox, buyer):
    buy(client, sandbox, buyer)
    [card] = saved_cards.cards_of(buyer)
    group = make_group(user=buyer)

    page = client.get(pay_url(group)).content.decode()
    sandbox.pay(Payment.objects.get(group=group).payment_intent_id, card.id)
    payments.settle(group)

    assert f'name="card" value="{card.id}" checked' in page
    assert group.status == OrderGroup.Status.PAID
    assert [kept.id for kept in saved_cards.cards_of(buyer)] == [card.id]
    assert StripeCustomer.objects.count() == 1


def test_an_expired_card_is_shown_and_cannot_be_chosen(
    client, sandbox, buyer, monkeypatch
):
    year = timezone.localdate().year
    cards = [Card("pm_old", "visa", "4242", 1, year - 1),
             Card("pm_new", "amex", "0005", 12, year + 1)]  # fmt: skip
    StripeCustomer.objects.create(user=buyer, stripe_customer_id="cus_known")
    monkeypatch.setattr(gateway, "cards_of", lambda customer_id: cards)
    monkeypatch.setattr(saved_cards, "attach", lambda payment, customer_id: None)

    page = client.get(pay_url(make_group(user=buyer))).content.decode()

    assert 'value="pm_old" disabled' in page
    assert f"expired 01/{(year - 1) % 100:02}" in page
    assert 'value="pm_new" checked' in page
    assert "American Express •••• 0005" in page


def test_the_buyer_removes_a_card_and_stripe_forgets_it(client, sandbox, buyer):
    buy(client, sandbox, buyer)
    [card] = saved_cards.cards_of(buyer)

    answer = client.post(reverse("checkout:remove_card", args=[card.id]), follow=True)

    assert "The card is gone." in answer.content.decode()
    assert "No card yet" in answer.content.decode()
    method = sandbox.stripe.v1.payment_methods.retrieve(card.id)
    assert method.customer is None
    with pytest.raises(stripe.InvalidRequestError, match="may not be used again"):
        sandbox.pay(start(make_group()).payment_intent_id, card.id)


def test_a_stranger_sees_and_removes_nobodys_cards(client, sandbox, buyer):
    buy(client, sandbox, buyer)
    [card] = saved_cards.cards_of(buyer)
    client.force_login(make_user())

    assert "4242" not in client.get(CARDS).content.decode()
    answer = client.post(reverse("checkout:remove_card", args=[card.id]))
    assert answer.status_code == 404
    assert [kept.id for kept in saved_cards.cards_of(buyer)] == [card.id]


def test_whoever_has_the_orders_link_sees_no_cards_and_keeps_none(
    client, sandbox, buyer
):
    buy(client, sandbox, buyer)
    group = make_group(user=buyer)
    start(group)

    for sign_out in (client.logout, lambda: client.force_login(make_user())):
        sign_out()
        page = client.get(pay_url(group)).content.decode()
        assert "data-pay" in page
        assert "4242" not in page
        assert "data-keep-card" not in page
    assert client.post(keep_url(group), {"keep": "yes"}).status_code == 404
    assert intent_of(sandbox, group).setup_future_usage is None


def test_nobody_is_asked_to_sign_in(client):
    group = make_group()

    for answer in (
        client.get(CARDS),
        client.post(reverse("checkout:remove_card", args=["pm_1"])),
        client.post(keep_url(group), {"keep": "yes"}),
    ):
        assert answer.url.startswith(reverse("account_login"))


def test_a_kept_card_pays_no_other_customers_bill(client, sandbox, buyer):
    buy(client, sandbox, buyer)
    [card] = saved_cards.cards_of(buyer)
    group = make_group()

    with pytest.raises(stripe.InvalidRequestError, match="does not belong"):
        sandbox.pay(start(group).payment_intent_id, card.id)

    assert intent_of(sandbox, group).status == "requires_payment_method"


def test_after_the_payment_the_wish_comes_too_late(client, sandbox, buyer):
    group = buy(client, sandbox, buyer, keep="")

    assert client.post(keep_url(group), {"keep": "yes"}).status_code == 409
    assert StripeCustomer.objects.exists() is False


def test_without_stripe_the_pages_say_so_and_one_can_still_type_a_card(
    client, sandbox, buyer
):
    buy(client, sandbox, buyer)
    group = make_group(user=buyer)
    start(group)
    sandbox.faults(
        requests=[
            {"kind": "error", "method": "GET", "path": "/payment_methods", "times": 2},
            {"kind": "error", "path": "/v1/payment_intents", "times": 1},
        ]
    )

    assert "does not answer" in client.get(CARDS).content.decode()
    page = client.get(pay_url(group)).content.decode()
    assert "data-pay" in page
    assert "data-saved-cards" not in page
    assert client.post(keep_url(group), {"keep": "yes"}).status_code == 503
    assert Payment.objects.get(group=group).keeps_card is False


def test_two_clicks_at_the_first_card_make_one_customer(client, sandbox, buyer):
    first = saved_cards.customer_of(buyer)
    StripeCustomer.objects.all().delete()  # the answer was lost

    again = saved_cards.customer_of(buyer)

    assert again.stripe_customer_id == first.stripe_customer_id


def test_stripe_forgets_whom_the_shop_forgets(client, sandbox, buyer):
    buy(client, sandbox, buyer)
    [card] = saved_cards.cards_of(buyer)
    customer_id = StripeCustomer.objects.get().stripe_customer_id
    kept = make_user()
    saved_cards.customer_of(kept)
    privacy.erase(buyer)
    sandbox.faults(
        requests=[{"kind": "error", "method": "DELETE", "path": "/v1/customers"}]
    )

    saved_cards.forget_erased()
    assert StripeCustomer.objects.count() == 2  # Stripe was down
    saved_cards.forget_erased()

    assert [customer.user for customer in StripeCustomer.objects.all()] == [kept]
    with pytest.raises(stripe.InvalidRequestError, match="No such customer"):
        sandbox.stripe.v1.customers.retrieve(customer_id)
    assert sandbox.stripe.v1.payment_methods.retrieve(card.id).customer is None


def test_a_customer_whom_stripe_has_forgotten_already_is_no_trouble(sandbox):
    StripeCustomer.objects.create(stripe_customer_id="cus_gone")

    saved_cards.forget_erased()

    assert StripeCustomer.objects.exists() is False
