from django.http import HttpResponse
from django.urls import path
from django.views.decorators.csrf import csrf_exempt

from marketplace.urls import urlpatterns as site


def bare(request):
    """The floor: everything that each request of the site goes through, no page."""
    return HttpResponse(b"x" * 1000)


@csrf_exempt
def bare_post(request):
    # What is left unread closes the connection.
    return HttpResponse(str(len(request.body)))


urlpatterns = [
    path("bench/bare", bare),
    path("bench/bare-post", bare_post),
    *site,
]
