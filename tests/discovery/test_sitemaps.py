import pytest

from tests.factories import make_category, make_product, make_seller, make_video


@pytest.mark.django_db
def test_robots_are_shown_the_map_and_kept_from_what_is_private(client, settings):
    settings.SITE_URL = "https://shop.example"

    text = client.get("/robots.txt").content.decode()

    assert "Sitemap: https://shop.example/sitemap.xml" in text
    assert "Disallow: /checkout/" in text


@pytest.mark.django_db
def test_the_maps_list_public_pages_alone(client, settings):
    settings.SITE_URL = "https://shop.example"
    settings.ALLOWED_HOSTS = ["*"]
    seller = make_seller()
    category = make_category()
    product = make_product(seller=seller, category=category)
    video = make_video(seller=seller)
    hidden = [
        make_product(seller=seller, status="draft"),
        make_video(seller=seller, publication="draft"),
    ]

    index = client.get("/sitemap.xml").content.decode()
    maps = "".join(
        client.get(f"/sitemap-{section}.xml").content.decode()
        for section in ["pages", "categories", "shops", "products", "videos"]
    )

    assert "/sitemap-products.xml" in index
    for shown in [seller, category, product, video]:
        assert f"<loc>https://shop.example{shown.get_absolute_url()}</loc>" in maps
    for kept in hidden:
        assert kept.get_absolute_url() not in maps
