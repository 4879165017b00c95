from django.contrib import admin
from django.urls import include, path

urlpatterns = [
    path("admin/", admin.site.urls),
    path("accounts/", include("allauth.urls")),
    path("", include("videos.urls")),
    path("", include("sellers.urls")),
    path("", include("checkout.urls")),
    path("", include("marketplace.accounts.urls")),
    path("", include("marketplace.moderation.urls")),
    path("", include("marketplace.discovery.urls")),
]
