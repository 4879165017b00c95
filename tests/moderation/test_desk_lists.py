"""The lists of the desk hold what their links promise, and in which order."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from checkout.models import Order
from marketplace.accounts.models import User
from tests.factories import make_order, make_staff, make_video

pytestmark = pytest.mark.django_db
Role = User.Role


def enter(client, role):
    client.force_login(make_staff(role))


def make_dispatched(status, from_now):
    order = make_order(status=status)
    order.dispatch_by = timezone.now() + from_now
    order.save()
    return order


def test_the_tile_of_late_orders_opens_those_that_it_counts(client):
    enter(client, Role.OPERATOR)
    day = timedelta(days=1)
    late = {
        make_dispatched(Order.Status.PAID, -day),
        make_dispatched(Order.Status.PARTLY_SHIPPED, -day),
    }
    due = make_dispatched(Order.Status.PAID, day)
    make_dispatched(Order.Status.SHIPPED, -day)

    tiles = client.get(reverse("admin:index")).context["queues"]
    [tile] = [tile for tile in tiles if "dispatch date" in str(tile.label)]
    opened = client.get(tile.url)
    to_ship = client.get(tile.url.replace("=late", "=due"))

    assert tile.count == 2
    assert "Partly shipped" in opened.content.decode()
    assert "partly_shipped<" not in opened.content.decode()
    assert set(opened.context["cl"].result_list) == late
    assert set(to_ship.context["cl"].result_list) == {*late, due}


@pytest.mark.parametrize("case", [str.lower, str.upper])
def test_a_checkout_is_found_by_the_buyers_address_however_it_is_written(client, case):
    enter(client, Role.OPERATOR)
    order = make_order(email="Buyer@Example.com")
    make_order(email="other@example.com")
    page = reverse("admin:checkout_ordergroup_changelist")

    found = client.get(page, {"q": case("Buyer@Example.com")})

    assert list(found.context["cl"].result_list) == [order.group]


def test_whoever_waits_longest_for_a_review_comes_first(client):
    enter(client, Role.MODERATOR)
    now = timezone.now()
    hours = [2, 3, 1]
    waiting = {
        ago: make_video(
            publication="in_review", submitted_at=now - timedelta(hours=ago)
        )
        for ago in hours
    }
    page = reverse("admin:videos_video_changelist")

    filtered = client.get(page, {"publication__exact": "in_review"})
    everything = client.get(page)

    assert list(filtered.context["cl"].result_list) == [waiting[n] for n in (3, 2, 1)]
    assert list(everything.context["cl"].result_list) == [waiting[n] for n in (1, 3, 2)]


@pytest.mark.parametrize(
    ("name", "marked"),
    [("changelist", "Videos"), ("queue", "Video queue"), ("change", "Videos")],
)
def test_one_page_of_the_menu_is_marked(client, name, marked):
    enter(client, Role.MODERATOR)
    args = [make_video().pk] if name == "change" else []

    page = client.get(reverse(f"admin:videos_video_{name}", args=args))

    items = [i for g in page.context["sidebar_navigation"] for i in g["items"]]
    assert [str(item["title"]) for item in items if item["active"]] == [marked]
