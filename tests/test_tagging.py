"""Which product is on screen when: the rules and the page."""

import pytest
from django.urls import reverse
from hypothesis import given
from hypothesis import strategies as st

from sellers.models import Product
from tests.factories import make_product, make_seller, make_tag, make_user, make_video
from videos.models import ProductTag, Video
from videos.tagging import Tag, TagRefused, new_tag, replace_tags

pytestmark = pytest.mark.django_db


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
def video(seller):
    return make_video(seller=seller, duration_ms=8000)


def rows(*tags, **fields):
    """The form as the page sends it."""
    sent = {"tags-TOTAL_FORMS": len(tags), "tags-INITIAL_FORMS": 0} | fields
    for n, tag in enumerate(tags):
        sent |= {f"tags-{n}-{name}": value for name, value in tag.items()}
    return sent


def spans(video):
    return [
        (t.product_id, t.starts_ms, t.ends_ms)
        for t in ProductTag.objects.filter(video=video)
    ]


def save(shop, video, *tags, **fields):
    return shop.post(
        reverse("videos:tagging", args=[video.public_id]),
        rows(*tags, **fields),
        headers={"accept": "application/json"},
    )


def test_tags_are_saved_in_whole_milliseconds_with_their_spot(shop, video):
    product = make_product(seller=video.seller)
    tag = {"product": product.pk, "starts": "1.234", "ends": "3.5",
           "x_permille": "250", "y_permille": "1000"}  # fmt: skip

    assert save(shop, video, tag).status_code == 204

    assert spans(video) == [(product.pk, 1234, 3500)]
    hotspot = ProductTag.objects.get().hotspot
    assert (hotspot.x_permille, hotspot.y_permille) == (250, 1000)


def test_saving_twice_changes_nothing_and_an_empty_set_removes_all(shop, video):
    product = make_product(seller=video.seller)
    tag = {"product": product.pk, "starts": "0", "ends": "2"}

    save(shop, video, tag)
    save(shop, video, tag)
    assert spans(video) == [(product.pk, 0, 2000)]
    save(shop, video)

    assert spans(video) == []


def test_the_end_is_clipped_to_the_video(shop, video):
    product = make_product(seller=video.seller)

    save(shop, video, {"product": product.pk, "starts": "6", "ends": "99"})

    assert spans(video) == [(product.pk, 6000, 8000)]


def test_a_clip_shorter_than_the_shortest_tag_is_tagged_as_a_whole(shop, video):
    product = make_product(seller=video.seller)
    Video.objects.filter(pk=video.pk).update(duration_ms=310)

    save(shop, video, {"product": product.pk, "starts": "0", "ends": "0.31"})

    assert spans(video) == [(product.pk, 0, 310)]


@pytest.mark.parametrize(
    ("starts", "ends"), [("3", "3"), ("5", "2"), ("2", "2.4"), ("9", "12"), ("-1", "2"),
                         ("x", "2"), ("", "")],
)  # fmt: skip
def test_impossible_times_are_refused_and_the_old_tags_stay(shop, video, starts, ends):
    old = make_tag(video=video)
    product = make_product(seller=video.seller)

    answer = save(shop, video, {"product": product.pk, "starts": starts, "ends": ends})

    assert answer.status_code == 422
    assert answer.json()["errors"]
    assert spans(video) == [(old.product_id, 0, 3000)]


def test_another_seller_s_product_cannot_be_tagged(shop, video):
    theirs = make_product()

    sent = {"product": theirs.pk, "starts": "0", "ends": "2"}
    assert save(shop, video, sent).status_code == 422
    assert save(shop, video, add=theirs.pk).status_code == 404

    assert spans(video) == []


def test_an_archived_product_cannot_be_tagged(shop, video):
    product = make_product(seller=video.seller, status=Product.Status.ARCHIVED)

    assert save(shop, video, add=product.pk).status_code == 404


def test_a_video_in_the_works_cannot_be_tagged(shop, seller):
    video = make_video(seller=seller, status=Video.Status.PROCESSING)

    assert save(shop, video).status_code == 404


def test_without_javascript_a_product_is_added_by_its_button(shop, video):
    product = make_product(seller=video.seller)

    answer = shop.post(
        reverse("videos:tagging", args=[video.public_id]), rows(add=product.pk)
    )

    assert answer.status_code == 302
    assert spans(video) == [(product.pk, 0, 5000)]


def test_a_row_marked_for_removal_goes(shop, video):
    product = make_product(seller=video.seller)
    row = {"product": product.pk, "starts": "0", "ends": "2"}

    save(shop, video, row | {"DELETE": "on"})

    assert spans(video) == []


def test_the_page_shows_the_saved_times(shop, video):
    make_tag(video=video, starts_ms=1250, ends_ms=3000)

    page = shop.get(reverse("videos:tagging", args=[video.public_id])).content.decode()

    assert 'value="1.25"' in page


def test_the_search_finds_own_products_only(shop, video):
    make_product(seller=video.seller, title="Blue cup")
    make_product(seller=video.seller, title="Red bowl")
    make_product(title="Blue plate")

    address = reverse("videos:tagging_products", args=[video.public_id])
    found = shop.get(address, {"q": "blue"}).content.decode()

    assert "Blue cup" in found
    assert "Red bowl" not in found
    assert "Blue plate" not in found


def test_one_product_is_not_tagged_twice_at_the_same_time(video):
    product = make_product(seller=video.seller)

    with pytest.raises(TagRefused, match="twice"):
        replace_tags(video, [Tag(product, 0, 2000), Tag(product, 1999, 4000)])
    replace_tags(video, [Tag(product, 0, 2000), Tag(product, 2000, 4000)])

    assert spans(video) == [(product.pk, 0, 2000), (product.pk, 2000, 4000)]


def test_at_most_three_products_at_once(video):
    products = [make_product(seller=video.seller) for _ in range(4)]

    with pytest.raises(TagRefused, match="same time"):
        replace_tags(video, [Tag(product, 0, 2000) for product in products])
    replace_tags(
        video, [Tag(p, n * 1000, n * 1000 + 3000) for n, p in enumerate(products)]
    )

    assert len(spans(video)) == 4


@given(
    duration_ms=st.integers(1, 180_000),
    starts_ms=st.integers(-1000, 200_000),
)
def test_a_new_tag_is_always_within_the_video(duration_ms, starts_ms):
    tag = new_tag(Video(duration_ms=duration_ms), Product(), starts_ms)

    assert 0 <= tag.starts_ms < tag.ends_ms <= duration_ms
    assert tag.ends_ms - tag.starts_ms >= min(500, duration_ms)
