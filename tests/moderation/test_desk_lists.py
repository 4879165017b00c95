"""The lists of the desk hold what their links promise, and in which order."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from checkout.models import Order
from marketplace.accounts.models import User
from sellers.models import Product
from tests.factories import (
    make_order,
    make_product,
    make_report,
    make_seller,
    make_staff,
    make_video,
)

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


def list_queries(client, name):
    with CaptureQueriesContext(connection) as captured:
        assert client.get(reverse(f"admin:{name}_changelist")).status_code == 200
    return [query["sql"] for query in captured]


@pytest.mark.parametrize(
    ("name", "make"),
    [
        ("sellers_product", make_product),
        ("videos_video", make_video),
        ("sellers_seller", make_seller),
        ("checkout_order", make_order),
        ("moderation_report", make_report),
    ],
)
def test_a_list_asks_no_more_for_more_rows(client, name, make):
    client.force_login(make_staff(is_superuser=True))
    make()
    list_queries(client, name)
    few = list_queries(client, name)
    for _ in range(8):
        make()

    many = list_queries(client, name)

    assert len(many) == len(few)
    assert len(many) <= 14
    counts = [sql for sql in many if "COUNT(*)" in sql]
    assert all("LIMIT 1001" in sql for sql in counts)


def test_a_list_of_many_rows_reads_one_page_by_an_index(client):
    client.force_login(make_staff(is_superuser=True))
    seller = make_seller()
    Product.objects.bulk_create(
        Product(seller=seller, title=f"Thing {n}", slug=f"thing-{n}")
        for n in range(20_000)
    )
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE sellers_product")

    queries = list_queries(client, "sellers_product")
    response = client.get(reverse("admin:sellers_product_changelist"))

    [page] = [sql for sql in queries if "LIMIT 50" in sql and "sellers_product" in sql]
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN {page}")
        plan = "\n".join(row[0] for row in cursor.fetchall())
    assert "Index Scan Backward using sellers_product_pkey" in plan
    assert "Sort" not in plan
    assert 19_000 < response.context["cl"].result_count < 21_000
