"""Pages on which people watch: feed, video page, product sheet, saved videos."""

from functools import wraps
from urllib.parse import urlencode, urlsplit

from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.core.validators import slug_re
from django.http import Http404, HttpResponseBadRequest
from django.middleware.csrf import get_token
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.cache import patch_cache_control
from django.views.decorators.http import require_GET, require_POST
from django_htmx.http import HttpResponseClientRedirect, HttpResponseClientRefresh

from marketplace.accounts.models import country_of
from marketplace.fragments import fragment
from sellers.following import set_following
from sellers.models import Product, Seller
from sellers.variants import options_of
from videos.feed import ranking_logs, sessions, tokens
from videos.feed.clips import load_clips, load_page
from videos.feed.gates import public_videos
from videos.feed.gauges import served
from videos.feed.metadata import absolute, mp4_page, poster_page, structured_data
from videos.feed.reactions import set_reaction
from videos.feed.related import related_videos
from videos.feed.shops_to_follow import shops_to_follow, suited_shops
from videos.feed.viewers import name_viewer, renew_viewer, viewer_for
from videos.feed.watchers import remember_mode, watcher_of
from videos.models import Engagement, Video

# Less than the least time that a signed address lasts.
TOLD_SECONDS = 30
SAVED_PER_PAGE = 24
SOON_COUNTED = 100


def sign_in_first(view):
    """As `login_required`, for buttons: afterwards back to the page they stand on."""

    @wraps(view)
    def guarded(request, *args, **kwargs):
        if request.user.is_authenticated:
            return view(request, *args, **kwargs)
        back = urlsplit(request.headers.get("Referer", "")).path or "/"
        url = f"{reverse('account_login')}?{urlencode({'next': back})}"
        return HttpResponseClientRedirect(url) if request.htmx else redirect(url)

    return guarded


def feed_page_context(request, watcher, page, more_url_name):
    ranking_logs.note(page, watcher)
    places = {place.key: place.at for place in page.places}
    clips = load_page(page.keys, request.user)
    return {
        "clips": [shown_clip(request, clip, page, places[clip.pk]) for clip in clips],
        "watcher": watcher,
        "next_cursor": page.next_cursor,
        "more_url_name": more_url_name,
    }


def shown_clip(request, clip, page, place):
    """A clip's HTML: made once for all who see the same in it."""
    is_guest = not request.user.is_authenticated
    holes = {
        "place": place,
        "number": place + 1,
        "visit": page.visit,
        "token": tokens.sign(viewer_for(request), clip.pk, place),
    }
    if not is_guest:
        holes["csrf_token"] = get_token(request)
    return fragment(
        "videos/_clip.html", holes, clip=clip, is_guest=is_guest, is_first=place == 0
    )


@require_GET
@served
def feed(request):
    """Opens with the video `?v=`, which the player keeps in the address."""
    videos = public_videos()
    return opened(request, videos, "videos:feed_page")


def opened(request, videos, more_url_name, is_following=False):
    """A page of the feed, with all that a browser is told to keep of it."""
    watcher = watcher_of(request)
    page = open_or_continue(request, videos, watcher)
    if page.is_first and not watcher.is_profiled:
        # Each visit has a pseudonym that leads to no other.
        renew_viewer(request)
    context = feed_page_context(request, watcher, page, more_url_name)
    context["is_following"] = is_following
    context["is_guest"] = not request.user.is_authenticated
    if not context["clips"] and is_following:
        context["shops"] = shops_to_follow(watcher, suited_shops(watcher))
    elif not context["clips"]:
        context["soon_count"] = soon_count(videos)
    response = render(request, "videos/feed.html", context)
    return remember_mode(request, name_viewer(request, response), watcher)


def soon_count(videos):
    """How many are being made for a feed that has none at all."""
    return 0 if videos.exists() else Video.objects.soon()[:SOON_COUNTED].count()


@require_GET
def feed_waiting(request):
    """The empty feed asks here whether it still is."""
    videos = public_videos()
    if videos.exists():
        return HttpResponseClientRefresh()
    context = {"soon_count": soon_count(videos)}
    return render(request, "videos/_feed_empty.html", context)


@require_GET
@served
def feed_page(request):
    return more_clips(request, public_videos(), "videos:feed_page")


@require_GET
def following(request):
    videos = sessions.followed_videos(request.user)
    return opened(request, videos, "videos:following_page", is_following=True)


@require_GET
def following_page(request):
    videos = sessions.followed_videos(request.user)
    return more_clips(request, videos, "videos:following_page")


def open_or_continue(request, videos, watcher):
    """Without JavaScript the next page is a link to this one with a cursor."""
    try:
        return sessions.continue_feed(videos, watcher, request.GET.get("cursor", ""))
    except sessions.BadCursor:
        return sessions.open_feed(videos, watcher, named_first(request, videos))


def named_first(request, videos):
    """The key of the video that the address names, if it may be seen."""
    name = request.GET.get("v", "")
    # PostgreSQL takes no zero byte, and no name has anything like it.
    if not slug_re.match(name):
        return None
    return videos.filter(public_id=name).values_list("pk", flat=True).first()


def more_clips(request, videos, more_url_name):
    cursor, watcher = request.GET.get("cursor", ""), watcher_of(request)
    try:
        page = sessions.continue_feed(videos, watcher, cursor)
    except sessions.BadCursor:
        return HttpResponseBadRequest()
    context = feed_page_context(request, watcher, page, more_url_name)
    return name_viewer(request, render(request, "videos/_feed_page.html", context))


@require_GET
def video(request, public_id):
    found = Video.objects.published().filter(public_id=public_id)
    clip = next(iter(load_clips(found, request.user)), None)
    if clip is None:
        raise Http404
    context = {
        "clip": clip,
        "token": tokens.sign(viewer_for(request), clip.pk),
        "is_guest": not request.user.is_authenticated,
        "related": related_videos(clip, watcher_of(request)),
        "structured_data": structured_data(clip),
        "share_url": absolute(clip.get_absolute_url()),
        "share_poster": poster_page(clip),
        "share_video": mp4_page(clip),
    }
    return name_viewer(request, render(request, "videos/video.html", context))


@require_GET
def shared_poster(request, public_id):
    """For other sites, who keep addresses longer than a signed one lasts."""
    clip = get_object_or_404(Video.objects.published(), public_id=public_id)
    return _to_file(clip.poster_url)


@require_GET
def shared_video(request, public_id):
    if settings.VIDEO_DELIVERY == "private":
        raise Http404
    clip = get_object_or_404(Video.objects.published(), public_id=public_id)
    return _to_file(clip.mp4_url)


def _to_file(address):
    if not address:
        raise Http404
    response = redirect(address)
    patch_cache_control(response, public=True, max_age=TOLD_SECONDS)
    return response


@require_GET
def product_sheet(request, public_id, pk):
    """A product tagged in the video, to be bought without leaving it."""
    clip = get_object_or_404(Video.objects.published(), public_id=public_id)
    tagged = Product.objects.published().filter(video_tags__video=clip).distinct()
    product = get_object_or_404(tagged.for_cards(), pk=pk)
    if not product.on_sale:
        raise Http404
    context = {
        "product": product,
        "seller": product.seller,
        "options": options_of(product),
        "chosen": product.cheapest,
        "reach": product.seller.shipping_rates.of(product).reach(
            country_of(request.user)
        ),
        "via_video": clip.public_id,
        "via_tag": request.GET.get("tag", "")[:18],
    }
    return render(request, "videos/_product_sheet.html", context)


@login_required
@require_GET
def saved(request):
    videos = (
        Video.objects.published()
        .filter(engagements__user=request.user, engagements__kind=Engagement.Kind.SAVE)
        .for_cards()
        .order_by("-engagements__created_at")
    )
    page = Paginator(videos, SAVED_PER_PAGE).get_page(request.GET.get("page"))
    return render(request, "videos/saved.html", {"page": page})


def react(request, public_id, kind, template):
    """Set a like or save to what the form says, and show the button anew."""
    clip = get_object_or_404(Video.objects.published(), public_id=public_id)
    is_on = request.POST.get("on") == "1"
    set_reaction(clip, request.user, kind, is_on)
    if not request.htmx:
        return redirect(clip)
    clip.is_liked = clip.is_saved = is_on
    return render(request, template, {"clip": clip})


@require_POST
@sign_in_first
def like(request, public_id):
    return react(request, public_id, Engagement.Kind.LIKE, "videos/_like.html")


@require_POST
@sign_in_first
def save(request, public_id):
    return react(request, public_id, Engagement.Kind.SAVE, "videos/_save.html")


@require_POST
@sign_in_first
def follow(request, slug):
    seller = get_object_or_404(Seller.objects.open(), slug=slug)
    is_on = request.POST.get("on") == "1"
    set_following(seller, request.user, is_on)
    if not request.htmx:
        return redirect(seller)
    return render(
        request, "videos/_follow.html", {"seller": seller, "is_followed": is_on}
    )
