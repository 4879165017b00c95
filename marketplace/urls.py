from django.contrib import admin
from django.urls import include, path
from drf_spectacular.views import SpectacularAPIView

from marketplace import health, legal

handler500 = "marketplace.outages.broken"

urlpatterns = [
    path("healthz", health.healthz, name="healthz"),
    path("admin/", admin.site.urls),
    path("api/schema", SpectacularAPIView.as_view(), name="api_schema"),
    path("accounts/", include("allauth.urls")),
    path("", include("videos.urls")),
    path("", include("sellers.urls")),
    path("", include("checkout.urls")),
    path("", include("marketplace.accounts.urls")),
    path("", include("marketplace.moderation.urls")),
    path("", include("marketplace.discovery.urls")),
    *legal.urlpatterns,
]
