"""Reasons, pictures, the seller's time to answer, and exchanges."""

from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from checkout import exchanges, ledger, payouts, return_requests, returns
from checkout.models import (
    Order,
    OrderConflict,
    Payment,
    Refund,
    ReturnPicture,
    ReturnRequest,
)
from checkout.return_requests import Details, ReturnRefused
from marketplace.accounts.models import OutgoingMail
from sellers import stock
from sellers.models import StockLevel, StockReservation
from tests.factories import (
    make_order,
    make_product,
    make_seller,
    make_user,
    make_variant,
    picture_bytes,
)

pytestmark = pytest.mark.django_db
Status = ReturnRequest.Status


@pytest.fixture
def owner():
    return make_user()


@pytest.fixture
def order(owner):
    """Two units, delivered just now, paid and in the books."""
    variant = make_variant(
        product=make_product(seller=make_seller(owner=owner, is_payable=True))
    )
    order = make_order(variant=variant, quantity=2, status=Order.Status.DELIVERED)
    order.lines.update(tax_basis_points=1900, tax_minor=319)
    Order.objects.update(delivered_at=timezone.now(), tax_minor=319)
    order.refresh_from_db()
    payment = Payment.objects.create(
        group=order.group,
        payment_intent_id=f"pi_{order.pk}",
        client_secret="secret",
        status=Payment.Status.SUCCEEDED,
        amount_minor=order.group.total_minor,
        currency=order.group.currency,
    )
    ledger.post_payment(payment)
    return order


def other_variant(order, **fields):
    product = order.lines.get().variant.product
    return make_variant(product=product, sku="other", option_values=["L"], **fields)


def ask(order, quantity=1, **details):
    line = order.lines.get()
    return return_requests.ask(
        order, {line.pk: quantity}, "Too small", Details(**details)
    )


def page(order):
    return reverse("checkout:ask_return", args=[order.group.token, order.pk])


def form(order, **fields):
    line = order.lines.get()
    return {f"line-{line.pk}": 1, "reason": "Cracked", "cause": "damaged"} | fields


def photo(data=None, name="crack.jpg"):
    data = picture_bytes() if data is None else data
    return SimpleUploadedFile(name, data, "image/jpeg")


@pytest.mark.parametrize(
    "files",
    [
        [photo(b"%PDF-1.7 no picture", "bill.pdf")],
        [photo(b"", "empty.jpg")],
        [photo() for _ in range(7)],
    ],
)
def test_what_is_no_picture_or_too_many_is_refused_with_a_word(client, order, files):
    answer = client.post(page(order), form(order, pictures=files)).content.decode()

    assert "has-error" in answer
    assert not ReturnRequest.objects.exists()
    assert not ReturnPicture.objects.exists()


def test_a_stranger_sees_no_pictures(client, order):
    asked = ask(order, pictures=[return_requests.picture_file(picture_bytes())])
    picture = asked.pictures.get()
    other = make_order(status=Order.Status.PAID)
    url = reverse("checkout:seller_return_picture", args=[picture.pk])
    assert client.get(url).status_code == 302
    stranger = make_user()
    make_seller(owner=stranger)
    client.force_login(stranger)

    assert client.get(url).status_code == 404
    url = reverse("checkout:return_picture", args=[other.group.token, picture.pk])
    assert client.get(url).status_code == 404


def overdue(asked):
    ReturnRequest.objects.filter(pk=asked.pk).update(
        answer_by=timezone.now() - timedelta(minutes=1)
    )


def test_what_the_seller_does_not_answer_in_time_is_accepted_by_itself(owner, order):
    asked = ask(order)
    assert asked.answer_by > timezone.now()
    assert return_requests.accept_overdue() == 0
    overdue(asked)

    assert [return_requests.accept_overdue() for _ in range(2)] == [1, 0]

    asked.refresh_from_db()
    assert asked.status == Status.ACCEPTED
    mails = OutgoingMail.objects.order_by("-pk")[:2]
    assert {mail.recipient for mail in mails} == {owner.email, order.group.email}
    buyers = OutgoingMail.objects.filter(recipient=order.group.email).latest("pk")
    assert order.seller.business_address in buyers.text


def test_what_was_answered_in_time_stays_as_it_was_answered(order):
    asked = ask(order)
    late = ReturnRequest.objects.get(pk=asked.pk)
    return_requests.refuse(asked, "It was worn")
    overdue(asked)

    assert return_requests.accept_overdue() == 0
    # A worker that had read it before the seller answered.
    assert return_requests.accept_unanswered(late) is False

    asked.refresh_from_db()
    assert asked.status == Status.REFUSED


def test_an_exchange_moves_the_frozen_amounts_and_no_money(order):
    variant = other_variant(order, stock=3)
    before = ledger.balances()
    line = order.lines.get()
    asked = ask(order, exchange_for=variant)

    made = exchanges.exchange(asked, None, is_restocked=True)

    order.refresh_from_db()
    sent = made.lines.get()
    assert (made.status, made.group, made.seller) == ("paid", order.group, order.seller)
    assert (sent.variant, sent.quantity) == (variant, 1)
    assert (made.total_minor, made.tax_minor, sent.commission_minor) == (
        order.refunded_minor,
        160,
        line.commission_minor // 2,
    )
    assert ledger.balances() == before
    assert ledger.unbalanced_entries() == []
    refund = Refund.objects.get()
    assert (refund.status, refund.exchanged_into) == ("succeeded", made)
    for level, left in ((variant.stock, 2), (line.variant.stock, 11)):
        level.refresh_from_db()
        assert (level.on_hand, level.reserved) == (left, 0)


def test_what_a_seller_is_due_stays_the_same_through_an_exchange(order):
    before = payouts.balance_of(order.seller)
    asked = ask(order, exchange_for=other_variant(order))
    made = exchanges.exchange(asked, None, is_restocked=False)

    after = payouts.balance_of(order.seller)

    assert after == before
    assert made.total_minor + order.total_minor - 1000 == order.group.total_minor


def test_an_exchange_that_is_canceled_pays_the_card_back(order):
    asked = ask(order, exchange_for=other_variant(order))
    made = exchanges.exchange(asked, None, is_restocked=False)

    refund = returns.cancel_order(made, reason="Too late", by=None)

    assert (refund.amount_minor, refund.payment) == (1000, order.group.payment)
    paid_back = Refund.objects.filter(exchanged_into=None)
    assert sum(refund.amount_minor for refund in paid_back) == 1000


def test_an_exchange_that_is_canceled_gives_up_no_other_promise(order):
    """The checkout that it belongs to waits for a unit of the same variant."""
    variant = other_variant(order, stock=1)
    asked = ask(order, exchange_for=variant)
    made = exchanges.exchange(asked, None, is_restocked=False)
    StockLevel.objects.filter(variant=variant).update(policy="back_order")
    sold_by = order.group.reservation_reference
    stock.reserve({variant.pk: 2}, sold_by, timezone.now() + timedelta(minutes=5))
    stock.take(sold_by)

    returns.cancel_order(made, reason="Too late", by=None)

    # The unit that came back goes to who waits, who gives up none.
    assert stock.waiting_by_variant(sold_by) == {variant.pk: 1}
    assert StockReservation.objects.get(reference=sold_by).quantity == 2
    assert stock.disagreements() == []


def test_units_canceled_one_after_the_other_are_all_on_sale_again(owner):
    variant = make_variant(product=make_product(seller=make_seller(owner=owner)))
    order = make_order(variant=variant, quantity=3, status=Order.Status.PAID)
    line = order.lines.get()
    for _ in range(2):
        order.refresh_from_db()
        returns.put_back(order, {line.pk: 1})
        line.refresh_from_db()
        line.refunded_quantity += 1
        line.save()

    variant.stock.refresh_from_db()
    assert variant.stock.on_hand == 12


def test_an_exchange_of_which_none_are_left_changes_nothing(order):
    variant = other_variant(order, stock=1)
    asked = ask(order, exchange_for=variant)
    variant.stock.on_hand = 0
    variant.stock.save()

    with pytest.raises(ReturnRefused, match="None are left"):
        exchanges.exchange(asked, None, is_restocked=True)

    asked.refresh_from_db()
    order.refresh_from_db()
    assert (asked.status, order.refunded_minor) == (Status.REQUESTED, 0)
    assert Order.objects.count() == 1


def test_what_was_paid_back_in_full_is_not_exchanged_for_nothing(order):
    variant = other_variant(order, stock=3)
    asked = ask(order, exchange_for=variant)
    # As a lost dispute does: all the money is back, all the units are there.
    claim = returns.Claim(goodwill_minor=order.refundable_minor)
    returns.refund_claim(order, claim, reason="x", by=None)

    with pytest.raises(ReturnRefused, match="was paid back"):
        exchanges.exchange(asked, None, is_restocked=True)

    asked.refresh_from_db()
    variant.stock.refresh_from_db()
    assert (asked.status, variant.stock.on_hand) == (Status.REQUESTED, 3)
    return_requests.refund(asked, None, is_restocked=True)
    assert Refund.objects.latest("pk").amount_minor == 0


def test_many_returns_cost_the_sellers_page_no_more_queries(client, owner, order):
    variant = other_variant(order, stock=3)
    client.force_login(owner)
    counts = []
    for _ in range(2):
        asked = ask(order, exchange_for=variant)
        asked.pictures.create(image="returns/x.webp")
        client.get(order.get_absolute_url())
        with CaptureQueriesContext(connection) as queries:
            client.get(order.get_absolute_url())
        counts.append(len(queries))

    assert counts[0] == counts[1]


def test_an_exchange_is_sent_once(order):
    asked = ask(order, exchange_for=other_variant(order))
    exchanges.exchange(asked, None, is_restocked=False)

    with pytest.raises(OrderConflict):
        exchanges.exchange(asked, None, is_restocked=False)

    assert Order.objects.count() == 2


def test_only_the_same_product_at_the_same_price_is_exchanged(order):
    dearer = other_variant(order, price_minor=1200)
    stranger = make_variant()
    for variant, word in ((dearer, "another price"), (stranger, "same product")):
        with pytest.raises(ReturnRefused, match=word):
            ask(order, exchange_for=variant)

    assert not ReturnRequest.objects.exists()


def test_the_pages_offer_and_send_an_exchange(client, owner, order):
    variant = other_variant(order)
    make_variant(
        product=variant.product,
        sku="dear",
        option_values=["XL"],
        price_minor=1300,
    )
    asked = form(order, exchange_for=variant.pk)
    offered = client.get(page(order)).context["form"].fields["exchange_for"].choices
    assert [key for key, _label in offered] == ["", str(variant.pk)]
    client.post(page(order), asked)
    client.force_login(owner)
    request = ReturnRequest.objects.get()
    assert "send the exchange" in client.get(order.get_absolute_url()).content.decode()

    client.post(
        reverse("checkout:answer_return", args=[request.pk]), {"decision": "exchange"}
    )

    made = Order.objects.get(exchange_of=request)
    buyers = client.get(order.group.get_absolute_url()).content.decode()
    assert "nothing more to pay" in buyers
    assert "In exchange for" in client.get(made.get_absolute_url()).content.decode()
