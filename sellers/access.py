"""Who may enter the seller centre."""

from functools import wraps

from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.shortcuts import redirect

from sellers.models import Seller, SellerMember

# A suspended shop must still ship what was paid for.
AT_WORK = {Seller.Status.APPROVED, Seller.Status.SUSPENDED}


def seller_required(view):
    """Only members of a seller at work; `request.seller` is theirs.

    People without a shop, or with one that waits for review, are sent to the
    application.  Views look every object up through `request.seller`, so a
    stranger's object is a 404.
    """

    @login_required
    @wraps(view)
    def view_for_members(request, *args, **kwargs):
        membership = working_membership_of(request.user)
        if membership is None:
            return redirect("sellers:apply")
        request.seller = membership.seller
        request.seller_role = membership.role
        return view(request, *args, **kwargs)

    return view_for_members


def membership_of(user):
    memberships = SellerMember.objects.filter(user=user)
    return memberships.select_related("seller").order_by("pk").first()


def working_membership_of(user):
    """Of a seller at work; None for everybody else, signed in or not."""
    if not user.is_authenticated:
        return None
    membership = membership_of(user)
    is_at_work = membership and membership.seller.status in AT_WORK
    return membership if is_at_work else None


def owner_required(view):
    """Only the owners among the members: for people and legal matters."""

    @seller_required
    @wraps(view)
    def view_for_owners(request, *args, **kwargs):
        if request.seller_role != SellerMember.Role.OWNER:
            raise PermissionDenied
        return view(request, *args, **kwargs)

    return view_for_owners
