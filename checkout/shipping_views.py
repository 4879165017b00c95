"""The seller centre's pages about delivery: rates, their zones and profiles."""

from django.contrib import messages
from django.db.models import Count
from django.http import Http404
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import (
    require_GET,
    require_http_methods,
    require_POST,
)

from checkout.shipping_forms import (
    DeliveryProfileForm,
    ShippingRateForm,
    ShippingZoneForm,
)
from sellers.access import seller_required

PAGES = {
    "rate": "checkout/shipping_rate.html",
    "zone": "checkout/shipping_zone.html",
    "profile": "checkout/delivery_profile.html",
}


@seller_required
@require_GET
def shipping_rates(request):
    rates = request.seller.shipping_rates.select_related("zone", "profile")
    profiles = request.seller.delivery_profiles.annotate(
        products_count=Count("products", distinct=True),
        rates_count=Count("rates", distinct=True),
    )
    context = {
        "rates": rates.prefetch_related("bands"),
        "profiles": profiles,
        "zones": request.seller.shipping_zones.annotate(count=Count("rates")),
        "seller": request.seller,
    }
    return render(request, "checkout/shipping_rates.html", context)


@seller_required
@require_http_methods(["GET", "POST"])
def shipping_rate(request, pk=None):
    """Add a rate, or change the one named."""
    rows = request.seller.shipping_rates
    return edit(request, ShippingRateForm, "rate", rows, pk)


@seller_required
@require_http_methods(["GET", "POST"])
def shipping_zone(request, pk=None):
    """Name a zone, or change the one named."""
    rows = request.seller.shipping_zones
    return edit(request, ShippingZoneForm, "zone", rows, pk)


@seller_required
@require_http_methods(["GET", "POST"])
def delivery_profile(request, pk=None):
    """Name a profile, or rename the one named."""
    rows = request.seller.delivery_profiles
    return edit(request, DeliveryProfileForm, "profile", rows, pk)


def edit(request, form_class, name, rows, pk):
    """What is new, or changed; shown again where it cannot be saved."""
    found = own(request, rows, pk)
    form = form_class(
        request.POST or None, instance=found or rows.model(), seller=request.seller
    )
    is_gone = bool(pk) and found is None
    if request.method == "POST" and is_saved(form, is_gone=is_gone):
        messages.success(request, _("Saved."))
        return redirect("checkout:shipping_rates")
    context = {"form": form, name: None if form.is_gone else found}
    return render(request, PAGES[name], context)


def own(request, rows, pk):
    """None of a new one, and of one that was deleted while its form stood open.

    That form is shown again: what was typed is not lost by it.
    """
    found = rows.filter(pk=pk).first() if pk else None
    if pk and found is None:
        is_sent = request.method == "POST"
        if not is_sent or rows.model.objects.filter(pk=pk).exists():
            raise Http404
    return found


def is_saved(form, *, is_gone):
    if is_gone:
        form.refuse_as_gone()
        return False
    return form.is_valid() and form.is_saved()


@seller_required
@require_POST
def delete_shipping_rate(request, pk):
    said = _("The rate is deleted. Past orders keep theirs.")
    return delete(request, request.seller.shipping_rates, pk, said)


@seller_required
@require_POST
def delete_shipping_zone(request, pk):
    said = _("The zone is deleted. Its rates keep the countries.")
    return delete(request, request.seller.shipping_zones, pk, said)


@seller_required
@require_POST
def delete_delivery_profile(request, pk):
    said = _("The profile is deleted with its rates. Its products go by the others.")
    return delete(request, request.seller.delivery_profiles, pk, said)


def delete(request, rows, pk, said):
    get_object_or_404(rows, pk=pk).delete()
    messages.success(request, said)
    return redirect("checkout:shipping_rates")
