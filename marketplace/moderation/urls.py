from django.urls import path

from marketplace.moderation import views

app_name = "moderation"

urlpatterns = [
    path("report/<slug:kind>/<str:key>/", views.report, name="report"),
    path("report/<slug:kind>/<str:key>/thanks/", views.reported, name="reported"),
]
