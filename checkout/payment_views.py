"""Where the buyer comes back from Stripe, and where sellers see their money."""

from django.conf import settings
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.crypto import get_random_string
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from checkout import (
    connected_accounts,
    gateway,
    page_questions,
    payments,
    requirements,
)
from checkout.models import OrderGroup, Transfer
from checkout.payouts import balance_of, hold_days
from checkout.private_links import private_link
from sellers.access import seller_required
from sellers.models import SellerMember


@private_link
@require_GET
def payment_return(request, token):
    """Stripe sends the buyer here; the webhook may have been faster, or never come."""
    group = get_object_or_404(OrderGroup, token=token)
    try:
        group = payments.settle(group)
    except (gateway.GatewayError, payments.PaymentMismatch):
        messages.warning(
            request, _("We are still waiting for your payment to be confirmed.")
        )
        return redirect(group)
    if group.status == OrderGroup.Status.PENDING and not group.is_processing:
        # Declined or given up at the bank: the pay page shows why and tries again.
        return redirect("checkout:pay", group.token)
    return redirect(group)


@seller_required
@never_cache
@require_GET
def payouts(request):
    transfers = Transfer.objects.filter(order__seller=request.seller)
    return render(
        request,
        "checkout/payouts.html",
        {
            "seller": request.seller,
            "requirements": requirements.texts_of(request.seller.requirements_due),
            "is_owner": is_owner(request),
            "balance": balance_of(request.seller),
            "payouts": request.seller.payouts.all()[:20],
            "transfers": transfers.select_related("order__group").order_by("-pk")[:50],
            "hold_days": hold_days(request.seller),
        },
    )


def is_owner(request):
    return request.seller.members.filter(
        user=request.user, role=SellerMember.Role.OWNER
    ).exists()


@seller_required
@require_POST
def connect_account(request):
    """Only the owner says where the shop's money goes."""
    if not is_owner(request):
        raise PermissionDenied
    site = settings.SITE_URL
    try:
        with page_questions.asking():
            address = connected_accounts.connect(
                request.seller,
                return_url=site + reverse("checkout:account_connected"),
                refresh_url=site + reverse("checkout:account_link_expired"),
                attempt=get_random_string(16),
            )
    except gateway.Refused as refusal:
        messages.error(request, _("Stripe refuses: %(reason)s") % {"reason": refusal})
        return redirect("checkout:payouts")
    except gateway.GatewayError:
        messages.error(
            request, _("Stripe cannot be reached at the moment. Please try again.")
        )
        return redirect("checkout:payouts")
    return redirect(address)


@seller_required
@require_GET
def account_connected(request):
    """Back from Stripe; whether everything was given, only Stripe knows."""
    if not request.seller.stripe_account_id:
        return redirect("checkout:payouts")
    try:
        with page_questions.asking():
            account_id = request.seller.stripe_account_id
            account = connected_accounts.refresh_account(account_id)
    except gateway.GatewayError:
        messages.warning(request, _("Stripe is still checking your details."))
        return redirect("checkout:payouts")
    if account.is_payable:
        messages.success(request, _("You are connected: payouts can begin."))
    elif account.is_submitted:
        messages.info(request, _("Thank you. Stripe is checking your details."))
    else:
        messages.warning(request, _("Stripe still needs some details from you."))
    return redirect("checkout:payouts")


@seller_required
@require_GET
def account_link_expired(request):
    messages.warning(request, _("That link has expired. Please connect once more."))
    return redirect("checkout:payouts")
