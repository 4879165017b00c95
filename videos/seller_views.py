"""The seller centre's pages about videos; the tagging page is in tagging_views."""

from django.conf import settings
from django.contrib import messages
from django.core.paginator import Paginator
from django.http import JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt, csrf_protect
from django.views.decorators.http import (
    require_GET,
    require_http_methods,
    require_POST,
)

from sellers.access import seller_required
from sellers.pictures import UnusablePicture
from videos import posters, uploads
from videos.forms import (
    EXTENSIONS,
    CaptionForm,
    PosterForm,
    VideoForm,
    VideoUploadForm,
    too_large,
)
from videos.models import VideoConflict

# Room in an upload's request for the form around the file.
FORM_BYTES = 1024 * 1024


@seller_required
@require_GET
def videos(request):
    page = Paginator(request.seller.videos.defer("search"), 24).get_page(
        request.GET.get("page")
    )
    return render(request, "videos/videos.html", {"page": page})


@csrf_exempt  # checked below, after the size: the check reads the whole body
@seller_required
def upload(request):
    length = int(request.META.get("CONTENT_LENGTH") or 0)
    if length > settings.VIDEO_MAX_BYTES + FORM_BYTES:
        return _refused(request, VideoUploadForm(), [str(too_large())], status=413)
    return _upload(request)


@csrf_protect
@require_http_methods(["GET", "POST"])
def _upload(request):
    form = VideoUploadForm(request.POST or None, request.FILES or None)
    if request.method == "GET":
        return _upload_page(request, VideoUploadForm())
    if not form.is_valid():
        errors = [error for field in form.errors.values() for error in field]
        return _refused(request, form, errors, status=422)
    made = [
        uploads.submit(request.seller, request.user, file, form.cleaned_data["title"])
        for file in form.cleaned_data["files"]
    ]
    if request.accepts("text/html"):
        messages.success(request, _("Uploaded. The video is being processed."))
        return redirect("videos:studio", made[0].public_id)
    return JsonResponse({"url": reverse("videos:studio", args=[made[0].public_id])})


def _refused(request, form, errors, status):
    if request.accepts("text/html"):
        return _upload_page(request, form, errors, status)
    return JsonResponse({"errors": errors}, status=status)


def _upload_page(request, form, errors=(), status=200):
    context = {
        "form": form,
        "errors": errors,
        "extensions": ",".join(EXTENSIONS),
        "max_bytes": settings.VIDEO_MAX_BYTES,
        "max_seconds": settings.VIDEO_MAX_SECONDS,
    }
    return render(request, "videos/upload.html", context, status=status)


def _own_video(request, public_id):
    return get_object_or_404(request.seller.videos, public_id=public_id)


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
    return {
        "video": video,
        "caption_form": CaptionForm(),
        "poster_form": PosterForm(),
        "tags": video.tags.select_related("product"),
        "captions": video.captions.all(),
    }


@seller_required
@require_GET
def status(request, public_id):
    """A fragment that asks for itself again until the video has settled."""
    video = _own_video(request, public_id)
    if request.GET.get("in") == "list":
        return render(request, "videos/_video_row.html", {"video": video})
    return render(request, "videos/_status_and_rest.html", _studio_context(video))


@seller_required
@require_POST
def retry(request, public_id):
    return _change(
        request, public_id, uploads.send, _("The video is being processed again.")
    )


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
@require_http_methods(["GET", "POST"])
def delete(request, public_id):
    video = _own_video(request, public_id)
    if request.method == "GET":
        return render(request, "videos/delete.html", {"video": video})
    uploads.remove(video)
    messages.success(request, _("“%(video)s” is deleted.") % {"video": video.title})
    return redirect("videos:videos")


@seller_required
@require_POST
def poster(request, public_id):
    video = _own_video(request, public_id)
    form = PosterForm(request.POST, request.FILES)
    if not form.is_valid():
        for error in form.errors.get("image", [_("Choose a picture.")]):
            messages.error(request, error)
        return redirect("videos:studio", public_id)
    try:
        posters.replace_poster(video, form.cleaned_data["image"])
    except UnusablePicture as error:
        messages.error(request, str(error))
    else:
        messages.success(request, _("The video has a new poster."))
    return redirect("videos:studio", public_id)


@seller_required
@require_POST
def captions(request, public_id):
    """Add a track, or replace the one of the same language."""
    video = _own_video(request, public_id)
    form = CaptionForm(request.POST, request.FILES)
    if form.is_valid():
        language = form.cleaned_data["language"]
        video.captions.update_or_create(
            language=language,
            defaults={
                "label": dict(CaptionForm.LANGUAGES)[language],
                "file": form.cleaned_data["file"],
            },
        )
        messages.success(request, _("The captions are saved."))
    else:
        for error in [e for errors in form.errors.values() for e in errors]:
            messages.error(request, error)
    return redirect("videos:studio", public_id)


@seller_required
@require_POST
def remove_captions(request, public_id, language):
    video = _own_video(request, public_id)
    get_object_or_404(video.captions, language=language).delete()
    messages.success(request, _("The captions are removed."))
    return redirect("videos:studio", public_id)
