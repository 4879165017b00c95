from django.http import HttpResponse, JsonResponse
from django.urls import path
from django.views.decorators.csrf import csrf_exempt

from marketplace.urls import urlpatterns as site
from videos.feed import serving


def bare(request):
    """The floor: everything that each request of the site goes through, no page."""
    return HttpResponse(b"x" * 1000)


@csrf_exempt
def bare_post(request):
    # What is left unread closes the connection.
    return HttpResponse(str(len(request.body)))


TEN = [
    {"id": f"video-{n}", "title": f"Video {n}", "url": f"/v/video-{n}"}
    for n in range(10)
]


def ten(request):
    """What a page of the feed is held against: ten items that are at hand."""
    return JsonResponse({"videos": TEN})


def model(request):
    """The version of the feed's model that this process serves, once it is loaded."""
    found = serving.load_current()
    return HttpResponse(found.version if found else "")


urlpatterns = [
    path("bench/ten", ten),
    path("bench/model", model),
    path("bench/bare", bare),
    path("bench/bare-post", bare_post),
    *site,
]
