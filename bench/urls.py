from django.http import HttpResponse
from django.urls import path

from marketplace.urls import urlpatterns as site


def bare(request):
    """The floor: everything that each request of the site goes through, no page."""
    return HttpResponse(b"x" * 1000)


urlpatterns = [path("bench/bare", bare), *site]
