"""Who asks is looked up in one query, and what has ended has ended at once."""

import json
from datetime import timedelta

import pytest
from django.contrib.sessions.models import Session
from django.core.cache import cache
from django.urls import reverse
from django.utils import timezone

from marketplace.accounts.recognizing import RecognizingMiddleware, hint_key
from marketplace.sessions import SessionStore
from tests.factories import make_cart, make_user, make_variant
from tests.feed.test_pages import make_shoppable

pytestmark = pytest.mark.django_db

ACCOUNT = reverse("accounts:account")


@pytest.fixture
def user():
    return make_user(email="ada@example.com")


@pytest.fixture
def member(client, user):
    """Signed in, and known by its session."""
    client.force_login(user)
    assert client.get(ACCOUNT).status_code == 200
    return client


def is_signed_in(member):
    return member.get(ACCOUNT).status_code == 200


def test_a_page_of_the_feed_takes_six_queries(
    member, settings, django_assert_max_num_queries
):
    settings.FEED_LOG_PERCENT = 0
    feed = reverse("videos:feed")
    make_shoppable()
    # Puts into the cache what is the same for all viewers.
    member.get(feed)
    member.get(feed)
    for _ in range(12):
        make_shoppable()

    # That for the trials of videos which no page knew yet among them.
    with django_assert_max_num_queries(6):
        page = member.get(feed)

    assert page.content.decode().count("data-clip=") == 10
    member.cookies["feed_choices"] = "b" * 22
    with django_assert_max_num_queries(6):
        member.get(feed)


def test_session_account_and_bars_are_one_query(member, django_assert_num_queries):
    with django_assert_num_queries(1):
        member.get(reverse("accounts:account"))


def test_a_session_that_was_ended_elsewhere_is_ended(member):
    Session.objects.all().delete()

    assert not is_signed_in(member)


def test_who_signs_out_is_out_whatever_the_cache_says(member, user):
    name = member.session.session_key
    member.post(reverse("account_logout"))
    cache.set(hint_key(name), user.pk)
    member.cookies["session"] = name

    assert not is_signed_in(member)


def test_a_session_whose_time_is_over_is_ended(member):
    Session.objects.update(expire_date=timezone.now() - timedelta(seconds=1))

    assert not is_signed_in(member)


def test_an_account_that_is_off_is_off_at_once(member, user):
    user.is_active = False
    user.save()

    assert not is_signed_in(member)


def test_another_password_ends_what_was_begun_with_the_old_one(member, user):
    user.set_password("a new one, and long")
    user.save()

    assert not is_signed_in(member)


def test_a_backend_that_the_site_gave_up_lets_nobody_in(member, settings):
    settings.AUTHENTICATION_BACKENDS = settings.AUTHENTICATION_BACKENDS[1:]

    assert not is_signed_in(member)


def test_nobody_becomes_somebody_else_by_the_cache(member):
    other = make_user(email="eve@example.com")
    cache.set(hint_key(member.session.session_key), other.pk)

    page = member.get(ACCOUNT).content.decode()

    assert "ada@example.com" in page
    assert "eve@example.com" not in page


def test_an_account_that_is_gone_is_nobody(member, user):
    cache.set(hint_key(member.session.session_key), user.pk + 1000)

    assert is_signed_in(member)


def test_without_redis_everybody_stays_signed_in(no_cache, client, user):
    client.force_login(user)

    assert is_signed_in(client)
    assert is_signed_in(client)


def test_what_was_put_into_the_session_before_stays_there(member, user, rf):
    request = rf.get("/")
    request.session = SessionStore(member.session.session_key)
    request.session["note"] = "kept"

    RecognizingMiddleware(lambda request: None).process_request(request)

    assert request.user == user
    assert request.session["note"] == "kept"


def test_the_cache_learns_no_name_of_a_session(member):
    name = member.session.session_key

    assert name not in hint_key(name)
    assert cache.get(hint_key(name)) is not None


def test_a_message_that_is_opened_counts_as_read_at_once(member, user):
    message = user.notifications.create(subject="Parcel", body="On its way.")
    assert "Unread messages:" in member.get(ACCOUNT).content.decode()

    page = member.get(reverse("accounts:message", args=[message.pk]))

    assert page.status_code == 200
    assert "Unread messages:" not in page.content.decode()


def test_what_is_put_into_the_cart_is_counted_by_the_same_page(member, user):
    variant = make_variant(stock=9)
    cart = make_cart(variant=variant, quantity=2)
    cart.user = user
    cart.save()

    answer = member.post(
        reverse("checkout:add_to_cart"),
        {"variant": variant.pk, "quantity": 1},
        headers={"HX-Request": "true"},
    )

    assert json.loads(answer["HX-Trigger"])["cart"]["count"] == 3
