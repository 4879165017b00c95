from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from sellers import onboarding
from sellers.access import membership_of
from sellers.forms import ApplicationForm
from sellers.models import Seller, SellerConflict, SellerInvitation
from sellers.slugs import free_slug


@require_http_methods(["GET", "POST"])
def apply(request):
    """What selling here is, the form, and then how the application stands."""
    if not request.user.is_authenticated:
        return render(request, "sellers/apply.html")
    membership = membership_of(request.user)
    seller = membership.seller if membership else None
    may_apply = seller is None or seller.status == Seller.Status.REJECTED
    if not may_apply or (seller and "again" not in request.GET):
        return render(request, "sellers/application.html", {"seller": seller})
    form = ApplicationForm(
        request.POST or None,
        instance=seller,
        initial={"email": request.user.email, "legal_name": request.user.name},
    )
    if request.method == "POST" and form.is_valid():
        onboarding.apply_to_sell(request.user, form.cleaned_data)
        messages.success(request, _("Thank you. We look at your application now."))
        return redirect("sellers:apply")
    return render(request, "sellers/apply.html", {"form": form})


@login_required
@require_GET
def shop_address(request):
    """The address that a shop of that name would get, while it is typed."""
    name = request.GET.get("name", "")[:80]
    slug = free_slug(Seller.objects.all(), name, "") if name.strip() else ""
    return render(request, "sellers/_shop_address.html", {"slug": slug})


@login_required
@require_http_methods(["GET", "POST"])
def accept_invitation(request, token):
    invitation = get_object_or_404(
        SellerInvitation.objects.waiting().select_related("seller"), token=token
    )
    if request.method == "POST":
        try:
            onboarding.accept_invitation(invitation, request.user)
        except SellerConflict:
            messages.error(request, _("This invitation has been used already."))
            return redirect("sellers:apply")
        return redirect("sellers:overview")
    return render(request, "sellers/accept_invitation.html", {"invitation": invitation})
