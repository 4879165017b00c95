from django.contrib import messages
from django.http import HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from sellers.access import seller_required
from videos import tagging as tags_of_videos
from videos.forms import TagFormSet
from videos.models import Video

SHOWN_PRODUCTS = 12


@seller_required
@require_http_methods(["GET", "POST"])
def tagging(request, public_id):
    """All tags of a video as one form; the timeline is drawn from it by script."""
    video = get_object_or_404(
        request.seller.videos.kept().filter(status=Video.Status.READY),
        public_id=public_id,
    )
    if request.method == "GET":
        formset = TagFormSet(
            initial=_saved_tags(video),
            prefix="tags",
            form_kwargs={"seller": request.seller},
        )
        return _page(request, video, formset)
    formset = TagFormSet(
        request.POST, prefix="tags", form_kwargs={"seller": request.seller}
    )
    errors = _save(request, video, formset)
    if not request.accepts("text/html"):
        return _answer(errors)
    if errors:
        return _page(request, video, formset, errors)
    messages.success(request, _("The tags are saved."))
    return redirect("videos:tagging", public_id)


def _answer(errors):
    if errors:
        return JsonResponse({"errors": errors}, status=422)
    return HttpResponse(status=204)


def _save(request, video, formset):
    """Save the rows, with one more where a product's button was pressed."""
    if not formset.is_valid():
        return [_("Look at the times: a tag ends after it begins.")]
    filled = [form for form in formset if form.cleaned_data.get("product")]
    kept = [form.tag() for form in filled if not form.cleaned_data["DELETE"]]
    if added := request.POST.get("add"):
        products = tags_of_videos.taggable_products(request.seller)
        if not added.isdigit():
            return [_("Choose a product.")]
        product = get_object_or_404(products, pk=added)
        kept.append(tags_of_videos.new_tag(video, product))
    try:
        tags_of_videos.replace_tags(video, kept)
    except tags_of_videos.TagRefused as refused:
        return [str(refused)]
    return []


def _saved_tags(video):
    tags = video.tags.select_related("product", "hotspot")
    return [
        {
            "product": tag.product,
            "starts": tag.starts_ms / 1000,
            "ends": tag.ends_ms / 1000,
            "x_permille": tag.hotspot.x_permille if hasattr(tag, "hotspot") else None,
            "y_permille": tag.hotspot.y_permille if hasattr(tag, "hotspot") else None,
        }
        for tag in tags
    ]


def _page(request, video, formset, errors=()):
    context = {
        "video": video,
        "formset": formset,
        "rows": [(form, _product(form)) for form in formset],
        "errors": errors,
        "products": _found(request),
        "shortest_ms": tags_of_videos.shortest_ms(video),
        "new_tag_ms": tags_of_videos.NEW_TAG_MS,
    }
    return render(
        request, "videos/tagging.html", context, status=422 if errors else 200
    )


def _product(form):
    """The row's product, as it was saved or as it was sent."""
    sent = form.cleaned_data.get("product") if hasattr(form, "cleaned_data") else None
    return form.initial.get("product") or sent


@seller_required
@require_GET
def tagging_products(request, public_id):
    """The products that the search box finds: a fragment."""
    video = get_object_or_404(request.seller.videos.kept(), public_id=public_id)
    context = {"video": video, "products": _found(request)}
    return render(request, "videos/_tagging_products.html", context)


def _found(request):
    words = request.GET.get("q", "").strip()
    products = tags_of_videos.taggable_products(request.seller).for_cards()
    if words:
        products = products.filter(title__icontains=words)
    return products[:SHOWN_PRODUCTS]
