from contextlib import contextmanager

import pytest
from django.contrib.postgres.expressions import ArraySubquery
from django.db import NotSupportedError, connection, transaction
from django.db.models import CharField, OuterRef, Q
from django.db.models.functions import JSONObject
from django.utils import timezone

from marketplace.prepared import Given, Prepared, given_keys
from tests.factories import make_seller, make_video
from videos.models import Video

pytestmark = pytest.mark.django_db


def of_shop(is_newest_first):
    named = Video.objects.filter(Q(title=Given("title", CharField())))
    same = Video.objects.filter(pk=OuterRef("pk")).values(json=JSONObject(of="title"))
    videos = named.filter(pk__in=given_keys("keys"))
    order = "-pk" if is_newest_first else "pk"
    return videos.order_by(order).values_list("pk", "seller__name", ArraySubquery(same))


def test_rows_are_as_django_reads_them_for_each_asking():
    shop = make_seller(name="Mugs")
    first, second = (make_video(title="A mug", seller=shop) for _ in range(2))
    other = make_video(title="x' OR true --", seller=shop)
    keys = [first.pk, second.pk, other.pk]
    asked = Prepared(of_shop)

    rows = asked.rows(True, title="A mug", keys=keys)

    assert [row[0] for row in rows] == [second.pk, first.pk]
    assert list(rows[0][1:]) == ["Mugs", [{"of": "A mug"}]]
    [row] = asked.rows(True, title=other.title, keys=keys)
    assert row[0] == other.pk
    assert asked.rows(True, title="A mug", keys=[]) == []


def test_the_sql_is_built_once_for_each_kind():
    built = []

    def build(*kind):
        built.append(kind)
        return of_shop(*kind)

    asked = Prepared(build)
    video = make_video(title="A mug")
    for kind in (True, False, True, False):
        [row] = asked.rows(kind, title="A mug", keys=[video.pk])
        assert row[0] == video.pk

    assert built == [(True,), (False,)]


def test_a_value_that_is_not_given_is_an_error():
    with pytest.raises(KeyError):
        Prepared(of_shop).rows(True, title="A mug")


def planned(part):
    """How often this connection has had a statement with this in it planned for it."""
    statements = "SELECT count(*) FROM pg_prepared_statements"
    with connection.cursor() as cursor:
        cursor.execute(f"{statements} WHERE strpos(statement, %s) > 0", [part])
        return cursor.fetchone()[0]


def test_postgresql_is_given_values_alone_of_what_it_knows():
    video = make_video(title="A mug")
    asked = Prepared(of_shop)
    part = '"videos_video"."title" = '

    for title in ("A mug", "A bowl", "A mug"):
        rows = asked.rows(True, title=title, keys=[video.pk] * 300)
        assert [row[0] for row in rows] == ([video.pk] if title == "A mug" else [])

    assert planned(part) == 1


def test_rows_are_the_same_in_the_form_of_postgresql():
    video = make_video(published_at=timezone.now())

    def build():
        return Video.objects.filter(pk__in=given_keys("keys")).values_list(
            "pk", "title", "published_at", "is_changing", "view_count", "publish_at"
        )

    by_text, by_binary = (
        Prepared(build, is_binary=is_binary).rows(keys=[video.pk])
        for is_binary in (False, True)
    )

    assert by_binary == by_text
    assert by_text[0][2] == video.published_at


def of_colour():
    return Video.objects.filter(pk__in=given_keys("keys")).values_list("colour")


@pytest.mark.django_db(transaction=True)
def test_a_migration_while_it_is_known_is_no_failure():
    video = make_video(colour="#112233")
    asked = Prepared(of_colour)
    assert asked.rows(keys=[video.pk]) == [("#112233",)]
    with altered("varchar(8)"):
        assert asked.rows(keys=[video.pk]) == [("#112233",)]
    assert asked.rows(keys=[video.pk]) == [("#112233",)]


@pytest.mark.django_db(transaction=True)
def test_a_migration_ends_a_transaction_that_knew_it_and_none_after_it():
    video = make_video(colour="#112233")
    asked = Prepared(of_colour)
    assert asked.rows(keys=[video.pk]) == [("#112233",)]

    with altered("varchar(8)"):
        with pytest.raises(NotSupportedError), transaction.atomic():
            asked.rows(keys=[video.pk])

        with transaction.atomic():
            assert asked.rows(keys=[video.pk]) == [("#112233",)]


@contextmanager
def altered(column_type):
    """By another connection, as a migration is."""
    alter = "ALTER TABLE videos_video ALTER COLUMN colour TYPE "
    other = connection.copy()
    try:
        with other.cursor() as cursor:
            cursor.execute(alter + column_type)
        yield
        with other.cursor() as cursor:
            cursor.execute(alter + "varchar(7)")
    finally:
        other.close()
