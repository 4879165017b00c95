"""What search engines may list: public pages alone."""

from urllib.parse import urlsplit

from django.conf import settings
from django.contrib.sitemaps import Sitemap
from django.urls import reverse

from sellers.models import Category, Product, Seller
from videos.models import Video

# Engines take 50,000 addresses a file; older ones are found by links.
LISTED = 50_000


class PublicSitemap(Sitemap):
    """On the site's own address, whatever the request's Host header says."""

    limit = 10_000

    def get_domain(self, site=None):
        return urlsplit(settings.SITE_URL).netloc

    def get_protocol(self, protocol=None):
        return urlsplit(settings.SITE_URL).scheme


class Pages(PublicSitemap):
    def items(self):
        return ["videos:feed", "discovery:shop"]

    def location(self, item):
        return reverse(item)


class Categories(PublicSitemap):
    def items(self):
        return Category.objects.order_by("pk")[:LISTED]


class Shops(PublicSitemap):
    def items(self):
        return Seller.objects.open().order_by("-pk")[:LISTED]


class Products(PublicSitemap):
    def items(self):
        on_sale = Product.objects.published().select_related("seller")
        return on_sale.order_by("-pk")[:LISTED]

    def lastmod(self, product):
        return product.updated_at


class Videos(PublicSitemap):
    def items(self):
        return Video.objects.published().order_by("-pk")[:LISTED]

    def lastmod(self, video):
        return video.published_at


SITEMAPS = {
    "pages": Pages,
    "categories": Categories,
    "shops": Shops,
    "products": Products,
    "videos": Videos,
}
