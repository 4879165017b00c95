"""Operators pay money back to a buyer, as sellers can, of one shop or of several."""

from django import forms
from django.contrib import messages
from django.contrib.admin.utils import unquote
from django.core.exceptions import PermissionDenied
from django.http import Http404
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.widgets import (
    UnfoldAdminDecimalFieldWidget,
    UnfoldAdminIntegerFieldWidget,
    UnfoldAdminTextareaWidget,
    UnfoldBooleanWidget,
)

from checkout import returns
from checkout.models import Order, OrderConflict
from checkout.seller_forms import MoneyField, RefundForm
from marketplace.moderation.decisions import trail
from marketplace.money import format_minor


class DeskRefundForm(RefundForm):
    """The seller's form, as the desk looks; paid only once the amount was shown."""

    is_borne_by_platform = forms.BooleanField(
        label=gettext_lazy("We bear the goodwill, not the shop"),
        required=False,
        widget=UnfoldBooleanWidget,
    )
    shown_minor = forms.IntegerField(required=False, widget=forms.HiddenInput)

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        for line in self.lines:
            field = self.fields[f"line-{line.pk}"]
            field.widget = UnfoldAdminIntegerFieldWidget(attrs=field.widget.attrs)
            field.help_text = _("Of %(left)s, at %(price)s each.") % {
                "left": line.left,
                "price": format_minor(
                    line.unit_price_minor, self.orders[0].group.currency
                ),
            }
        for field in self.fields.values():
            if isinstance(field, MoneyField):
                field.widget = UnfoldAdminDecimalFieldWidget(attrs=field.widget.attrs)
        reason = self.fields["reason"]
        reason.widget = UnfoldAdminTextareaWidget(attrs=reason.widget.attrs)

    @property
    def parts(self):
        """By order: its fields, units first."""
        return [
            (
                part["order"],
                [*(field for _line, field in part["units"]), *part["amounts"]],
            )
            for part in self.units_by_order
        ]

    @property
    def ending(self):
        return [self["is_borne_by_platform"], self["reason"]]


def refund(model_admin, request, object_id):
    """The page of an order, or of a whole checkout: the orders of all its shops."""
    found = model_admin.get_object(request, unquote(object_id))
    if found is None:
        raise Http404
    if not request.user.has_perm("checkout.add_refund"):
        raise PermissionDenied
    group = found.group if isinstance(found, Order) else found
    orders = [found] if isinstance(found, Order) else group.orders.order_by("pk")
    data = request.POST if request.method == "POST" else None
    form = DeskRefundForm(data, orders=orders)
    due = due_of(form)
    if due and form.cleaned_data["shown_minor"] == due["amount_minor"]:
        if pay_back(request, group, form):
            back = f"admin:checkout_{found._meta.model_name}_change"
            return redirect(back, found.pk)
        due = None
    context = model_admin.admin_site.each_context(request) | {
        "form": form,
        "due": due,
        "found": found,
        "group": group,
        "paid_minor": sum(order.total_minor for order in form.orders),
        "back_minor": sum(order.refunded_minor for order in form.orders),
        "opts": model_admin.opts,
        "title": _("Pay back"),
    }
    return render(request, "moderation/refund.html", context)


def due_of(form):
    """What the filled form would pay back; None as long as it cannot be paid."""
    if not form.is_valid():
        return None
    claims = form.claims()
    chosen = [order for order in form.orders if not claims[order.pk].is_empty]
    try:
        dues = [returns.due_for(order, claims[order.pk]) for order in chosen]
        canceled = [
            order for order in chosen if returns.is_canceling(order, claims[order.pk])
        ]
        for order in canceled:
            returns.check_canceling(order, claims[order.pk])
    except returns.RefundRefused as refusal:
        form.add_error(None, str(refusal))
        return None
    names = [
        "items_minor",
        "shipping_minor",
        "goodwill_minor",
        "seller_share_minor",
        "commission_minor",
        "platform_minor",
        "tax_minor",
        "amount_minor",
    ]
    sums = {name: sum(getattr(due, name) for due in dues) for name in names}
    return {**sums, "canceled": canceled}


def pay_back(request, group, form):
    reason = form.cleaned_data["reason"]
    try:
        made = returns.refund_group(
            group, form.claims(), reason=reason, by=request.user
        )
    except (returns.RefundRefused, OrderConflict) as refusal:
        form.add_error(None, str(refusal))
        return False
    for refund in made:
        trail(refund.order, request.user, f"Refund {refund.pk}. {reason}")
    messages.success(request, _("The money is on its way back to the buyer."))
    return True
