from datetime import timedelta
from threading import Barrier, Event

import pytest
from django.contrib.sessions.models import Session
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from checkout import cart_sweeping, carts, ordering, periodic
from checkout.models import Cart, CartLine, OrderGroup
from marketplace.accounts import periodic as account_periodic
from tests.factories import make_order, make_user, make_variant
from tests.races import at_once

LONG = timedelta(days=400)


def make_old_cart(*, user=None, age=LONG):
    cart = Cart.objects.create(user=user)
    CartLine.objects.create(cart=cart, variant=make_variant())
    Cart.objects.filter(pk=cart.pk).update(updated_at=timezone.now() - age)
    return cart


@pytest.mark.django_db
def test_the_cart_of_a_guest_who_never_came_back_goes(settings):
    settings.GUEST_CART_DAYS = 30
    make_old_cart(age=timedelta(days=31))
    young = make_old_cart(age=timedelta(days=29))
    ours = make_old_cart(user=make_user())

    periodic.sweep_carts()
    periodic.sweep_carts()

    assert set(Cart.objects.all()) == {young, ours}
    assert CartLine.objects.count() == 2


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("status", "is_kept"), [("pending", True), ("paid", False), ("canceled", False)]
)
def test_a_cart_that_is_being_paid_for_stays(status, is_kept):
    """A payment that is processing leaves its group pending."""
    cart = make_old_cart()
    group = make_order().group
    fields = {"paid_at": timezone.now()} if status == "paid" else {}
    OrderGroup.objects.filter(pk=group.pk).update(cart=cart, status=status, **fields)

    cart_sweeping.sweep_carts()

    assert Cart.objects.exists() is is_kept
    assert OrderGroup.objects.get().cart_id == (cart.pk if is_kept else None)


@pytest.mark.django_db
def test_more_carts_than_one_batch_are_swept(monkeypatch):
    monkeypatch.setattr(cart_sweeping, "BATCH", 2)
    for _ in range(5):
        make_old_cart()

    assert cart_sweeping.sweep_carts() == 5
    assert Cart.objects.exists() is False


@pytest.mark.django_db
@pytest.mark.parametrize("put_in", [carts.add, carts.put])
def test_a_cart_is_touched_when_something_is_put_in(put_in):
    cart = make_old_cart()

    put_in(cart, make_variant(), 1)

    assert cart_sweeping.sweep_carts() == 0


@pytest.mark.django_db
def test_a_cart_that_is_gone_takes_nothing_more_and_makes_no_order():
    cart = make_old_cart()
    cart_sweeping.sweep_carts()

    with pytest.raises(carts.CartRefusal, match="gone"):
        carts.add(cart, make_variant(), 1)
    with pytest.raises(ordering.EmptyCart):
        ordering.place_order(cart, None, "key")


@pytest.mark.django_db
def test_a_guest_whose_cart_was_swept_starts_a_new_one(client):
    variant = make_variant()
    page = reverse("checkout:add_to_cart")
    client.post(page, {"variant": variant.pk, "quantity": 1})
    Cart.objects.update(updated_at=timezone.now() - LONG)
    cart_sweeping.sweep_carts()

    assert client.get(reverse("checkout:cart")).status_code == 200
    client.post(page, {"variant": variant.pk, "quantity": 2})

    assert CartLine.objects.get().quantity == 2


def add_between_the_look_and_the_deletion(monkeypatch, cart):
    looked, added = Barrier(2), Event()
    delete = cart_sweeping.delete_forgotten

    def delete_later(*args):
        looked.wait(10)
        assert added.wait(10)
        return delete(*args)

    def add():
        looked.wait(10)
        carts.add(cart, make_variant(), 1)
        added.set()

    monkeypatch.setattr(cart_sweeping, "delete_forgotten", delete_later)
    return at_once(add, cart_sweeping.sweep_carts)


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_a_cart_that_is_used_while_the_broom_comes_stays(monkeypatch):
    cart = make_old_cart()

    results = add_between_the_look_and_the_deletion(monkeypatch, cart)

    assert results == [None, 0]
    assert cart.lines.count() == 2


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_without_the_touch_the_same_cart_is_lost(monkeypatch):
    cart = make_old_cart()
    monkeypatch.setattr(Cart, "touch", lambda self: True)

    results = add_between_the_look_and_the_deletion(monkeypatch, cart)

    assert results == [None, 1]
    assert Cart.objects.exists() is False


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_the_broom_does_not_wait_for_a_cart_in_use():
    cart = make_old_cart()
    is_used, is_swept = Event(), Event()

    def use():
        with transaction.atomic():
            Cart.objects.select_for_update().get(pk=cart.pk)
            is_used.set()
            assert is_swept.wait(10)

    def sweep():
        assert is_used.wait(10)
        swept = cart_sweeping.sweep_carts()
        is_swept.set()
        return swept

    assert at_once(use, sweep) == [None, 0]
    assert Cart.objects.exists() is True


@pytest.mark.django_db
def test_the_look_for_forgotten_carts_goes_by_the_index():
    Cart.objects.bulk_create(Cart() for _ in range(2000))
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE checkout_cart")
    before = timezone.now() - LONG
    with CaptureQueriesContext(connection):
        plan = Cart.objects.forgotten(before).order_by().explain()

    assert "guest_carts_by_age" in plan


@pytest.mark.django_db
def test_sessions_whose_time_is_over_are_cleared(client):
    for _ in range(2):
        client.session.save()
        client.cookies.clear()
    past, current = Session.objects.all()
    Session.objects.filter(pk=past.pk).update(expire_date=timezone.now() - LONG)

    account_periodic.clear_sessions()

    assert list(Session.objects.all()) == [current]
