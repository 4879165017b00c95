import pytest
from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import CharField, OuterRef, Q
from django.db.models.functions import JSONObject

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
