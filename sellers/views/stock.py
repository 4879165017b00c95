"""The stock of a product's variants: what there is, and why."""

from django.contrib import messages
from django.http import Http404
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from sellers import stock
from sellers.access import seller_required
from sellers.forms.stock import MovementForm
from sellers.stock_history import history_of


@seller_required
@require_http_methods(["GET", "POST"])
def product_stock(request, pk):
    product = get_object_or_404(request.seller.products, pk=pk)
    with_stock = product.variants.filter(stock__isnull=False)
    variants = list(with_stock.select_related("stock"))
    chosen = chosen_variant(variants, request.GET.get("variant", ""))
    form = MovementForm(request.POST or None)
    is_sent = request.method == "POST" and chosen and form.is_valid()
    if is_sent and record(request, chosen, form):
        url = reverse("sellers:product_stock", args=[product.pk])
        return redirect(f"{url}?variant={chosen.pk}")
    before = request.GET.get("before", "")
    is_paged = before.isdecimal() and len(before) < 18
    context = {
        "product": product,
        "variants": variants,
        "chosen": chosen,
        "form": form,
        "history": chosen
        and history_of(chosen, request.seller, int(before) if is_paged else None),
        "is_paged": is_paged,
    }
    status = 422 if form.errors else 200
    return render(request, "sellers/product_stock.html", context, status=status)


def chosen_variant(variants, key):
    """The one the address names, else the first."""
    if not key:
        return next(iter(variants), None)
    named = [variant for variant in variants if str(variant.pk) == key]
    if not named:
        raise Http404
    return named[0]


def record(request, variant, form):
    """False where it was refused; the form says why."""
    data = form.cleaned_data
    try:
        stock.adjust(
            variant,
            data["quantity"],
            data["reason"],
            note=data["note"],
            request_key=data["request_key"],
            reference=stock.reference_of(request.user),
        )
    except stock.CountTooLow as refusal:
        text = _("%(reserved)s are set aside for buyers who are paying right now.")
        form.add_error("quantity", text % {"reserved": refusal.reserved})
        return False
    messages.success(request, _("Saved."))
    return True
