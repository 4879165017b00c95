"""Payments at which the bank is still at work."""

from dataclasses import replace
from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from checkout import gateway, payments
from checkout.models import OrderGroup, Payment
from sellers.models import StockReservation
from tests.factories import make_variant
from tests.payments.checkouts import lapse, make_group, start

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("sandbox")]


def test_goods_are_kept_for_longer_once_while_the_bank_is_at_work(settings):
    group = make_group()
    intent = gateway.read_payment(start(group).payment_intent_id)
    processing = replace(intent, status="processing")

    payments.apply_intent(processing)
    group.refresh_from_db()
    first = group.pay_before
    settings.PAYMENT_PROCESSING_MINUTES = 600
    payments.apply_intent(processing)

    group.refresh_from_db()
    assert timedelta(minutes=59) < first - timezone.now() <= timedelta(minutes=60)
    assert group.pay_before == first
    assert StockReservation.objects.get().expires_at == first


def test_a_bank_that_is_at_work_does_not_bring_back_what_was_given_up():
    variant = make_variant(stock=1)
    group = make_group(variants=[variant])
    intent = gateway.read_payment(start(group).payment_intent_id)
    lapse(group)
    payments.release_overdue()

    payments.apply_intent(replace(intent, status="processing"))

    group.refresh_from_db()
    assert group.status == OrderGroup.Status.CANCELED
    variant.stock.refresh_from_db()
    assert (variant.stock.on_hand, variant.stock.reserved) == (1, 0)


def test_the_buyer_reads_that_the_bank_is_at_work(client):
    group = make_group()
    intent = gateway.read_payment(start(group).payment_intent_id)
    payments.apply_intent(replace(intent, status="processing"))

    page = client.get(group.get_absolute_url()).content.decode()
    assert "Your bank is at work on the payment" in page
    payments.apply_intent(replace(intent, status="requires_payment_method", error="No"))
    page = client.get(group.get_absolute_url()).content.decode()
    assert "Waiting for your payment" in page


def test_a_retry_at_which_the_bank_is_at_work_takes_the_old_error_away(client):
    group = make_group()
    intent = gateway.read_payment(start(group).payment_intent_id)
    payments.apply_intent(replace(intent, error="Your card was declined."))
    pay_url = reverse("checkout:pay", args=[group.token])
    assert "Your card was declined." in client.get(pay_url).content.decode()

    payments.apply_intent(replace(intent, status="processing"))

    answer = client.get(pay_url)  # there is nothing to pay while it is on its way
    assert answer.url == group.get_absolute_url()
    page = client.get(answer.url).content.decode()
    assert "Your bank is at work on the payment" in page
    assert "declined" not in page


def test_a_bank_that_takes_days_is_asked_about_every_five_minutes(monkeypatch):
    group = make_group()
    intent = gateway.read_payment(start(group).payment_intent_id)
    processing = replace(intent, status="processing")
    payments.apply_intent(processing)
    lapse(group)
    asked = []
    monkeypatch.setattr(
        gateway, "cancel_payment", lambda pk: asked.append(pk) or processing
    )

    for _ in range(3):
        payments.release_overdue()
    assert asked == [intent.id]

    Payment.objects.update(asked_at=timezone.now() - timedelta(minutes=5))
    payments.release_overdue()
    group.refresh_from_db()
    assert len(asked) == 2
    assert group.status == OrderGroup.Status.PENDING


def test_what_a_bank_took_days_for_is_not_said_to_be_kept(client):
    group = make_group()
    intent = gateway.read_payment(start(group).payment_intent_id)
    payments.apply_intent(replace(intent, status="processing"))
    lapse(group)

    page = client.get(group.get_absolute_url()).content.decode()

    assert "Your bank is at work on the payment" in page
    assert "The items are not kept any longer" in page
