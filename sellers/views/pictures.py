"""The pictures of a product, each action its own small form."""

from django.contrib import messages
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from sellers import catalog, editing
from sellers.access import seller_required
from sellers.forms import PictureForm
from sellers.models import ProductMedia


def answer(request, product, removed=None):
    """The pictures alone for htmx, else the whole page again."""
    if not request.htmx:
        return redirect(f"{product_url(product)}#pictures")
    context = {"product": product, "removed": [removed] if removed else []}
    return render(request, "sellers/_pictures.html", context)


def product_url(product):
    return redirect("sellers:edit_product", product.pk).url


def picture_of(request, pk, media_pk):
    product = get_object_or_404(request.seller.products, pk=pk)
    pictures = ProductMedia.with_removed.filter(product=product)
    return product, get_object_or_404(pictures, pk=media_pk)


@seller_required
@require_POST
def add_pictures(request, pk):
    product = get_object_or_404(request.seller.products, pk=pk)
    refused = editing.add_pictures(product, request.FILES.getlist("pictures"))
    for refusal in refused:
        messages.error(request, refusal)
    return answer(request, product)


@seller_required
@require_POST
def describe_picture(request, pk, media_pk):
    product, media = picture_of(request, pk, media_pk)
    form = PictureForm(request.POST, instance=media)
    if form.is_valid():
        form.save()
    else:
        messages.error(request, _("That text is too long."))
    return answer(request, product)


@seller_required
@require_POST
def move_picture(request, pk, media_pk):
    product, media = picture_of(request, pk, media_pk)
    if media.removed_at is None:
        step = -1 if request.POST.get("to") == "earlier" else 1
        catalog.move_picture(product, media, step)
    return answer(request, product)


@seller_required
@require_POST
def order_pictures(request, pk):
    product = get_object_or_404(request.seller.products, pk=pk)
    keys = [int(key) for key in request.POST.getlist("media") if key.isdecimal()]
    catalog.order_pictures(product, keys)
    return answer(request, product)


@seller_required
@require_POST
def remove_picture(request, pk, media_pk):
    product, media = picture_of(request, pk, media_pk)
    catalog.remove_picture(media)
    return answer(request, product, removed=media)


@seller_required
@require_POST
def restore_picture(request, pk, media_pk):
    product, media = picture_of(request, pk, media_pk)
    catalog.restore_picture(media)
    return answer(request, product)
