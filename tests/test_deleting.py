"""Deleted at once, restored within thirty days, then gone for good."""

from datetime import timedelta

import pytest
from django.core.cache import cache
from django.urls import reverse
from django.utils import timezone

from checkout.models import Order, OrderLine
from marketplace.accounts.models import User
from marketplace.moderation import decisions
from tests.factories import (
    make_order,
    make_product,
    make_seller,
    make_staff,
    make_tag,
    make_user,
    make_variant,
    make_video,
)
from tests.races import at_once
from videos import deleting, periodic, uploads
from videos.captioning import save_track
from videos.captions import Cue
from videos.models import CaptionTrack, Engagement, LeaseLost, Video, VideoConflict
from videos.models.publishing import PublishingQuerySet
from videos.tasks import remove_video_files, transcode_video


@pytest.fixture
def owner():
    return make_user()


@pytest.fixture
def seller(owner):
    return make_seller(owner=owner)


@pytest.fixture
def shop(client, owner, seller):
    client.force_login(owner)
    return client


@pytest.fixture
def gone(monkeypatch):
    """The public ids whose files are removed."""
    gone = []
    monkeypatch.setattr(remove_video_files, "delay_on_commit", gone.append)
    return gone


def path(name, video, *more):
    return reverse(f"videos:{name}", args=[video.public_id, *more])


def age(video, **ago):
    Video.objects.filter(pk=video.pk).update(
        deleted_at=timezone.now() - timedelta(**ago)
    )


@pytest.mark.django_db
def test_a_deleted_video_is_nowhere_at_once(shop, owner, seller):
    video = make_video(seller=seller, title="Moonlight teapot")
    product = make_product(seller=seller)
    make_variant(product=product, stock=5)
    make_tag(video=video, product=product)
    Engagement.objects.create(user=owner, video=video, kind=Engagement.Kind.SAVE)
    places = [
        reverse("videos:feed"),
        reverse("videos:api_feed"),
        reverse("videos:saved"),
        f"{seller.get_absolute_url()}?tab=videos",
        product.get_absolute_url(),
        reverse("discovery:shop"),
        f"{reverse('discovery:search')}?q=moonlight",
        f"{reverse('discovery:suggest')}?q=moonlight",
        "/sitemap-videos.xml",
    ]
    before = {place: shop.get(place).content.decode() for place in places}
    assert [p for p in places if video.public_id not in before[p]] == []

    shop.post(path("delete", video))

    after = {place: shop.get(place).content.decode() for place in places}
    assert [p for p in places if video.public_id in after[p]] == []
    for name in ("video", "api_offers"):
        assert shop.get(path(name, video)).status_code == 404
    for name in ("like", "save"):
        assert shop.post(path(name, video)).status_code == 404
    assert shop.get(path("product_sheet", video, product.pk)).status_code == 404
    for name in ("studio", "status", "tagging", "tagging_products"):
        assert shop.get(path(name, video)).status_code == 404


@pytest.mark.django_db
def test_deleting_asks_first_and_can_be_undone_from_the_message(shop, seller, gone):
    video = make_video(seller=seller, title="Teapot", like_count=7)
    make_tag(video=video)

    assert "30 days" in shop.get(path("delete", video)).content.decode()
    assert Video.objects.published().exists()
    page = shop.post(path("delete", video), follow=True).content.decode()
    assert path("restore", video) in page
    assert "Undo" in page
    assert (
        path("restore", video)
        not in shop.get(reverse("videos:videos")).content.decode()
    )

    shop.post(path("restore", video))

    back = Video.objects.published().get()
    assert (back.pk, back.like_count, back.tags.count()) == (video.pk, 7, 1)
    assert shop.get(path("video", video)).status_code == 200
    assert gone == []


@pytest.mark.django_db
def test_the_deleted_are_listed_with_the_days_they_have_left(shop, seller):
    kept, video = make_video(seller=seller), make_video(seller=seller)
    theirs = make_video()
    for each in (video, theirs):
        each.mark_deleted()
    age(video, days=27, hours=1)

    page = shop.get(reverse("videos:deleted")).content.decode()

    assert "3 days left" in page
    assert path("restore", video) in page
    assert kept.public_id not in page
    assert theirs.public_id not in page


@pytest.mark.django_db
def test_nobody_but_its_seller_deletes_or_restores(client, seller):
    video, lost = make_video(seller=seller), make_video(seller=seller)
    lost.mark_deleted()
    stranger = make_user()
    make_seller(owner=stranger)

    assert client.post(path("delete", video)).status_code == 302
    assert client.get(reverse("videos:deleted")).status_code == 302
    client.force_login(stranger)
    assert client.get(path("delete", video)).status_code == 404
    assert client.post(path("delete", video)).status_code == 404
    assert client.post(path("restore", lost)).status_code == 404

    assert list(Video.objects.kept()) == [video]


@pytest.mark.django_db
def test_deleting_and_restoring_twice_change_nothing_more(shop, seller):
    video = make_video(seller=seller)

    shop.post(path("delete", video))
    deleted_at = Video.objects.get().deleted_at
    assert shop.post(path("delete", video)).status_code == 302
    assert Video.objects.get().deleted_at == deleted_at
    shop.post(path("restore", video))
    assert shop.post(path("restore", video)).status_code == 302

    assert Video.objects.published().count() == 1


@pytest.mark.django_db
def test_a_running_transcode_stops_and_goes_on_after_restoring(seller, monkeypatch):
    sent = []
    monkeypatch.setattr(transcode_video, "delay_on_commit", sent.append)
    video = make_video(seller=seller, status=Video.Status.UPLOADED, source="sources/x")
    assert video.claim()

    deleting.delete(Video.objects.get(pk=video.pk))

    with pytest.raises(LeaseLost):
        video.renew_lease(50)
    with pytest.raises(LeaseLost):
        video.mark_ready([])
    assert not Video.objects.waiting().exists()
    assert not Video.objects.running().exists()
    with pytest.raises(VideoConflict):
        uploads.send(video)
    deleting.restore(Video.objects.get(pk=video.pk))
    assert Video.objects.due().get() == video
    assert sent == [video.pk]


@pytest.mark.django_db
def test_moderators_decide_nothing_about_what_is_deleted(shop, seller):
    video = make_video(seller=seller, publication=Video.Publication.IN_REVIEW)
    video.mark_deleted()

    with pytest.raises(decisions.AlreadyDecided):
        decisions.approve_video(video, make_staff(is_superuser=True))

    video.refresh_from_db()
    assert video.publication == Video.Publication.IN_REVIEW
    assert not Video.objects.in_review().exists()


@pytest.mark.django_db
def test_the_desk_says_that_a_video_was_deleted(client, seller):
    make_video(seller=seller).mark_deleted()
    client.force_login(make_staff(User.Role.MODERATOR))

    page = client.get(reverse("admin:videos_video_changelist")).content.decode()

    assert "Deleted by the shop" in page


@pytest.mark.django_db
def test_after_thirty_days_row_and_files_go_and_the_orders_stay(
    seller, gone, django_capture_on_commit_callbacks
):
    video, recent = make_video(seller=seller, title="Teapot"), make_video(seller=seller)
    save_track(video, "en", [Cue(0, 1000, "Hello")])
    captions = video.captions.get().file
    order = make_order(status=Order.Status.PAID)
    OrderLine.objects.update(video=video, video_title=video.title)
    for each in (video, recent):
        each.mark_deleted()
    age(video, days=30, seconds=1)
    age(recent, days=29, hours=23)

    with django_capture_on_commit_callbacks(execute=True):
        periodic.purge_videos()
        periodic.purge_videos()

    assert list(Video.objects.all()) == [recent]
    assert gone == [video.public_id]
    assert not CaptionTrack.objects.filter(file=captions).exists()
    line = OrderLine.objects.get(order=order)
    assert (line.video, line.video_title) == (None, "Teapot")


@pytest.mark.django_db
def test_how_long_is_a_setting(seller, gone, settings):
    settings.VIDEO_DELETED_KEEP_DAYS = 2
    video = make_video(seller=seller)
    video.mark_deleted()
    age(video, days=1)
    periodic.purge_videos()
    assert Video.objects.exists()

    age(video, days=2)
    periodic.purge_videos()

    assert not Video.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_one_of_two_that_delete_at_once_is_told(seller):
    video = make_video(seller=seller)

    results = at_once(*[Video.objects.get(pk=video.pk).mark_deleted] * 2)

    assert sorted(type(r) for r in results if r) == [VideoConflict]
    assert results.count(None) == 1


def restore_and_purge_at_once(seller, gone):
    """How often a video was restored, and yet its files were removed."""
    lost = 0
    for _ in range(8):
        video = make_video(seller=seller)
        video.mark_deleted()
        age(video, days=31)
        mine = Video.objects.get(pk=video.pk)
        results = at_once(
            lambda mine=mine: deleting.restore(mine) or "restored",
            lambda pk=video.pk: deleting.purge(pk),
        )
        lost += results[0] == "restored" and video.public_id in gone
    return lost


@pytest.mark.django_db(transaction=True)
def test_what_is_restored_is_not_purged_at_the_same_time(seller, gone):
    cache.clear()

    assert restore_and_purge_at_once(seller, gone) == 0


@pytest.mark.django_db(transaction=True)
def test_without_the_lock_a_restored_video_is_purged(seller, gone, monkeypatch):
    """The control of the test above: it can fail."""
    monkeypatch.setattr(PublishingQuerySet, "select_for_update", lambda self, **_: self)
    restored = make_video(seller=seller)
    restored.mark_deleted()
    age(restored, days=31)
    read = PublishingQuerySet.first

    def read_then_restore(self):
        video = read(self)
        if video:
            at_once(Video.objects.get(pk=restored.pk).restore)
        return video

    monkeypatch.setattr(PublishingQuerySet, "first", read_then_restore)

    assert deleting.purge(restored.pk) is True
    assert gone == [restored.public_id]
