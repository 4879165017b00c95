import socket
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from checkout.models import OrderGroup
from marketplace.accounts.models import User
from marketplace.demo import clips, credentials, sandbox, shopfiles
from sellers import pictures
from sellers.models import Category, Product, ProductMedia, Review, Seller, Variant
from videos import tasks
from videos.models import CaptionTrack, Engagement, Impression, ProductTag, Video

MB = 1_000_000


def fill(**options):
    out = StringIO()
    call_command("demo", yes_make_demo_accounts=True, stdout=out, **options)
    return out.getvalue()


def counted():
    models = (
        User, Seller, Category, Product, Variant, ProductMedia, Review, Video,
        ProductTag, CaptionTrack, Impression, Engagement, OrderGroup,
    )  # fmt: skip
    return {model.__name__: model.objects.count() for model in models}


@pytest.fixture
def no_stripe(settings):
    settings.STRIPE_SANDBOX_URL = ""


@pytest.fixture(autouse=True)
def small_pictures(monkeypatch):
    """One small rendition of each picture instead of three."""
    monkeypatch.setattr(pictures, "WIDTHS", [80])


@pytest.fixture
def queued(monkeypatch):
    """The videos that were sent to a worker."""
    sent = []
    monkeypatch.setattr(tasks.transcode_video, "delay_on_commit", sent.append)
    return sent


def test_the_stripe_sandbox_starts_under_the_name_that_the_site_gives_it(
    settings, tmp_path
):
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    settings.STRIPE_SANDBOX_URL = f"http://localhost:{port}"
    settings.VAR_DIR = tmp_path

    with sandbox.running_sandbox():
        assert sandbox.answers()

    assert not sandbox.answers()


@pytest.mark.django_db
def test_a_site_without_debug_gets_no_known_passwords_unasked():
    with pytest.raises(CommandError, match="--yes-make-demo-accounts"):
        call_command("demo")

    assert counted()["User"] == 0


@pytest.mark.django_db
def test_a_second_run_changes_nothing(no_stripe, queued):
    fill(shops=1, videos=2)
    first = counted()

    fill(shops=1, videos=2)

    assert counted() == first
    assert first["Seller"] == 2  # one waits to be let in
    assert first["Product"] == 9
    assert len(queued) == first["Video"] == 2


@pytest.mark.django_db
def test_whoever_reads_the_password_can_sign_in(no_stripe, queued, client):
    said = fill(shops=0)

    assert credentials.PASSWORD in said
    for email in (credentials.SHOPPER, credentials.MODERATOR, credentials.OPERATOR):
        assert email in said
        assert client.login(email=email, password=credentials.PASSWORD)
        assert User.objects.get(email=email).emailaddress_set.get().verified


@pytest.mark.django_db
def test_what_the_demo_sells_and_shows_is_complete(no_stripe, queued):
    fill(shops=1, videos=1)

    for product in Product.objects.published():
        colours = {variant.option_values[0] for variant in product.variants.all()}
        assert product.category.parent
        assert product.media.count() == 1 + len(colours)
        assert all(variant.media for variant in product.variants.all())
    shots = shopfiles.shops()[0]["videos"][0]["shots"]
    length_ms = sum(map(shopfiles.shot_frames, shots)) * 1000 // shopfiles.FPS
    tags = ProductTag.objects.order_by("starts_ms")
    assert tags[0].starts_ms == 0
    assert max(tag.ends_ms for tag in tags) == length_ms


def test_adjoining_shots_of_a_product_make_one_tag():
    video = {
        "shots": [
            {"items": ["mug:sand"], "seconds": 1.0},
            {"items": ["mug:ink", "pot:ink"], "seconds": 2.0},
            {"items": ["pot:ink"], "seconds": 0.5},
            {"items": ["mug:ink"], "seconds": 1.0},
        ]
    }

    seen = [(slug, *times) for slug, times in clips.appearances(video)]

    assert seen == [
        ("mug", 0, 3000, {"sand", "ink"}, (500, 500)),
        ("pot", 1000, 3500, {"ink"}, (700, 480)),
        ("mug", 3500, 4500, {"ink"}, (500, 500)),
    ]


def test_there_are_five_shops_forty_products_and_twenty_films():
    shops = shopfiles.shops()

    assert len(shops) == 5
    assert sum(len(shop["products"]) for shop in shops) >= 40
    assert sum(len(shop["videos"]) for shop in shops) >= 20


@pytest.mark.parametrize("shop", shopfiles.shops(), ids=lambda shop: shop["slug"])
def test_every_picture_and_film_that_a_shop_names_is_there(shop):
    wanted = [shopfiles.banner_path(shop), shopfiles.avatar_path(shop)]
    for product in shop["products"]:
        first, *_others = product["finishes"]
        wanted.append(shopfiles.picture_path(shop, product, first, angle=2))
        for finish in product["finishes"]:
            wanted.append(shopfiles.picture_path(shop, product, finish))
    for video in shop["videos"]:
        wanted.append(shopfiles.film_path(shop, video))
        seconds = sum(shot["seconds"] for shot in video["shots"])
        assert 6 <= seconds <= 15

    assert [path.name for path in wanted if not path.exists()] == []


def test_the_rendered_files_stay_small():
    files = [path for path in shopfiles.MEDIA.rglob("*") if path.is_file()]

    assert sum(path.stat().st_size for path in files) <= 12 * MB
