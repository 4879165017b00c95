"""Returns that are accepted and never come: reminded, closed, opened again."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from checkout import payouts, return_requests, returns, unsent_returns, withdrawals
from checkout.models import Order, OrderConflict, Refund, ReturnRequest
from checkout.return_requests import ReturnRefused
from marketplace.accounts.models import OutgoingMail, User
from tests.factories import make_seller, make_staff, make_user
from tests.test_returns_pages import make_bought

pytestmark = pytest.mark.django_db
Status = ReturnRequest.Status


@pytest.fixture
def owner():
    return make_user()


@pytest.fixture
def order(owner):
    return make_bought(owner, status=Order.Status.DELIVERED)


@pytest.fixture
def accepted(order):
    line = order.lines.get()
    asked = return_requests.ask(order, {line.pk: 1}, "Too small")
    return_requests.accept(asked, "To our shop, please.")
    return asked


def withdraw(order):
    withdrawals.withdraw(order, {order.lines.get().pk: 1}, "bea@example.org")
    return ReturnRequest.objects.get()


def go_by(asked, **fields):
    """So long ago, each of them."""
    ReturnRequest.objects.filter(pk=asked.pk).update(
        **{name: timezone.now() - timedelta(days=days) for name, days in fields.items()}
    )
    asked.refresh_from_db()


def clock():
    unsent_returns.remind_buyers()
    return unsent_returns.close_unsent()


def mails(subject):
    return OutgoingMail.objects.filter(subject=subject)


def sent_page(asked):
    token = asked.order.group.token
    return reverse("checkout:return_sent", args=[token, asked.pk])


def test_the_buyer_is_reminded_once_and_then_it_is_closed(accepted, order):
    assert (accepted.send_by - timezone.now()).days == 13
    assert clock() == 0
    go_by(accepted, send_by=1)
    for _ in range(2):
        assert clock() == 0
    accepted.refresh_from_db()
    assert accepted.status == Status.ACCEPTED
    assert mails("Have you sent your return?").count() == 1

    go_by(accepted, reminded_at=8)
    assert [clock(), clock()] == [1, 0]

    accepted.refresh_from_db()
    assert accepted.status == Status.CLOSED
    assert accepted.answer == "To our shop, please.\n\nIt was not sent back in time."
    told = mails("Your return is closed").get()
    assert "It was not sent back in time." in told.text
    assert order.seller.email in told.text
    assert mails(
        f"The return of order {order.number} is closed: it did not come"
    ).exists()
    assert Refund.objects.exists() is False


def test_nobody_is_closed_unwarned(accepted):
    """The clock had stood still for long."""
    go_by(accepted, send_by=100)

    assert clock() == 0

    accepted.refresh_from_db()
    assert accepted.reminded_at is not None


def test_a_withdrawal_has_the_days_of_the_law_at_least(order, settings):
    settings.RETURN_SEND_DAYS = 3

    asked = withdraw(order)

    assert (asked.send_by - timezone.now()).days == 13


def test_without_a_deadline_it_waits_without_end(order, settings):
    settings.RETURN_SEND_DAYS = 0

    asked = withdraw(order)

    assert asked.send_by is None
    assert clock() == 0


def test_who_says_how_it_was_sent_is_not_closed(client, owner, accepted, order):
    go_by(accepted, send_by=9, reminded_at=8)

    page = client.get(order.group.get_absolute_url()).content.decode()
    assert sent_page(accepted) in page
    client.post(sent_page(accepted), {"proof": "DHL 123, on Monday"})

    assert clock() == 0
    accepted.refresh_from_db()
    assert (accepted.status, accepted.proof) == (Status.ACCEPTED, "DHL 123, on Monday")
    assert (
        "DHL 123"
        in OutgoingMail.objects.get(
            recipient=owner.email, subject__contains="on its way"
        ).text
    )
    client.force_login(owner)
    shown = client.get(order.get_absolute_url()).content.decode()
    assert "DHL 123, on Monday" in shown


def test_of_a_withdrawal_the_proof_is_enough_and_the_shop_reads_so(
    client, owner, order
):
    asked = withdraw(order)

    client.post(sent_page(asked), {"proof": "Post, receipt 7"})

    assert "pay it back now" in OutgoingMail.objects.latest("pk").text
    client.force_login(owner)
    assert "pay back now" in client.get(order.get_absolute_url()).content.decode()


@pytest.mark.parametrize("status", [Status.REQUESTED, Status.CLOSED, Status.REFUNDED])
def test_only_of_what_is_accepted_it_is_said(client, accepted, status):
    ReturnRequest.objects.update(status=status)

    assert client.get(sent_page(accepted)).status_code == 404
    assert client.post(sent_page(accepted), {"proof": "x"}).status_code == 404


def test_a_stranger_says_nothing(client, accepted, owner):
    other = make_bought(owner)
    page = reverse("checkout:return_sent", args=[other.group.token, accepted.pk])

    assert client.post(page, {"proof": "x"}).status_code == 404
    accepted.refresh_from_db()
    assert accepted.sent_at is None


def close(asked):
    assert unsent_returns.close(asked, "It did not come.") is True
    asked.refresh_from_db()


def test_what_is_closed_holds_no_money_back(accepted, order):
    Order.objects.update(delivered_at=timezone.now() - timedelta(days=30))
    assert payouts.due_orders().exists() is False

    close(accepted)

    assert list(payouts.due_orders()) == [order]


def test_the_shop_opens_it_again_when_the_parcel_turns_up(client, owner, accepted):
    close(accepted)
    client.force_login(owner)
    page = reverse("checkout:answer_return", args=[accepted.pk])
    assert (
        "Open it again"
        in client.get(accepted.order.get_absolute_url()).content.decode()
    )

    for _ in range(2):
        client.post(page, {"decision": "reopen"})
    client.post(page, {"decision": "refund"})

    accepted.refresh_from_db()
    assert accepted.status == Status.REFUNDED
    assert Refund.objects.count() == 1
    assert mails("Your return is open again").count() == 1


def test_a_page_left_open_does_not_accept_what_was_closed(client, owner, accepted):
    """Its reminder is old, so it would be closed again by the next round."""
    go_by(accepted, send_by=20, reminded_at=8)
    close(accepted)
    client.force_login(owner)

    page = reverse("checkout:answer_return", args=[accepted.pk])
    client.post(page, {"decision": "accept", "answer": "Yes"})

    accepted.refresh_from_db()
    assert accepted.status == Status.CLOSED
    assert mails("Please send it back").count() == 1


def test_what_is_opened_again_meanwhile_is_not_closed_by_the_same_round(accepted):
    go_by(accepted, send_by=20, reminded_at=8)
    read_before = ReturnRequest.objects.get(pk=accepted.pk)
    close(accepted)
    unsent_returns.reopen(accepted)

    assert unsent_returns.close(read_before, "It was not sent back in time.") is False

    accepted.refresh_from_db()
    assert accepted.status == Status.ACCEPTED


def test_another_shop_opens_nothing(client, accepted):
    close(accepted)
    stranger = make_user()
    make_seller(owner=stranger)
    client.force_login(stranger)
    page = reverse("checkout:answer_return", args=[accepted.pk])

    assert client.post(page, {"decision": "reopen"}).status_code == 404


def test_units_that_were_paid_back_meanwhile_are_not_opened_again(accepted, order):
    close(accepted)
    line = order.lines.get()
    returns.refund_lines(order, {line.pk: line.quantity}, reason="x", by=None)

    with pytest.raises(ReturnRefused):
        unsent_returns.reopen(accepted)

    accepted.refresh_from_db()
    assert accepted.status == Status.CLOSED


def test_the_desk_closes_what_a_buyer_wrongly_says_was_sent(client, accepted, order):
    unsent_returns.say_sent(accepted, "A lie")
    go_by(accepted, send_by=40, reminded_at=30)
    assert clock() == 0
    client.force_login(make_staff(User.Role.MODERATOR))
    page = "admin:checkout_returnrequest_decide"
    closing = reverse(page, args=[accepted.pk, "close"])

    assert client.post(closing, {"details": ""}).status_code == 200
    client.post(closing, {"details": "The carrier knows no such parcel."})
    accepted.refresh_from_db()
    assert accepted.status == Status.CLOSED
    assert "no such parcel" in mails("Your return is closed").get().text

    reopening = reverse(page, args=[accepted.pk, "reopen"])
    assert client.post(reopening, {"details": ""}).status_code == 200
    client.post(reopening, {"details": "The parcel turned up."})
    accepted.refresh_from_db()
    assert (accepted.status, accepted.proof) == (Status.ACCEPTED, "")
    assert accepted.answer.endswith("no such parcel.\n\nThe parcel turned up.")
    text = mails("Your return is open again").get().text
    assert "The parcel turned up." in text
    assert "no such parcel" not in text


def test_what_was_decided_is_not_said_to_be_sent(accepted, owner):
    stale = ReturnRequest.objects.get(pk=accepted.pk)
    return_requests.refund(accepted, owner, is_restocked=False)

    with pytest.raises(OrderConflict):
        unsent_returns.say_sent(stale, "DHL")
    assert unsent_returns.close(stale, "late") is False
