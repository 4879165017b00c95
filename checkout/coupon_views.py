"""The seller centre's pages about a shop's own coupons."""

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Sum
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import (
    require_GET,
    require_http_methods,
    require_POST,
)

from checkout.coupon_forms import SellerCouponForm
from checkout.models import Coupon
from sellers.access import seller_required

PAGE_SIZE = 25


@seller_required
@require_GET
def coupons(request):
    page = Paginator(request.seller.coupons.all(), PAGE_SIZE).get_page(
        request.GET.get("page")
    )
    return render(request, "checkout/coupons.html", {"page": page})


@seller_required
@require_http_methods(["GET", "POST"])
def new_coupon(request):
    form = SellerCouponForm(request.POST or None, seller=request.seller)
    if request.method == "POST" and form.is_valid():
        coupon = form.save()
        messages.success(
            request, _("Buyers can type %(code)s now.") % {"code": coupon.code}
        )
        return redirect(coupon)
    return render(request, "checkout/new_coupon.html", {"form": form})


@seller_required
@require_GET
def coupon(request, pk):
    """What it takes off, and the orders that it was used for."""
    found = get_object_or_404(request.seller.coupons, pk=pk)
    orders = request.seller.orders.placed().filter(group__coupon_use__coupon=found)
    sums = orders.aggregate(
        sold=Sum("total_minor", default=0), saved=Sum("discount_minor", default=0)
    )
    page = Paginator(orders.select_related("group").order_by("-pk"), PAGE_SIZE)
    context = {
        "coupon": found,
        "page": page.get_page(request.GET.get("page")),
        "sums": sums,
        "waiting": found.coupon_uses.filter(
            group__paid_at=None, released_at=None
        ).count(),
    }
    return render(request, "checkout/coupon.html", context)


@seller_required
@require_POST
def pause_coupon(request, pk):
    """Pause it, or take it into use again, as the button says."""
    is_active = request.POST.get("is_active") == "1"
    found = get_object_or_404(request.seller.coupons, pk=pk)
    Coupon.objects.filter(pk=found.pk).update(is_active=is_active)
    text = _("%(code)s is in use again.") if is_active else _("%(code)s is paused.")
    messages.success(request, text % {"code": found.code})
    return redirect(found)
