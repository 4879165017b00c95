"""The seller centre's pages about videos; upload_views and tagging_views have more."""

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import (
    require_GET,
    require_http_methods,
    require_POST,
)

from sellers.access import seller_required
from sellers.pictures import UnusablePicture
from videos import uploads
from videos.caption_forms import CaptionFileForm
from videos.captioning import first_language
from videos.deletion_views import just_deleted
from videos.forms import PosterForm, VideoForm
from videos.models import VideoConflict
from videos.places import place_in_words
from videos.refusals import words_for

# What of a video a page shows and asks for again, by `in`.
ROWS = {"list": "videos/_video_row.html", "upload": "videos/_upload_outcome.html"}


@seller_required
@require_GET
def videos(request):
    mine = request.seller.videos
    page = Paginator(mine.kept().defer("search"), 24).get_page(request.GET.get("page"))
    context = {
        "page": page,
        "deleted_count": mine.deleted().count(),
        "just_deleted": just_deleted(request),
    }
    return render(request, "videos/videos.html", context)


def _own_video(request, public_id):
    return get_object_or_404(request.seller.videos.kept(), public_id=public_id)


@seller_required
@require_http_methods(["GET", "POST"])
def studio(request, public_id):
    video = _own_video(request, public_id)
    form = VideoForm(request.POST or None, instance=video)
    if request.method == "POST" and form.is_valid():
        form.save()
        messages.success(request, _("Saved."))
        return redirect("videos:studio", public_id)
    return render(
        request, "videos/studio.html", {"form": form, **_studio_context(video)}
    )


def _studio_context(video):
    tags = list(video.tags.select_related("product"))
    return {
        "video": video,
        "caption_form": CaptionFileForm(),
        "caption_language": first_language(),
        "place": place_in_words(video),
        "poster_form": PosterForm(),
        "tags": tags,
        "late_tags": [tag for tag in tags if tag.starts_ms >= video.duration_ms],
        "captions": video.captions.all(),
    }


@seller_required
@require_GET
def status(request, public_id):
    """A fragment that asks for itself again until the video has settled."""
    video = _own_video(request, public_id)
    if row := ROWS.get(request.GET.get("in", "")):
        return render(request, row, {"video": video})
    # Put into the page once: a player that is replaced begins again.
    is_shown = request.GET.get("shown") == str(video.attempt)
    context = _studio_context(video) | {
        "is_preview_new": not video.is_being_made or (video.preview and not is_shown)
    }
    return render(request, "videos/_status_and_rest.html", context)


@seller_required
@require_GET
@never_cache
def addresses(request, public_id):
    """Fresh ones for a preview that has stood open for long."""
    return JsonResponse(_own_video(request, public_id).addresses())


@seller_required
@require_POST
def retry(request, public_id):
    return _change(
        request, public_id, uploads.send, _("The video is being processed again.")
    )


@seller_required
@require_POST
def cancel(request, public_id):
    return _change(request, public_id, _cancel, _("The processing is stopped."))


def _cancel(video):
    video.cancel(words_for("canceled"))


@seller_required
@require_POST
def submit(request, public_id):
    return _change(request, public_id, _submit, _("Sent to the moderators."))


def _submit(video):
    video.submit()


@seller_required
@require_POST
def unpublish(request, public_id):
    return _change(
        request, public_id, _unpublish, _("The video is a draft again; nobody sees it.")
    )


def _unpublish(video):
    video.unpublish()


def _change(request, public_id, change, words):
    video = _own_video(request, public_id)
    try:
        change(video)
    except VideoConflict:
        messages.error(request, _("The video has changed meanwhile. Look again."))
    else:
        messages.success(request, words)
    return redirect("videos:studio", public_id)


@seller_required
@require_POST
def poster(request, public_id):
    """One of the frames that were kept, or a picture of the seller's own."""
    video = _own_video(request, public_id)
    form = PosterForm(request.POST, request.FILES)
    if not form.is_valid():
        for error in [e for errors in form.errors.values() for e in errors]:
            messages.error(request, error)
        return redirect("videos:studio", public_id)
    try:
        form.save(video)
    except UnusablePicture as error:
        messages.error(request, str(error))
    except VideoConflict:
        messages.error(request, _("The video has changed meanwhile. Look again."))
    else:
        messages.success(request, _("The video has a new poster."))
    return redirect("videos:studio", public_id)
