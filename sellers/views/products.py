"""The seller's list of products, and the page where one is written."""

from django.contrib import messages
from django.db.models import Q
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import (
    require_GET,
    require_http_methods,
    require_POST,
)

from sellers import catalog, editing
from sellers.access import seller_required
from sellers.models import Product, ProductConflict
from sellers.stock import CountTooLow

PAGE = 25


@seller_required
@require_GET
def products(request):
    query = request.GET.get("q", "").strip()[:100]
    status = request.GET.get("status", "")
    found = request.seller.products.for_cards().order_by("-pk")
    if status in Product.Status.values:
        found = found.filter(status=status)
    else:
        found = found.exclude(status=Product.Status.ARCHIVED)
    if query:
        by_sku = Q(variants__sku__icontains=query)
        found = found.filter(Q(title__icontains=query) | by_sku).distinct()
    before = request.GET.get("before", "")
    if before.isdecimal():
        found = found.filter(pk__lt=int(before))
    page = list(found[: PAGE + 1])
    context = {
        "products": page[:PAGE],
        "next": page[PAGE - 1].pk if len(page) > PAGE else None,
        "query": query,
        "status": status,
        "statuses": Product.Status.choices,
        "is_filtered": bool(query or status or before),
    }
    return render(request, "sellers/products.html", context)


@seller_required
@require_POST
def change_products(request):
    """One action for all that are ticked."""
    keys = [int(key) for key in request.POST.getlist("product") if key.isdecimal()]
    chosen = request.seller.products.filter(pk__in=keys)
    if request.POST.get("action") == "submit":
        done = catalog.submit_all(chosen)
        text = ngettext(
            "%(n)s product waits for review.", "%(n)s products wait for review.", done
        )
    else:
        done = catalog.archive_all(chosen)
        text = ngettext("%(n)s product archived.", "%(n)s products archived.", done)
    left_out = len(keys) - done
    messages.success(request, text % {"n": done})
    if left_out > 0:
        messages.warning(request, _("%(n)s were left as they are.") % {"n": left_out})
    return redirect("sellers:products")


@seller_required
@require_http_methods(["GET", "POST"])
def create_product(request):
    return edit(request, None)


@seller_required
@require_http_methods(["GET", "POST"])
def edit_product(request, pk):
    return edit(request, get_object_or_404(request.seller.products, pk=pk))


def edit(request, product):
    editor = editing.Editor(request.seller, product, request.POST, request.FILES)
    if request.method == "POST" and editor.is_valid():
        try:
            saved = editor.save(request.user)
        except CountTooLow as error:
            editor.refuse_count(error)
        else:
            for refusal in editor.refused_pictures:
                messages.warning(request, refusal)
            messages.success(request, _("Saved."))
            return redirect("sellers:edit_product", saved.pk)
    context = {
        "editor": editor,
        "product": product,
        "checklist": catalog.checklist(product) if product else [],
        "is_ready": bool(product) and catalog.is_ready(product),
        "removed": product.media(manager="with_removed").filter(
            removed_at__isnull=False
        ).order_by("-removed_at")[:1] if product else [],
    }  # fmt: skip
    status = 422 if editor.errors else 200
    return render(request, "sellers/edit_product.html", context, status=status)


MOVES = {
    "submit": (catalog.submit, gettext_lazy("It waits for review now.")),
    "unpublish": (
        Product.unpublish,
        gettext_lazy("It is off sale."),
    ),
    "archive": (Product.archive, gettext_lazy("Archived.")),
    "reopen": (catalog.reopen, gettext_lazy("It is a draft again.")),
}


@seller_required
@require_POST
def move_product(request, pk, move):
    product = get_object_or_404(request.seller.products, pk=pk)
    act, text = MOVES[move]
    try:
        act(product)
    except catalog.NotReady:
        messages.error(request, _("Something is missing: see the list."))
    except ProductConflict:
        messages.error(request, _("That is not possible any more: look again."))
    else:
        messages.success(request, text)
    return redirect("sellers:edit_product", product.pk)


@seller_required
@require_POST
def duplicate_product(request, pk):
    product = get_object_or_404(request.seller.products, pk=pk)
    copy = catalog.duplicate(product)
    messages.success(request, _("This is the copy. It has no stock yet."))
    return redirect("sellers:edit_product", copy.pk)
