"""The seller centre's pages about orders."""

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Count, Prefetch, prefetch_related_objects
from django.http import FileResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import (
    require_GET,
    require_http_methods,
    require_POST,
)

from checkout import fulfillment, late_orders, packing_slip
from checkout.models import (
    Dispute,
    Fulfillment,
    Order,
)
from checkout.seller_forms import ParcelForm
from sellers.access import seller_required

PAGE_SIZE = 25
TABS = {
    "to_ship": [Order.Status.PAID, Order.Status.PARTLY_SHIPPED],
    "shipped": [Order.Status.SHIPPED],
    "done": [Order.Status.DELIVERED, Order.Status.COMPLETED],
    "canceled": [Order.Status.CANCELED],
    # Beside their status.
    "returns": ["returning"],
}


def shown_in(tab, placed):
    if tab == "returns":
        return placed.returning()
    return placed.filter(status__in=TABS[tab]) if tab in TABS else placed


@seller_required
@require_GET
def seller_orders(request):
    placed = request.seller.orders.placed()
    tab = request.GET.get("tab", "to_ship")
    orders = shown_in(tab, placed)
    query = request.GET.get("q", "").strip()
    if query:
        orders = placed.filter(group__number__istartswith=query.split("-")[0])
    counts = {
        row["status"]: row["count"]
        for row in placed.order_by().values("status").annotate(count=Count("pk"))
    }
    statuses, counts["returning"] = list(counts), placed.returning().count()
    page = Paginator(
        orders.select_related("group").prefetch_related("lines").order_by("-pk"),
        PAGE_SIZE,
    ).get_page(request.GET.get("page"))
    tabs = [
        (name, label, sum(counts.get(kind, 0) for kind in TABS.get(name, statuses)))
        for name, label in (
            ("to_ship", _("To ship")),
            ("shipped", _("On the way")),
            ("done", _("Delivered")),
            ("returns", _("Returns")),
            ("canceled", _("Canceled")),
            ("all", _("All")),
        )
    ]
    return render(
        request,
        "checkout/seller_orders.html",
        {"page": page, "tab": tab, "tabs": tabs, "query": query},
    )


def placed_order(request, pk):
    """The seller's own order, once it was paid; a stranger's is a 404."""
    orders = request.seller.orders.placed().select_related("group", "seller")
    return get_object_or_404(orders, pk=pk)


@seller_required
@require_http_methods(["GET", "POST"])
def seller_order(request, pk):
    """The order; a POST records a parcel."""
    order = placed_order(request, pk)
    to_ship = fulfillment.lines_to_ship(order).with_pictures()
    lines = fulfillment.mark_waiting(order, to_ship)
    form = ParcelForm(
        request.POST or None,
        lines=lines,
        limit=lambda line: line.to_ship - line.waits_for,
    )
    if request.method == "POST" and form.is_valid():
        try:
            fulfillment.ship(
                order,
                form.quantities(),
                form.cleaned_data["request_key"],
                **form.parcel(),
            )
        except fulfillment.ShipmentRefused as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, _("The parcel is recorded. We told the buyer."))
            return redirect(order)
    parcels = order.fulfillments.prefetch_related(
        "tracking_events", Prefetch("lines__order_line")
    )
    prefetch_related_objects(
        [order],
        "invoices",
        "return_requests__pictures",
        "return_requests__lines__order_line",
        "return_requests__exchange_for",
    )
    return render(
        request,
        "checkout/seller_order.html",
        {
            "order": order,
            "lines": lines,
            "form": form,
            "parcels": parcels,
            "disputes": Dispute.objects.open().filter(payment__group_id=order.group_id),
            "cancels_at": late_orders.cancels_at(order),
        },
    )


@seller_required
@require_POST
def parcel_delivered(request, pk):
    parcels = Fulfillment.objects.filter(order__seller=request.seller)
    parcel = get_object_or_404(parcels.select_related("order"), pk=pk)
    if fulfillment.mark_delivered(parcel):
        messages.success(request, _("Marked as delivered. We told the buyer."))
    else:
        messages.info(request, _("This parcel was marked as delivered before."))
    return redirect(parcel.order)


@seller_required
@require_GET
def packing_slip_pdf(request, pk):
    order = placed_order(request, pk)
    return FileResponse(
        packing_slip.draw(order), filename=f"packing-slip-{order.number}.pdf"
    )
