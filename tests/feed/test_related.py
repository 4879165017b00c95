from datetime import timedelta

import pytest
from django.utils import timezone

from tests.factories import (
    make_category,
    make_product,
    make_seller,
    make_tag,
    make_user,
    make_variant,
    make_video,
)
from tests.feed.telling import VIEWER
from tests.feed.test_training import walk, watch
from videos.feed import serving, training
from videos.feed.clips import load_page
from videos.feed.related import related_videos
from videos.feed.watchers import Watcher
from videos.models import FeedChoice, Video

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def own_models(settings, tmp_path, monkeypatch):
    settings.FEED_MODEL_ROOT = tmp_path / "models"
    monkeypatch.setattr(serving, "holder", serving.Holder())


def beside(video, watcher=None):
    [clip] = load_page([video.pk], make_user())
    return related_videos(clip, watcher or Watcher())


def make_shoppable(category=None, stock=5, **fields):
    video = make_video(**fields)
    product = make_product(seller=video.seller, category=category)
    make_variant(product=product, stock=stock)
    make_tag(video=video, product=product)
    return video


def learn():
    training.train()
    serving.load_current()


def test_without_a_model_the_same_kind_comes_first_then_the_same_shop():
    now = timezone.now()
    lamps = make_category()
    shown = make_shoppable(lamps)
    alike = make_shoppable(lamps, published_at=now - timedelta(days=9))
    of_shop = make_video(seller=shown.seller, published_at=now - timedelta(days=8))
    other = make_video()

    assert beside(shown) == [alike, of_shop, other]


def test_what_was_watched_after_it_comes_first():
    shown, *others = (make_video() for _ in range(5))
    followed = others[1]
    walk([shown, followed])
    for video in others[2:]:
        watch(video, f"viewer of {video.pk}")
    learn()

    assert beside(shown)[0] == followed


def test_what_came_after_the_training_is_known_by_its_words():
    lamp = make_video(title="Ceramic lamp", description="A lamp of warm light")
    make_video(title="Wireless headphones", description="Music by Bluetooth")
    walk([make_video(title="Wooden train", description="For children")])
    learn()
    new = make_video(title="Lamp", description="Ceramic, with warm light")
    make_video(title="Later still")

    assert beside(new)[0] == lamp


@pytest.mark.parametrize("has_model", [False, True])
def test_what_may_not_be_shown_is_not_beside_it_either(has_model):
    shown, hidden, unloved, sold_out, taken_down, open_ = (
        make_shoppable() for _ in range(6)
    )
    walk([shown, hidden, unloved, sold_out, taken_down, open_])
    if has_model:
        learn()
    sold_out.tags.get().product.variants.update(is_active=False)
    Video.objects.filter(pk=taken_down.pk).update(publication="draft")
    watcher = Watcher(
        videos=frozenset({unloved.pk}), sellers=frozenset({hidden.seller_id})
    )

    assert beside(shown, watcher) == [open_]


def test_one_shop_does_not_take_the_whole_row():
    shown = make_video()
    for _ in range(12):
        make_video(seller=shown.seller)
    for _ in range(12):
        make_video(published_at=timezone.now() - timedelta(days=30))

    found = beside(shown)

    assert len(found) == 12
    assert sum(video.seller_id == shown.seller_id for video in found) == 4


def test_it_takes_three_queries(django_assert_num_queries):
    shop = make_seller()
    videos = [make_shoppable(seller=shop) for _ in range(4)]
    walk(videos)
    learn()
    [clip] = load_page([videos[0].pk], make_user())

    with django_assert_num_queries(3):
        assert len(related_videos(clip, Watcher())) == 3


def test_the_page_leaves_out_what_its_reader_hid(client):
    shown, hidden, other = make_video(), make_video(), make_video()
    ann = make_user()
    FeedChoice.objects.create(user=ann, kind="hidden", seller=hidden.seller)
    client.force_login(ann)

    page = client.get(shown.get_absolute_url())

    assert page.context["related"] == [other]
    assert "Related videos" in page.content.decode()


def test_the_page_is_there_without_redis(client, no_redis, no_cache):
    shown, other = make_video(), make_video()

    assert client.get(shown.get_absolute_url()).context["related"] == [other]


def test_who_follows_nobody_is_shown_shops_that_suit(client):
    ann = make_user()
    new = make_seller(name="New", approved_at=timezone.now())
    liked, hidden = make_video(), make_seller(name="Hidden")
    FeedChoice.objects.create(user=ann, kind="hidden", seller=hidden)
    client.force_login(ann)
    client.cookies["viewer"] = VIEWER
    watch(liked, VIEWER)

    page = client.get("/following/")

    assert page.context["shops"] == [liked.seller, new]
    assert f"/s/{liked.seller.slug}/follow/" not in page.content.decode()
    assert f'action="/follow/{liked.seller.slug}/"' in page.content.decode()
