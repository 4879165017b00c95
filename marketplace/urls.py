from django.contrib import admin
from django.urls import include, path

from marketplace import health

urlpatterns = [
    path("healthz", health.healthz, name="healthz"),
    path("admin/", admin.site.urls),
    path("accounts/", include("allauth.urls")),
    path("", include("videos.urls")),
    path("", include("sellers.urls")),
    path("", include("checkout.urls")),
    path("", include("marketplace.accounts.urls")),
    path("", include("marketplace.moderation.urls")),
    path("", include("marketplace.discovery.urls")),
]
