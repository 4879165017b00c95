"""Who may enter the seller centre."""

from functools import wraps

from django.contrib.auth.decorators import login_required
from django.shortcuts import redirect

from sellers.models import SellerMember


def seller_required(view):
    """Only members of a seller; `request.seller` is theirs.

    People without a shop are sent to the application.  Views look every object up
    through `request.seller`, so a stranger's object is a 404.
    """

    @login_required
    @wraps(view)
    def view_for_members(request, *args, **kwargs):
        memberships = SellerMember.objects.filter(user=request.user)
        membership = memberships.select_related("seller").order_by("pk").first()
        if membership is None:
            return redirect("sellers:apply")
        request.seller = membership.seller
        return view(request, *args, **kwargs)

    return view_for_members
