"""The withdrawal function: declare it, then confirm it.  See withdrawals.py."""

from django.contrib import messages
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from checkout import return_requests, withdrawals
from checkout.private_links import private_link
from checkout.return_forms import WithdrawalForm
from checkout.return_views import bought_order


@private_link
@require_http_methods(["GET", "POST"])
def withdraw(request, token, pk):
    """The second step is the same form, sent with `confirm`."""
    order = bought_order(token, pk)
    group = order.group
    form = WithdrawalForm(
        request.POST or None,
        lines=return_requests.returnable_lines(order).with_pictures(),
        limit=lambda line: line.returnable,
        initial={"name": group.name, "email": group.email},
    )
    is_declared = request.method == "POST" and form.is_valid()
    if is_declared and "confirm" in request.POST:
        try:
            withdrawals.withdraw(order, form.quantities(), form.cleaned_data["email"])
        except return_requests.ReturnRefused as refusal:
            form.add_error(None, str(refusal))
            is_declared = False
        else:
            messages.success(
                request, _("You have withdrawn. The confirmation is in your email.")
            )
            return redirect(group)
    context = {
        "order": order,
        "group": group,
        "form": form,
        "is_declared": is_declared,
        "is_open": withdrawals.is_open(order),
        "ends_at": withdrawals.ends_at(order),
        "days": withdrawals.DAYS,
    }
    return render(request, "checkout/withdraw.html", context)
