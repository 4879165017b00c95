from django.contrib import messages
from django.contrib.auth import logout
from django.contrib.auth.decorators import login_required
from django.http import JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import (
    require_GET,
    require_http_methods,
    require_POST,
)

from marketplace.accounts import addresses as address_book
from marketplace.accounts import details, privacy
from marketplace.accounts.forms import AddressForm, ErasureForm, ProfileForm
from marketplace.accounts.models import Address

INBOX_PAGE = 30


@login_required
@require_http_methods(["GET", "POST"])
def account(request):
    form = ProfileForm(request.POST or None, instance=request.user)
    if request.method == "POST" and form.is_valid():
        form.save()
        messages.success(request, _("Saved."))
        return redirect("accounts:account")
    return render(request, "accounts/account.html", {"form": form})


@login_required
@require_GET
def addresses(request):
    return render(
        request,
        "accounts/addresses.html",
        {"addresses": request.user.addresses.all()},
    )


@login_required
@require_http_methods(["GET", "POST"])
def add_address(request):
    address = Address(user=request.user, name=request.user.name)
    return edit(request, address, _("New address"))


@login_required
@require_http_methods(["GET", "POST"])
def address(request, pk):
    kept = get_object_or_404(request.user.addresses, pk=pk)
    return edit(request, kept, _("Address"))


def edit(request, address, heading):
    form = AddressForm(request.POST or None, instance=address)
    if request.method == "POST" and form.is_valid():
        address_book.keep_address(request.user, form.save(commit=False))
        messages.success(request, _("The address is in your book."))
        return redirect("accounts:addresses")
    context = {"form": form, "address": address, "heading": heading}
    return render(request, "accounts/address.html", context)


@login_required
@require_POST
def remove_address(request, pk):
    address_book.remove_address(get_object_or_404(request.user.addresses, pk=pk))
    messages.success(request, _("The address is gone."))
    return redirect("accounts:addresses")


@login_required
@require_GET
def inbox(request):
    received = request.user.notifications.order_by("-pk")
    before = request.GET.get("before", "")
    if before.isdecimal() and len(before) < 19:
        received = received.filter(pk__lt=int(before))
    page = list(received[: INBOX_PAGE + 1])
    has_more = len(page) > INBOX_PAGE
    context = {"received": page[:INBOX_PAGE], "has_more": has_more}
    return render(request, "accounts/inbox.html", context)


@login_required
@require_GET
def message(request, pk):
    """One message; whoever opens it has read it."""
    received = get_object_or_404(request.user.notifications, pk=pk)
    request.user.notifications.unread().filter(pk=pk).update(read_at=timezone.now())
    details.forget(request)
    return render(request, "accounts/message.html", {"message": received})


@login_required
@require_POST
def mark_all_read(request):
    request.user.notifications.unread().update(read_at=timezone.now())
    return redirect("accounts:inbox")


@login_required
@never_cache
@require_GET
def export(request):
    response = JsonResponse(
        privacy.export(request.user), json_dumps_params={"indent": 2}
    )
    response["Content-Disposition"] = 'attachment; filename="my-data.json"'
    return response


@login_required
@require_http_methods(["GET", "POST"])
def erase(request):
    form = ErasureForm(request.POST or None, user=request.user)
    if request.method == "POST" and form.is_valid():
        user = request.user
        try:
            privacy.erase(user)
        except privacy.CannotErase:
            form.add_error(
                None,
                _(
                    "This account belongs to a shop or to our staff.  Close the shop, "
                    "or hand it to somebody else, first."
                ),
            )
        else:
            logout(request)
            messages.success(request, _("Your account is deleted."))
            return redirect("/")
    return render(request, "accounts/erase.html", {"form": form})
