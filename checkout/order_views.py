"""The buyer's side of an order: by its unguessable link, or signed in."""

from datetime import timedelta

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.db.models import Q
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from checkout import (
    cart_contents,
    carts,
    fulfillment,
    late_orders,
    ordering,
    return_requests,
    timelines,
    withdrawals,
)
from checkout.carts import CartRefusal
from checkout.forms import ReviewForm
from checkout.models import Order, OrderGroup, OrderLine, Refund
from checkout.private_links import private_link
from sellers.models import Review

THANKS_FOR = timedelta(hours=1)
ORDERS_A_PAGE = 20


@private_link
@require_GET
def order_group(request, token):
    group = get_object_or_404(OrderGroup.objects.with_history(), token=token)
    orders = group.orders.all()
    parts = [
        {
            "order": order,
            "steps": timelines.timeline(group, order),
            "leaves_by": fulfillment.leaves_by(order),
            "cancels_at": late_orders.cancels_at(order),
            "is_cancelable": order.is_cancelable,
            "is_returnable": return_requests.is_returnable(order),
            "is_withdrawable": withdrawals.is_open(order),
            "withdrawal_ends_at": withdrawals.ends_at(order),
        }
        for order in orders
    ]
    is_canceled = all(order.status == Order.Status.CANCELED for order in orders)
    is_owner = request.user.is_authenticated and group.user_id == request.user.pk
    context = {
        "group": group,
        "parts": parts,
        "is_canceled": is_canceled,
        "is_new": is_new(group, orders),
        "refunded_minor": sum(map(money_back, orders)),
        "is_owner": is_owner,
        "reviewed": products_reviewed(group) if is_owner else set(),
        "is_sandbox": bool(settings.STRIPE_SANDBOX_URL),
    }
    return render(request, "checkout/order_group.html", context)


def money_back(order):
    """Without what paid for an exchange, which stays with the shop, or came back."""
    refunds = [
        refund
        for refund in order.refunds.all()
        if not refund.exchanged_into_id
        and not refund.came_back_at
        and refund.status != Refund.Status.UNDONE
    ]
    return sum(refund.amount_minor for refund in refunds)


def is_new(group, orders):
    """Paid just now, and nothing has happened to any part of it since."""
    is_untouched = all(order.status == Order.Status.PAID for order in orders)
    if not group.is_paid or not is_untouched:
        return False
    return timezone.now() - group.paid_at < THANKS_FOR


def products_reviewed(group):
    """Keys of what its buyer has reviewed already, after whichever order."""
    bought = OrderLine.objects.filter(order__group=group)
    reviews = Review.objects.filter(
        user=group.user_id, product__in=bought.values("variant__product")
    )
    return set(reviews.values_list("product_id", flat=True))


@private_link
@require_POST
def buy_again(request, token):
    group = get_object_or_404(OrderGroup.objects.with_lines(), token=token)
    cart = carts.open_cart(request)
    for order in group.orders.all():
        for line in order.lines.all():
            put_again(request, cart, line)
    return redirect("checkout:cart")


def put_again(request, cart, line):
    variant = line.variant
    try:
        if variant is None or not cart_contents.is_on_sale(variant):
            raise CartRefusal(_("No longer on sale."))
        carts.put(cart, variant, line.quantity)
    except CartRefusal as refusal:
        messages.warning(request, f"{line.title}: {refusal}")


@never_cache
@require_GET
def orders(request):
    """An account's orders; a guest's of this browser."""
    if request.user.is_authenticated:
        ordering.claim_orders(request.user)
        groups = request.user.order_groups.all()
    else:
        tokens = request.session.get(ordering.SESSION_KEY, [])
        groups = OrderGroup.objects.filter(token__in=tokens)
    in_time = Q(status=OrderGroup.Status.PENDING, pay_before__gt=timezone.now())
    shown = groups.filter(Q(paid_at__isnull=False) | in_time).with_lines()
    page = Paginator(shown.order_by("-pk"), ORDERS_A_PAGE).get_page(
        request.GET.get("page")
    )
    return render(request, "checkout/orders.html", {"page": page})


@login_required
@require_http_methods(["GET", "POST"])
def review(request, pk):
    """What a buyer says about a product that they paid for."""
    bought = OrderLine.objects.filter(
        order__group__user=request.user, order__group__paid_at__isnull=False
    ).exclude(variant=None)
    line = get_object_or_404(
        bought.select_related("variant__product__seller", "order__group"), pk=pk
    )
    product = line.variant.product
    earlier = Review.objects.filter(product=product, user=request.user).first()
    form = ReviewForm(
        request.POST or None,
        instance=earlier or Review(product=product, user=request.user),
    )
    if request.method == "POST" and form.is_valid():
        form.instance.is_verified = True
        form.save()
        messages.success(request, _("Thank you: your review is published."))
        return redirect(line.order.group)
    context = {"form": form, "line": line, "product": product}
    return render(request, "checkout/review.html", context)
