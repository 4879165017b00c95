from datetime import timedelta

import pytest
from django.utils import timezone

from sellers.models import Product, StockLevel
from tests.factories import (
    make_category,
    make_product,
    make_shipping_rate,
    make_tag,
    make_variant,
    make_video,
)
from videos.feed import candidates, sessions
from videos.feed.gates import passing, public_videos
from videos.feed.sessions import continue_feed, open_feed
from videos.feed.watchers import Watcher
from videos.models import Video

pytestmark = pytest.mark.django_db


def make_shoppable(*, stock=10, **fields):
    video = make_video(**fields)
    product = make_product(seller=video.seller)
    make_variant(product=product, stock=stock)
    make_tag(video=video, product=product)
    return video


def shown(watcher=None):
    return passing(public_videos(), watcher or Watcher())


def product_of(video):
    return video.tags.get().product


def test_a_video_without_products_is_shown():
    video = make_video()

    assert shown() == {video.pk}


def test_a_video_whose_products_are_all_sold_out_is_not_shown():
    video, sold_out = make_shoppable(), make_shoppable(stock=0)

    assert shown() == {video.pk}
    make_tag(video=sold_out, product=make_variant().product)
    assert shown() == {video.pk, sold_out.pk}


def test_the_last_item_in_somebodys_hands_is_out_of_stock():
    video = make_shoppable(stock=1)
    StockLevel.objects.update(reserved=1)
    assert shown() == set()

    StockLevel.objects.update(policy="back_order")
    assert shown() == {video.pk}
    tomorrow = timezone.localdate() + timedelta(days=1)
    StockLevel.objects.update(policy="pre_order", ships_on=tomorrow)
    assert shown() == {video.pk}
    StockLevel.objects.update(ships_on=timezone.localdate())
    assert shown() == set()


def test_a_product_that_was_taken_down_is_nothing_to_buy():
    video = make_shoppable()
    product_of(video).advance(Product.Status.ARCHIVED)

    assert shown() == set()


def test_where_the_country_is_known_something_must_go_there():
    near, far, nowhere = make_shoppable(), make_shoppable(), make_shoppable()
    plain = make_video()
    make_shipping_rate(seller=near.seller, countries=["DE", "FR"])
    make_shipping_rate(seller=far.seller, countries=["US"])
    make_shipping_rate(seller=nowhere.seller, is_active=False)

    assert shown(Watcher(country="FR")) == {near.pk, plain.pk}
    assert shown(Watcher(country="US")) == {far.pk, plain.pk}
    assert shown() == {near.pk, far.pk, nowhere.pk, plain.pk}
    make_shipping_rate(seller=far.seller)
    assert shown(Watcher(country="FR")) == {near.pk, far.pk, plain.pk}


def test_what_is_hidden_is_not_shown():
    video, other = make_shoppable(), make_shoppable()

    assert shown(Watcher(videos=frozenset({video.pk}))) == {other.pk}
    assert shown(Watcher(sellers=frozenset({video.seller_id}))) == {other.pk}
    hidden = frozenset({product_of(video).pk})
    assert shown(Watcher(products=hidden)) == {other.pk}


def test_the_gates_are_looked_at_with_every_page():
    videos = [make_shoppable() for _ in range(24)]
    first = open_feed(public_videos(), Watcher())
    left = [video for video in videos if video.pk not in first.keys]
    StockLevel.objects.filter(variant__product=product_of(left[0])).update(on_hand=0)
    left[1].reject("no")
    Video.objects.filter(pk=left[2].pk).update(deleted_at=timezone.now())

    second = continue_feed(public_videos(), Watcher(), first.next_cursor)

    assert len(second.keys) == 10
    assert not {video.pk for video in left[:3]} & set(second.keys)


def test_a_page_that_was_shown_loses_what_may_not_be_shown_any_more():
    for _ in range(12):
        make_shoppable()
    first = open_feed(public_videos(), Watcher())
    second = continue_feed(public_videos(), Watcher(), first.next_cursor)
    Video.objects.filter(pk=second.keys[0]).update(deleted_at=timezone.now())

    again = continue_feed(public_videos(), Watcher(), first.next_cursor)

    assert again.keys == second.keys[1:]
    assert [place.at for place in again.places] == [11]


def test_categories_of_a_page_are_mixed():
    cups, plates = make_category(), make_category()
    for n in range(20):
        video = make_shoppable(like_count=100 - n)
        category = cups if n < 10 else plates
        Product.objects.filter(pk=product_of(video).pk).update(category=category)

    page = open_feed(public_videos(), Watcher())

    tagged = Product.objects.filter(video_tags__video__in=page.keys)
    assert 4 <= tagged.filter(category=cups).count() <= 5


def test_where_most_of_the_best_are_sold_out_the_others_come(monkeypatch):
    monkeypatch.setattr(candidates, "GATED", 5)
    monkeypatch.setattr(sessions, "LOOKAHEAD", 1)
    for _ in range(15):
        make_shoppable(stock=0, like_count=100)
    others = [make_shoppable() for _ in range(12)]

    first = open_feed(public_videos(), Watcher())
    second = continue_feed(public_videos(), Watcher(), first.next_cursor)

    assert {*first.keys, *second.keys} == {video.pk for video in others}
    assert second.next_cursor is None


def test_where_all_that_is_new_is_sold_out_older_videos_come(monkeypatch):
    monkeypatch.setattr(candidates, "NEWEST", 5)
    then = timezone.now() - timedelta(days=9)
    old = [make_shoppable(published_at=then) for _ in range(3)]
    for _ in range(12):
        make_shoppable(stock=0)

    page = open_feed(public_videos(), Watcher())

    assert sorted(page.keys) == [video.pk for video in old]
