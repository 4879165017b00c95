"""The seller centre's page of a delivery zone."""

from django.contrib import messages
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from checkout.models import ShippingZone
from checkout.shipping_forms import ShippingZoneForm
from sellers.access import seller_required


@seller_required
@require_http_methods(["GET", "POST"])
def shipping_zone(request, pk=None):
    """Name a zone, or change the one named."""
    zone = get_object_or_404(request.seller.shipping_zones, pk=pk) if pk else None
    form = ShippingZoneForm(
        request.POST or None, instance=zone or ShippingZone(), seller=request.seller
    )
    if request.method == "POST" and form.is_valid() and form.is_saved():
        messages.success(request, _("Saved."))
        return redirect("checkout:shipping_rates")
    rates = zone.rates.all() if zone else []
    context = {"form": form, "zone": zone, "rates": rates}
    return render(request, "checkout/shipping_zone.html", context)


@seller_required
@require_POST
def delete_shipping_zone(request, pk):
    get_object_or_404(request.seller.shipping_zones, pk=pk).delete()
    messages.success(request, _("The zone is deleted. Its rates keep the countries."))
    return redirect("checkout:shipping_rates")
