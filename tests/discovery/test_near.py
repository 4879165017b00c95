import pytest
from django.urls import reverse

from sellers.models import Product
from tests.factories import (
    make_category,
    make_product,
    make_seller,
    make_shipping_rate,
    make_tag,
    make_user,
    make_variant,
    make_video,
)
from tests.feed.test_training import watch
from videos.feed import serving, training
from videos.models import FeedChoice, ProductPair

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def own_models(settings, tmp_path, monkeypatch):
    settings.FEED_MODEL_ROOT = tmp_path / "models"
    monkeypatch.setattr(serving, "holder", serving.Holder())


def make_goods(*, stock=5, price_minor=1000, **fields):
    product = make_product(**fields)
    make_variant(product=product, stock=stock, price_minor=price_minor)
    return product


def pair(product, *others):
    for place, other in enumerate(others):
        ProductPair.objects.create(
            product=product, other=other, buyers=3, lift=2, weight=1 - place / 10
        )


def near(client, product, **headers):
    response = client.get(reverse("discovery:near", args=[product.pk]), **headers)
    found = response.context["near"]
    return [[card.title for card in cards] for cards in (found.together, found.alike)]


def learn():
    watch(make_video(), "somebody")
    training.train()
    serving.load_current()


def test_without_a_model_the_same_category_comes_nearest_in_price_first(client):
    lamps = make_category()
    lamp = make_goods(category=lamps, price_minor=5000)
    make_goods(title="Cheap", category=lamps, price_minor=900)
    make_goods(title="Alike", category=lamps, price_minor=5500)
    make_goods(title="Dear", category=lamps, price_minor=11000)
    make_goods(title="Other")

    assert near(client, lamp) == [[], ["Alike", "Dear", "Cheap"]]


def test_a_small_category_is_followed_by_those_beside_it(client):
    lighting = make_category()
    lamps, bulbs = make_category(parent=lighting), make_category(parent=lighting)
    lamp = make_goods(category=lamps, price_minor=5000)
    make_goods(title="Bulb", category=bulbs, price_minor=5000)
    make_goods(title="Lamp", category=lamps, price_minor=900)
    make_goods(title="Other", category=make_category(parent=make_category()))

    assert near(client, lamp) == [[], ["Lamp", "Bulb"]]


def test_the_model_knows_by_words_what_is_alike(client):
    lamp = make_goods(title="Ceramic table lamp", description="Warm light")
    make_goods(title="Floor lamp", description="Warm light for a table or chair")
    for title in ("Headphones", "Loudspeaker", "Radio", "Turntable"):
        make_goods(title=title, description="Music by Bluetooth")
    for title in ("Train", "Kite", "Puzzle"):
        make_goods(title=title, description="For children to play")
    learn()

    assert near(client, lamp)[1][0] == "Floor lamp"
    new = make_goods(title="Little lamp", description="A warm light")
    assert set(near(client, new)[1][:2]) == {"Ceramic table lamp", "Floor lamp"}


def test_what_is_bought_with_it_comes_in_a_row_of_its_own(client):
    lamps = make_category()
    lamp = make_goods(category=lamps)
    bulb = make_goods(title="Bulb", category=lamps)
    shade = make_goods(title="Shade")
    pair(lamp, shade, bulb)

    assert near(client, lamp) == [["Shade", "Bulb"], []]


def test_nothing_is_proposed_that_cannot_be_bought_or_was_hidden(client):
    lamps, ann = make_category(), make_user()
    lamp = make_goods(category=lamps)
    make_goods(title="Sold out", category=lamps, stock=0)
    make_goods(title="Draft", category=lamps, status=Product.Status.DRAFT)
    closed = make_seller(status="suspended")
    make_goods(title="Closed", category=lamps, seller=closed)
    hidden = make_goods(title="Hidden", category=lamps)
    of_hidden = make_goods(title="Of a hidden shop", category=lamps)
    for_sale = make_goods(title="For sale", category=lamps)
    pair(lamp, hidden)
    FeedChoice.objects.create(user=ann, kind="hidden", product=hidden)
    FeedChoice.objects.create(user=ann, kind="hidden", seller=of_hidden.seller)
    client.force_login(ann)

    assert near(client, lamp) == [[], [for_sale.title]]


def test_what_is_not_sent_to_the_buyers_country_is_left_out(client):
    lamps, ann = make_category(), make_user()
    ann.addresses.create(
        name="Ann", line1="1", postal_code="1", city="Paris", country="FR"
    )
    lamp = make_goods(category=lamps)
    near_by = make_goods(title="Sent to France", category=lamps)
    far = make_goods(title="Sent to Sweden", category=lamps)
    make_shipping_rate(seller=near_by.seller, countries=["FR"])
    make_shipping_rate(seller=far.seller, countries=["SE"])
    client.force_login(ann)

    assert near(client, lamp) == [[], ["Sent to France"]]


def test_one_shop_does_not_take_the_whole_row(client):
    lamps, busy = make_category(), make_seller()
    lamp = make_goods(category=lamps)
    for _ in range(9):
        make_goods(category=lamps, seller=busy, title="Busy")
    for _ in range(3):
        make_goods(category=lamps, title="Other", price_minor=9000)

    _, alike = near(client, lamp)

    assert (alike.count("Busy"), alike.count("Other")) == (4, 3)


def test_a_product_that_is_not_on_sale_is_not_found(client):
    draft = make_goods(status=Product.Status.DRAFT)

    assert client.get(reverse("discovery:near", args=[draft.pk])).status_code == 404


@pytest.mark.parametrize("number", [2, 20])
def test_it_takes_five_queries_whatever_there_is(
    client, django_assert_num_queries, number
):
    lamps = make_category()
    lamp = make_goods(category=lamps)
    others = [make_goods(category=lamps) for _ in range(number)]
    pair(lamp, others[0])

    with django_assert_num_queries(5):
        near(client, lamp)


def test_below_a_product_it_is_a_fragment_and_alone_a_page(client, no_cache):
    lamps = make_category()
    lamp, _ = make_goods(category=lamps), make_goods(category=lamps)
    url = reverse("discovery:near", args=[lamp.pk])

    assert url in client.get(lamp.get_absolute_url()).content.decode()
    assert "<html" in client.get(url).content.decode()
    part = client.get(url, headers={"HX-Request": "true"}).content.decode()
    assert "<html" not in part
    assert "More like this" in part


def test_the_sheet_over_a_video_leads_there_too(client):
    lamp = make_goods()
    video = make_video(seller=lamp.seller)
    make_tag(video=video, product=lamp)

    sheet = client.get(reverse("videos:product_sheet", args=[video.public_id, lamp.pk]))

    assert reverse("discovery:near", args=[lamp.pk]) in sheet.content.decode()
