"""The seller centre apart from its products: overview, settings, people."""

from django.contrib import messages
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import (
    require_GET,
    require_http_methods,
    require_POST,
)

from sellers import figures, onboarding
from sellers.access import owner_required, seller_required
from sellers.forms import InvitationForm, ShopSettingsForm
from sellers.models import SellerConflict

PERIODS = [7, 30]


@seller_required
@require_GET
def overview(request):
    seller = request.seller
    days = 30 if request.GET.get("days") == "30" else 7
    context = {
        "seller": seller,
        "to_do": figures.to_do(seller),
        "figures": figures.figures_of(seller, days),
        "days": days,
        "periods": PERIODS,
        "low_stock": figures.low_stock(seller)[:5],
        "recent_orders": seller.orders.placed().select_related("group")[:5],
        "has_products": seller.products.exists(),
        "has_videos": seller.videos.kept().exists(),
    }
    return render(request, "sellers/overview.html", context)


@seller_required
@require_http_methods(["GET", "POST"])
def shop_settings(request):
    form = ShopSettingsForm(
        request.POST or None, request.FILES or None, instance=request.seller
    )
    if request.method == "POST" and form.is_valid():
        form.save()
        messages.success(request, _("Saved."))
        return redirect("sellers:shop_settings")
    if request.method == "POST":
        # What was refused must not show as the shop's name and pictures.
        request.seller.refresh_from_db()
    context = {
        "form": form,
        "seller": request.seller,
        "members": request.seller.members.select_related("user"),
        "invitations": request.seller.invitations.waiting(),
        "is_owner": request.seller_role == "owner",
        "invitation_form": InvitationForm(),
    }
    return render(request, "sellers/shop_settings.html", context)


@owner_required
@require_POST
def invite_member(request):
    form = InvitationForm(request.POST)
    if not form.is_valid():
        messages.error(request, _("That is not an email address."))
        return redirect("sellers:shop_settings")
    email = form.cleaned_data["email"]
    try:
        onboarding.invite(request.seller, email, request.user)
    except onboarding.AlreadyInvited:
        messages.info(request, _("%(email)s is already invited.") % {"email": email})
    else:
        messages.success(
            request, _("An invitation is on its way to %(email)s.") % {"email": email}
        )
    return redirect("sellers:shop_settings")


@owner_required
@require_POST
def remove_member(request, pk):
    member = get_object_or_404(request.seller.members, pk=pk)
    try:
        onboarding.remove_member(member)
    except SellerConflict:
        messages.error(request, _("An owner cannot be removed here."))
    else:
        messages.success(request, _("Removed."))
    return redirect("sellers:shop_settings")
