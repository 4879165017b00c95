"""The captions of a video: a file, or a list of cues beside the picture."""

from django.contrib import messages
from django.http import Http404
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST

from sellers.access import seller_required
from videos import captions as cues_of_files
from videos.caption_forms import CaptionFileForm, CueFormSet, rows_of
from videos.captioning import LANGUAGES, cues_of, remove_track, save_track
from videos.models import Video


def _own_video(request, public_id):
    """Cues are written to a picture that can be watched."""
    watchable = request.seller.videos.kept().filter(status=Video.Status.READY)
    return get_object_or_404(watchable, public_id=public_id)


@seller_required
@require_POST
def captions(request, public_id):
    """A file becomes cues; what is wrong with them is shown in the editor, unsaved."""
    video = _own_video(request, public_id)
    form = CaptionFileForm(request.POST, request.FILES)
    if not form.is_valid():
        for error in [e for errors in form.errors.values() for e in errors]:
            messages.error(request, error)
        return redirect("videos:studio", public_id)
    rows = rows_of(form.cleaned_data["file"])
    formset = CueFormSet(rows, prefix="cues", duration_ms=video.duration_ms)
    return _save(request, video, form.cleaned_data["language"], formset)


@seller_required
@require_http_methods(["GET", "POST"])
def caption_track(request, public_id, language):
    video = _own_video(request, public_id)
    if language not in LANGUAGES:
        raise Http404
    if request.method == "POST":
        formset = CueFormSet(request.POST, prefix="cues", duration_ms=video.duration_ms)
        return _save(request, video, language, formset)
    track = video.captions.filter(language=language).first()
    saved = cues_of(track) if track else []
    formset = CueFormSet(
        initial=[
            {
                "starts": cues_of_files.time_to_type(cue.starts_ms),
                "ends": cues_of_files.time_to_type(cue.ends_ms),
                "text": cue.text,
            }
            for cue in saved
        ],
        prefix="cues",
        duration_ms=video.duration_ms,
    )
    return _page(request, video, language, formset)


def _save(request, video, language, formset):
    if not formset.is_valid():
        return _page(request, video, language, formset)
    cues = formset.cues()
    save_track(video, language, cues)
    words = ngettext(
        "%(count)s caption is saved.", "%(count)s captions are saved.", len(cues)
    )
    messages.success(request, words % {"count": len(cues)})
    return redirect("videos:caption_track", video.public_id, language)


def _page(request, video, language, formset):
    tracks = {track.language: track for track in video.captions.all()}
    context = {
        "video": video,
        "language": language,
        "label": LANGUAGES[language],
        "tracks": tracks.values(),
        "is_saved": language in tracks,
        "others": {k: v for k, v in LANGUAGES.items() if k not in tracks},
        "formset": formset,
        "new_cue_ms": cues_of_files.NEW_CUE_MS,
        "shortest_ms": cues_of_files.SHORTEST_MS,
    }
    is_refused = formset.is_bound and not formset.is_valid()
    status = 422 if is_refused else 200
    return render(request, "videos/caption_track.html", context, status=status)


@seller_required
@require_POST
def remove_captions(request, public_id, language):
    video = get_object_or_404(request.seller.videos.kept(), public_id=public_id)
    remove_track(get_object_or_404(video.captions, language=language))
    messages.success(request, _("The captions are removed."))
    return redirect("videos:studio", public_id)
