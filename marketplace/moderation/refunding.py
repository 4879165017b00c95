"""Operators pay money back to a buyer, line by line, as sellers can."""

from django.contrib import messages
from django.contrib.admin.utils import unquote
from django.core.exceptions import PermissionDenied
from django.http import Http404
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from unfold.widgets import UnfoldAdminIntegerFieldWidget, UnfoldAdminTextareaWidget

from checkout import returns
from checkout.models import OrderConflict
from checkout.seller_forms import RefundForm
from marketplace.moderation.decisions import trail


class DeskRefundForm(RefundForm):
    """The seller's form, as the desk looks."""

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        for name, field in self.fields.items():
            is_reason = name == "reason"
            widget = (
                UnfoldAdminTextareaWidget
                if is_reason
                else UnfoldAdminIntegerFieldWidget
            )
            field.widget = widget(attrs=field.widget.attrs)


def refund(model_admin, request, object_id):
    order = model_admin.get_object(request, unquote(object_id))
    if order is None:
        raise Http404
    if not request.user.has_perm("checkout.add_refund"):
        raise PermissionDenied
    form = DeskRefundForm(
        request.POST if request.method == "POST" else None,
        lines=order.lines.all(),
        limit=lambda line: line.quantity - line.refunded_quantity,
    )
    if form.is_valid() and pay_back(request, order, form):
        return redirect("admin:checkout_order_change", order.pk)
    context = model_admin.admin_site.each_context(request) | {
        "form": form,
        "found": order,
        "opts": model_admin.opts,
        "title": _("Pay back"),
    }
    return render(request, "moderation/refund.html", context)


def pay_back(request, order, form):
    reason = form.cleaned_data["reason"]
    try:
        made = returns.refund_or_cancel(
            order, form.quantities(), reason=reason, by=request.user
        )
    except (returns.RefundRefused, OrderConflict) as refusal:
        form.add_error(None, str(refusal))
        return False
    trail(order, request.user, f"Refund {made.pk}. {reason}")
    messages.success(request, _("The money is on its way back to the buyer."))
    return True
