"""The page that uploads, and what it asks while tus.py takes the bytes."""

import logging

from allauth.core import ratelimit
from django.conf import settings
from django.contrib import messages
from django.http import JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt, csrf_protect
from django.views.decorators.http import require_http_methods, require_POST

from marketplace.user_files import STORAGE_FAILURES
from sellers.access import seller_required
from videos import multipart, receiving, uploads
from videos.first_look import EXTENSIONS, too_large
from videos.forms import UploadWordsForm, VideoUploadForm
from videos.models import Upload, UploadClosed
from videos.parts import NoRoom

logger = logging.getLogger(__name__)

# Room in an upload's request for the form around the file.
FORM_BYTES = 1024 * 1024


@csrf_exempt  # checked below, after the size: the check reads the whole body
@seller_required
def upload(request, public_id=None):
    """New videos, or another file for the one with this id."""
    replaced = None
    if public_id:
        mine = request.seller.videos.kept()
        replaced = get_object_or_404(mine, public_id=public_id)
    length = int(request.META.get("CONTENT_LENGTH") or 0)
    if length > settings.VIDEO_MAX_BYTES + FORM_BYTES:
        return _refused(request, VideoUploadForm(), [str(too_large())], status=413)
    return _upload(request, replaced)


@csrf_protect
@require_http_methods(["GET", "POST"])
def _upload(request, replaced):
    if request.method == "GET":
        return _upload_page(request, VideoUploadForm(), replaced=replaced)
    form = VideoUploadForm(request.POST, request.FILES)
    if not form.is_valid():
        errors = [error for field in form.errors.values() for error in field]
        return _refused(request, form, errors, status=422)
    if not ratelimit.consume(request, action="upload"):
        return _refused(request, form, [str(receiving.TOO_OFTEN)], status=429)
    if replaced:
        uploads.replace(replaced, form.cleaned_data["files"][0])
        return _submitted(request, [replaced])
    made = [
        uploads.submit(request.seller, request.user, file, form.cleaned_data["title"])
        for file in form.cleaned_data["files"]
    ]
    return _submitted(request, made)


def _submitted(request, made):
    studio = reverse("videos:studio", args=[made[0].public_id])
    if not request.accepts("text/html"):
        return JsonResponse({"url": studio})
    messages.success(request, _("Uploaded. The video is being processed."))
    for video in made:
        if twin := uploads.twin_of(video):
            words = _("“%(title)s” has the same file as this one.")
            messages.warning(request, words % {"title": twin.title})
    return redirect(studio)


def _refused(request, form, errors, status):
    if request.accepts("text/html"):
        return _upload_page(request, form, errors, status)
    return JsonResponse({"errors": errors}, status=status)


def _upload_page(request, form, errors=(), status=200, replaced=None):
    mine = request.seller.uploads.unfinished().filter(user=request.user)
    is_direct = multipart.is_available()
    context = {
        "replaced": replaced,
        "form": form,
        "is_direct": is_direct,
        "errors": errors,
        "extensions": ",".join(EXTENSIONS),
        "max_bytes": settings.VIDEO_MAX_BYTES,
        "max_seconds": settings.VIDEO_MAX_SECONDS,
        "min_ms": settings.VIDEO_MIN_MS,
        "min_seconds": f"{settings.VIDEO_MIN_MS / 1000:g}",
        "keep_hours": settings.VIDEO_UPLOAD_KEEP_HOURS,
        "unfinished": mine.filter(replaces=replaced).select_related("twin"),
    }
    return render(request, "videos/upload.html", context, status=status)


def _own_upload(request, public_id):
    return get_object_or_404(request.seller.uploads, public_id=public_id)


@seller_required
@require_POST
def finish_upload(request, public_id):
    """How it ended, also where the answer to the last bytes was lost."""
    mine = _own_upload(request, public_id)
    try:
        uploads.finish(mine, is_wanted_twice="twice" in request.POST)
    except UploadClosed:
        words = _("The upload is not complete, or has ended. Begin it again.")
        return _ended(request, {"errors": [words]}, status=410)
    except STORAGE_FAILURES:
        logger.exception("Upload %s waits for its storage.", mine.pk)
        words = _("The storage does not answer. Nothing is lost: try again later.")
        return _ended(request, {"errors": [words]}, status=503)
    except NoRoom:
        return _ended(request, {"errors": [str(receiving.NO_ROOM)]}, status=507)
    return _ended(request, _outcome(mine))


def _outcome(mine):
    # An upload that is a video already, and that deleted since, has no page.
    subject = mine.twin or mine.video or mine.replaces
    is_kept = subject and subject.deleted_at is None
    url = reverse("videos:studio", args=[subject.public_id]) if is_kept else ""
    return {"state": mine.state, "title": subject.title if subject else "", "url": url}


def _ended(request, outcome, status=200):
    if not request.accepts("text/html"):
        return JsonResponse(outcome, status=status)
    for error in outcome.get("errors", []):
        messages.error(request, error)
    if outcome.get("state") == Upload.State.FINISHED and outcome["url"]:
        messages.success(request, _("Uploaded. The video is being processed."))
        return redirect(outcome["url"])
    return redirect("videos:upload")


@seller_required
@require_POST
def describe_upload(request, public_id):
    """Title and description, written while the bytes are on their way."""
    form = UploadWordsForm(request.POST, instance=_own_upload(request, public_id))
    if not form.is_valid():
        return JsonResponse({"errors": form.errors}, status=422)
    uploads.describe(form.instance, form.cleaned_data)
    return JsonResponse({})


@seller_required
@require_POST
def cancel_upload(request, public_id):
    """The button of a page without script; with it tus ends the upload."""
    try:
        receiving.cancel(_own_upload(request, public_id))
    except UploadClosed:
        messages.error(request, _("That upload has ended already."))
    else:
        messages.success(request, _("The upload is canceled; its bytes are removed."))
    return redirect("videos:upload")
