"""Pages on which orders are canceled, sent back and paid back."""

from django import forms
from django.contrib import messages
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST

from checkout import return_requests, returns
from checkout.models import Order, OrderConflict, ReturnRequest
from checkout.private_links import private_link
from checkout.seller_forms import CancelForm, QuantitiesForm, RefundForm
from checkout.seller_views import placed_order
from sellers.access import seller_required


class ReturnForm(QuantitiesForm):
    reason = forms.CharField(
        label=gettext_lazy("What is wrong?"),
        max_length=1000,
        widget=forms.Textarea(attrs={"rows": 4}),
    )


class AnswerForm(forms.Form):
    answer = forms.CharField(
        label=gettext_lazy("Answer, for the buyer"),
        max_length=1000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
    )
    is_restocked = forms.BooleanField(
        label=gettext_lazy("Put the goods back into stock"), required=False
    )

    def clean(self):
        data = super().clean()
        if self.data.get("decision") == "refuse" and not data.get("answer"):
            self.add_error("answer", _("Tell the buyer why you refuse."))
        return data


def bought_order(token, pk):
    """An order of the group behind an unguessable link; any other is a 404."""
    orders = Order.objects.placed().select_related("group", "seller")
    return get_object_or_404(orders, group__token=token, pk=pk)


@private_link
@require_http_methods(["GET", "POST"])
def cancel_order(request, token, pk):
    """The buyer's: asks once, then cancels what has not been sent."""
    order = bought_order(token, pk)
    if request.method == "POST":
        try:
            returns.cancel_order(order, reason=_("Canceled by the buyer"), by=None)
        except OrderConflict:
            messages.error(request, _("This order can no longer be canceled."))
        else:
            messages.success(
                request, _("The order is canceled. Your money is on its way back.")
            )
        return redirect(order.group)
    return render(request, "checkout/cancel_order.html", {"order": order})


@private_link
@require_http_methods(["GET", "POST"])
def ask_return(request, token, pk):
    order = bought_order(token, pk)
    form = ReturnForm(
        request.POST or None,
        lines=return_requests.returnable_lines(order),
        limit=lambda line: line.returnable,
    )
    if request.method == "POST" and form.is_valid():
        try:
            return_requests.ask(order, form.quantities(), form.cleaned_data["reason"])
        except return_requests.ReturnRefused as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, _("We have asked the shop. You will hear soon."))
            return redirect(order.group)
    return render(
        request,
        "checkout/ask_return.html",
        {
            "order": order,
            "form": form,
            "is_returnable": return_requests.is_returnable(order),
            "until": return_requests.returnable_until(order),
        },
    )


@seller_required
@require_http_methods(["GET", "POST"])
def cancel_seller_order(request, pk):
    order = placed_order(request, pk)
    form = CancelForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            returns.cancel_order(
                order, reason=form.cleaned_data["reason"], by=request.user
            )
        except OrderConflict:
            messages.error(request, _("This order can no longer be canceled."))
        else:
            messages.success(
                request, _("The order is canceled and the buyer gets the money back.")
            )
        return redirect(order)
    return render(
        request, "checkout/cancel_seller_order.html", {"order": order, "form": form}
    )


@seller_required
@require_http_methods(["GET", "POST"])
def refund_order(request, pk):
    """Pay units of chosen lines back."""
    order = placed_order(request, pk)
    form = RefundForm(
        request.POST or None,
        lines=order.lines.all(),
        limit=lambda line: line.quantity - line.refunded_quantity,
    )
    if request.method == "POST" and form.is_valid():
        try:
            returns.refund_or_cancel(
                order,
                form.quantities(),
                reason=form.cleaned_data["reason"],
                by=request.user,
            )
        except returns.RefundRefused as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, _("The money is on its way back to the buyer."))
            return redirect(order)
    return render(request, "checkout/refund_order.html", {"order": order, "form": form})


@seller_required
@require_POST
def answer_return(request, pk):
    """Accept, refuse or refund what a buyer wants to send back."""
    asked = ReturnRequest.objects.filter(order__seller=request.seller)
    return_request = get_object_or_404(asked.select_related("order__group"), pk=pk)
    form = AnswerForm(request.POST)
    if not form.is_valid():
        for errors in form.errors.values():
            messages.error(request, errors[0])
        return redirect(return_request.order)
    decision, data = request.POST.get("decision"), form.cleaned_data
    try:
        if decision == "refund":
            return_requests.refund(
                return_request, request.user, is_restocked=data["is_restocked"]
            )
        elif decision == "accept":
            return_requests.accept(return_request, data["answer"])
        else:
            return_requests.refuse(return_request, data["answer"])
    except OrderConflict:
        messages.error(request, _("This return was decided before."))
    except returns.RefundRefused as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, _("Done. We told the buyer."))
    return redirect(return_request.order)
