"""What the upload page asks while the browser sends parts into the bucket."""

import logging
import re
from functools import wraps

from allauth.core import ratelimit
from django.http import Http404, JsonResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from marketplace.user_files import STORAGE_FAILURES
from sellers.access import seller_required
from videos import multipart, receiving
from videos.first_look import Refused, TooLarge, clean_name
from videos.models import Upload, UploadClosed
from videos.tus import replaced_by

logger = logging.getLogger(__name__)


def answers_refusals(view):
    """In words for the seller, with the status that tus has for the same."""

    @wraps(view)
    def answering(request, *args, **kwargs):
        try:
            return view(request, *args, **kwargs)
        except receiving.TooMuchUnderWay as error:
            return _refusal(error, 429)
        except TooLarge as error:
            return _refusal(error, 413)
        except Refused as error:
            return _refusal(error, 422)
        except UploadClosed:
            return _refusal(_("The upload has ended or expired. Begin it again."), 410)
        except STORAGE_FAILURES as error:
            logger.warning("The bucket does not answer: %s", error)
            words = _("The storage does not answer. Nothing is lost: try again later.")
            return _refusal(words, 503)

    return answering


def _refusal(words, status):
    return JsonResponse({"errors": [str(words)]}, status=status)


@seller_required
@require_POST
@answers_refusals
def begin_upload(request):
    """Promise room for a file that the browser will send into the bucket."""
    if not multipart.is_available():
        raise Http404
    length = request.POST.get("length", "")
    if not re.fullmatch(r"[0-9]{1,18}", length):
        return _refusal(_("Say the length of the file."), 400)
    if not ratelimit.consume(request, action="upload"):
        return _refusal(receiving.TOO_OFTEN, 429)
    upload = Upload(
        seller=request.seller,
        user=request.user,
        length=int(length),
        file_name=clean_name(request.POST.get("name", "")),
        title=request.POST.get("title", "")[:140],
        replaces=replaced_by(request, request.POST.get("replaces", "")),
    )
    upload.object_name = multipart.new_name(upload)
    receiving.open_upload(upload)
    url = reverse("videos:tus_upload", args=[upload.public_id])
    return JsonResponse({"url": url}, status=201)


@seller_required
@require_http_methods(["GET", "POST", "DELETE"])
@answers_refusals
def upload_parts(request, public_id):
    """GET: how far it is.  POST: addresses of missing parts.  DELETE: the end."""
    mine = get_object_or_404(request.seller.uploads.direct(), public_id=public_id)
    if request.method == "DELETE":
        receiving.cancel(mine)
        return JsonResponse({})
    found = {"parts": multipart.next_parts(mine)} if request.method == "POST" else {}
    if request.method == "GET":
        multipart.look(mine)
    response = JsonResponse({"offset": mine.offset, "length": mine.length} | found)
    response["Cache-Control"] = "no-store"
    return response
