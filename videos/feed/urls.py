"""Addresses of the pages on which people watch; part of the namespace `videos`."""

from django.urls import path

from videos.feed import api, control_views, views

urlpatterns = [
    path("", views.feed, name="feed"),
    path("feed/waiting/", views.feed_waiting, name="feed_waiting"),
    path("feed/next/", views.feed_page, name="feed_page"),
    path("feed/yours/", control_views.your_feed, name="your_feed"),
    path("feed/yours/mode/", control_views.mode, name="feed_mode"),
    path("feed/yours/reset/", control_views.reset, name="feed_reset"),
    path("feed/wishes/", control_views.add_wish, name="add_wish"),
    path("feed/wishes/<int:pk>/undo/", control_views.undo_wish, name="undo_wish"),
    path("following/", views.following, name="following"),
    path("following/next/", views.following_page, name="following_page"),
    path("saved/", views.saved, name="saved"),
    path("v/<str:public_id>/", views.video, name="video"),
    path("v/<str:public_id>/why/", control_views.why, name="why"),
    path("v/<str:public_id>/poster.jpg", views.shared_poster, name="shared_poster"),
    path("v/<str:public_id>/video.mp4", views.shared_video, name="shared_video"),
    path("v/<str:public_id>/like/", views.like, name="like"),
    path("v/<str:public_id>/save/", views.save, name="save"),
    path(
        "v/<str:public_id>/products/<int:pk>/",
        views.product_sheet,
        name="product_sheet",
    ),
    path("follow/<slug:slug>/", views.follow, name="follow"),
    path("api/feed", api.api_feed, name="api_feed"),
    path("api/videos/<str:public_id>/offers", api.api_offers, name="api_offers"),
    path(
        "api/videos/<str:public_id>/addresses", api.api_addresses, name="api_addresses"
    ),
    path("api/events", api.api_events, name="api_events"),
]
