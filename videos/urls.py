from django.urls import include, path

from videos import seller_views, tagging_views

app_name = "videos"

seller_centre = [
    path("", seller_views.videos, name="videos"),
    path("upload/", seller_views.upload, name="upload"),
    path("<str:public_id>/", seller_views.studio, name="studio"),
    path("<str:public_id>/status/", seller_views.status, name="status"),
    path("<str:public_id>/retry/", seller_views.retry, name="retry"),
    path("<str:public_id>/submit/", seller_views.submit, name="submit"),
    path("<str:public_id>/unpublish/", seller_views.unpublish, name="unpublish"),
    path("<str:public_id>/delete/", seller_views.delete, name="delete"),
    path("<str:public_id>/poster/", seller_views.poster, name="poster"),
    path("<str:public_id>/captions/", seller_views.captions, name="captions"),
    path(
        "<str:public_id>/captions/<str:language>/remove/",
        seller_views.remove_captions,
        name="remove_captions",
    ),
    path("<str:public_id>/tags/", tagging_views.tagging, name="tagging"),
    path(
        "<str:public_id>/tags/products/",
        tagging_views.tagging_products,
        name="tagging_products",
    ),
]

urlpatterns = [
    path("", include("videos.feed.urls")),
    path("seller/videos/", include(seller_centre)),
]
