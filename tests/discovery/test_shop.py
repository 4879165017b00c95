import pytest

from marketplace.discovery import shop_window
from sellers.models import Follow, Product, Seller
from tests.factories import (
    make_category,
    make_picture,
    make_product,
    make_seller,
    make_tag,
    make_user,
    make_variant,
    make_video,
)
from videos.feed.shops_to_follow import shops_to_follow
from videos.feed.watchers import Watcher
from videos.models import FeedChoice

SHOP = "/shop/"


@pytest.mark.django_db
def test_an_empty_shop_is_still_a_page(client):
    response = client.get(SHOP)

    assert response.status_code == 200
    assert "No products here yet" in response.content.decode()


@pytest.mark.django_db
def test_the_shop_shows_what_is_on_sale_and_nothing_else(client):
    make_product(title="Lamp")
    make_product(title="Draft", status=Product.Status.DRAFT)
    closed = make_seller(name="Closed", status=Seller.Status.SUSPENDED)
    make_product(title="Gone", seller=closed)

    page = client.get(SHOP)

    assert [p.title for p in page.context["listing"].products] == ["Lamp"]
    assert closed not in page.context["shops"]


@pytest.mark.django_db
def test_a_tile_has_the_picture_of_the_newest_product_even_of_a_subcategory():
    home = make_category(name="Home")
    lamps = make_category(name="Lamps", parent=home)
    make_category(name="Empty")
    picture = make_picture(product=make_product(category=lamps))

    [tile] = shop_window.category_tiles()

    assert (tile.name, tile.url) == ("Home", home.get_absolute_url())
    assert tile.picture.name == picture.image.name


@pytest.mark.django_db
def test_popular_videos_come_first():
    quiet = make_video(view_count=5)
    loved = make_video(view_count=4, like_count=3)
    make_video(view_count=900, publication="draft")

    assert shop_window.popular_videos(Watcher()) == [loved, quiet]


@pytest.mark.django_db
def test_nothing_that_somebody_hid_stands_beside_the_products(client):
    ann, shown = make_user(), make_video()
    unloved, of_hidden, with_hidden = (make_video() for _ in range(3))
    hidden = make_product(title="Hidden")
    make_tag(video=with_hidden, product=hidden)
    make_tag(video=shown, product=make_product(title="Lamp"))
    about = [
        {"kind": "not_interested", "video": unloved},
        {"kind": "hidden", "seller": of_hidden.seller},
        {"kind": "hidden", "product": hidden},
    ]
    FeedChoice.objects.bulk_create(FeedChoice(user=ann, **one) for one in about)
    client.force_login(ann)

    page = client.get(SHOP)
    nothing_found = client.get("/search/", {"q": "zzzz"})

    assert page.context["videos"] == [shown]
    assert [card.title for card in nothing_found.context["latest"]] == ["Lamp"]


@pytest.mark.django_db
def test_shops_that_one_follows_are_not_proposed():
    ann = make_user()
    followed, other = make_seller(), make_seller()
    Follow.objects.create(user=ann, seller=followed)

    hidden = make_seller()
    watcher = Watcher(user_pk=ann.pk, sellers=frozenset({hidden.pk}))

    assert shops_to_follow(watcher) == [other]


@pytest.mark.django_db
@pytest.mark.parametrize("number", [1, 15])
def test_the_shop_takes_few_queries_however_full_it_is(
    client, django_assert_max_num_queries, number
):
    client.force_login(make_user())
    for _ in range(number):
        product = make_product(category=make_category())
        make_variant(product=product)
        make_picture(product=product)
        make_video()

    with django_assert_max_num_queries(12):
        client.get(SHOP)


@pytest.mark.django_db
def test_later_pages_show_products_alone(client):
    make_video()

    response = client.get(SHOP, {"page": "2"})

    assert "videos" not in response.context
