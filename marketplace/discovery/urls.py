from django.contrib.sitemaps import views as sitemap_views
from django.urls import path
from django.views.decorators.cache import cache_page

from marketplace.discovery import views
from marketplace.discovery.sitemaps import SITEMAPS

HOUR = 3600

app_name = "discovery"

urlpatterns = [
    path("shop/", views.shop, name="shop"),
    path("shop/near/<int:pk>/", views.near, name="near"),
    path("search/", views.search, name="search"),
    path("search/suggest/", views.suggest, name="suggest"),
    path("robots.txt", views.robots, name="robots"),
    path(
        "sitemap.xml",
        cache_page(HOUR)(sitemap_views.index),
        {"sitemaps": SITEMAPS, "sitemap_url_name": "discovery:sitemap"},
        name="sitemaps",
    ),
    # Not kept: a deleted video leaves it at once.
    path(
        "sitemap-videos.xml",
        sitemap_views.sitemap,
        {"sitemaps": SITEMAPS, "section": "videos"},
        name="sitemap_of_videos",
    ),
    path(
        "sitemap-<section>.xml",
        cache_page(HOUR)(sitemap_views.sitemap),
        {"sitemaps": SITEMAPS},
        name="sitemap",
    ),
]
