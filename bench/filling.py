"""A site of some size, made once in a database of its own."""

from django.conf import settings
from django.core.management import call_command
from django.db import connection, transaction

from checkout.models import ShippingRate
from sellers.models import Product, ProductMedia
from tests import factories
from videos.models import Video

SELLERS = 20
PRODUCTS_OF_A_SELLER = 25
VIDEOS_OF_A_SELLER = 10
TAGS_OF_A_VIDEO = 2
SIZES = {"S": 1990, "L": 2490}
STOCK = 1_000_000


@transaction.atomic
def fill():
    categories = [factories.make_category() for _ in range(10)]
    picture = factories.make_picture()
    for _ in range(SELLERS):
        fill_seller(categories, picture)


def fill_seller(categories, picture):
    seller = factories.make_seller()
    factories.make_shipping_rate(seller=seller)
    products = [
        make_product(seller, categories[number % len(categories)], picture)
        for number in range(PRODUCTS_OF_A_SELLER)
    ]
    for number in range(VIDEOS_OF_A_SELLER):
        video = factories.make_video(seller=seller)
        for nth in range(TAGS_OF_A_VIDEO):
            product = products[(number * TAGS_OF_A_VIDEO + nth) % len(products)]
            factories.make_tag(video=video, product=product, starts_ms=nth * 3000,
                               ends_ms=(nth + 1) * 3000)  # fmt: skip


def make_product(seller, category, picture):
    product = factories.make_product(seller=seller, category=category)
    ProductMedia.objects.create(
        product=product,
        image=picture.image.name,
        widths=picture.widths,
        colour=picture.colour,
    )
    for size, price_minor in SIZES.items():
        factories.make_variant(
            product=product,
            stock=STOCK,
            price_minor=price_minor,
            option_values=[size],
        )
    return product


def ensure_filled():
    settings.STATIC_ROOT.mkdir(parents=True, exist_ok=True)
    call_command("migrate", verbosity=0)
    if not ShippingRate.objects.exists():  # other benches leave sellers and videos
        call_command("flush", interactive=False, verbosity=0)
        fill()
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE")


def pages():
    """The shopper's pages by name, on whatever the site holds."""
    product = Product.objects.published().exclude(category=None).order_by("pk").first()
    video = Video.objects.published().order_by("pk").first()
    return {
        "feed": "/",
        "feed as JSON": "/api/feed",
        "Shop tab": "/shop/",
        "search": f"/search/?q={product.title.split()[0]}",
        "video": video.get_absolute_url(),
        "product": product.get_absolute_url(),
        "storefront": product.seller.get_absolute_url(),
        "category": product.category.get_absolute_url(),
    }
