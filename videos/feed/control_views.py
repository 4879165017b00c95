"""What people see of the reasons of their feed, and what they can change in it."""

from allauth.core import ratelimit
from django.contrib import messages
from django.core.validators import slug_re
from django.http import Http404
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST
from django_htmx.http import trigger_client_event

from sellers.models import Category, Product, Seller
from videos.feed.interests import interests_of
from videos.feed.matching import seen_by
from videos.feed.viewers import name_viewer, renew_viewer, viewer_of
from videos.feed.watchers import (
    BROWSER_COOKIE,
    MODE_COOKIE,
    PLAIN,
    YOURS,
    browser_of,
    keep_cookie,
    new_browser,
    watcher_of,
)
from videos.feed.why import ranked, reasons
from videos.feed.wishing import TooManyWishes, forget, set_mode, wish, wisher_of
from videos.models import FeedChoice, Video

NOT_INTERESTED = FeedChoice.Kind.NOT_INTERESTED
HIDDEN, DROPPED = FeedChoice.Kind.HIDDEN, FeedChoice.Kind.DROPPED
AFRESH = FeedChoice.Kind.AFRESH
# What can be said of what; by the names under which the public knows it.
SUBJECTS = {
    "video": (Video.objects.published, "public_id", {NOT_INTERESTED}),
    "seller": (Seller.objects.open, "slug", {HIDDEN, DROPPED}),
    "product": (Product.objects.published, "pk", {HIDDEN}),
    "category": (Category.objects.all, "slug", {DROPPED}),
}


@never_cache
@require_GET
def why(request, public_id):
    """Why a video stands in a visit, and what can be changed about that."""
    found = Video.objects.published().filter(public_id=public_id)
    video = get_object_or_404(found.select_related("seller"))
    place = ranked(request.GET.get("visit", ""), video.pk)
    tagged = Product.objects.published().filter(video_tags__video=video).distinct()
    context = {
        "video": video,
        "ranked": place,
        "reasons": reasons(place, video) if place else [],
        "products": tagged.order_by("title"),
    }
    template = "videos/_why.html" if request.htmx else "videos/why.html"
    return render(request, template, context)


@never_cache
@require_GET
def your_feed(request):
    """The switch, what the feed believes, and what is hidden: all to be changed."""
    watcher = watcher_of(request)
    rows = wisher_of(request).choices.exclude(kind__in=[PLAIN, YOURS, AFRESH])
    rows = rows.select_related("video", "seller", "product__seller", "category")
    rows = [row for row in rows.order_by("-created_at", "-pk") if row.subject]
    context = {
        "watcher": watcher,
        "interests": interests_of(seen_by(watcher)),
        "dropped": [row for row in rows if row.kind == DROPPED],
        "hidden": [row for row in rows if row.kind != DROPPED],
    }
    return render(request, "videos/your_feed.html", context)


@require_POST
def add_wish(request):
    """Not interested, hide, or count no more; with the way back."""
    if refusal := ratelimit.consume_or_429(request, action="wish"):
        return refusal
    kind, subject = wished(request)
    browser = browser_of(request) or new_browser()
    try:
        row = wish(wisher_of(request, browser), kind, subject)
    except TooManyWishes:
        row = None
    response = answer(request, said_of(row), row)
    if row and not request.user.is_authenticated:
        keep_cookie(response, BROWSER_COOKIE, browser)
    return response


def wished(request):
    """The kind and the subject that the form names, or 404."""
    kind, name = request.POST.get("kind", ""), request.POST.get("about", "")
    shown, field, kinds = SUBJECTS.get(name, (None, "", ()))
    key = request.POST.get("key", "")
    is_number = key.isdecimal() and len(key) < 19
    is_named = is_number if field == "pk" else slug_re.match(key)
    if kind not in kinds or not is_named:
        raise Http404
    return kind, get_object_or_404(shown(), **{field: key})


def said_of(row):
    if row is None:
        return _("That is too much to remember. Show some of it again first.")
    if row.kind == NOT_INTERESTED:
        return _("You will not be shown this video any more.")
    if row.kind == DROPPED:
        return _("%(name)s counts no more.") % {"name": row.subject}
    return _("You will not be shown %(name)s any more.") % {"name": row.subject}


@require_POST
def undo_wish(request, pk):
    row = get_object_or_404(wisher_of(request).choices, pk=pk)
    row.delete()
    return answer(request, _("That is taken back."))


@require_POST
def mode(request):
    """With a profile or without: one click, from the next page on."""
    is_profiled = request.POST.get("mode") == YOURS
    if request.user.is_authenticated:
        set_mode(request.user.pk, is_profiled)
    words = (
        _("The feed is made for you from now on.")
        if is_profiled
        else _("The feed is made without a profile from now on.")
    )
    response = answer(request, words)
    keep_cookie(response, MODE_COOKIE, YOURS if is_profiled else PLAIN)
    if not is_profiled:
        # What was watched until now belongs to nobody who can be found again.
        renew_viewer(request)
    return name_viewer(request, response)


@require_POST
def reset(request):
    """Forget at once what was watched."""
    forget(request.user.pk, viewer_of(request))
    response = answer(request, _("The feed has forgotten what you watched."))
    renew_viewer(request)
    return name_viewer(request, response)


def answer(request, words, row=None):
    """Within the sheet, or back on the page where the form stands."""
    if request.htmx:
        context = {"words": words, "choice": row}
        response = render(request, "videos/_wished.html", context)
        return trigger_client_event(response, "feed-changed")
    messages.success(request, words)
    back = request.POST.get("next", "")
    is_ours = url_has_allowed_host_and_scheme(back, allowed_hosts={request.get_host()})
    return redirect(back if is_ours else "videos:your_feed")
