from django.urls import path

from marketplace.discovery import views

app_name = "discovery"

urlpatterns = [
    path("shop/", views.shop, name="shop"),
    path("search/", views.search, name="search"),
    path("search/suggest/", views.suggest, name="suggest"),
]
