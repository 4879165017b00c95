from django.urls import include, path

app_name = "videos"

urlpatterns = [
    path("", include("videos.feed.urls")),
]
