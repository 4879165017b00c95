"""Pages on which orders are canceled, sent back and paid back."""

from django.contrib import messages
from django.http import FileResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from checkout import (
    exchanges,
    return_requests,
    returns,
    unsent_returns,
    withdrawals,
)
from checkout.models import Order, OrderConflict, ReturnPicture, ReturnRequest
from checkout.private_links import private_link
from checkout.return_forms import AnswerForm, ReturnForm, SentForm
from checkout.seller_forms import CancelForm, RefundForm
from checkout.seller_views import placed_order
from sellers.access import seller_required


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
        except returns.RefundRefused as refusal:
            messages.error(request, str(refusal))
        else:
            messages.success(
                request, _("The order is canceled. Your money is on its way back.")
            )
        return redirect(order.group)
    context = {"order": order, "lines": order.lines.with_pictures()}
    context["is_returnable"] = return_requests.is_returnable(order)
    return render(request, "checkout/cancel_order.html", context)


@private_link
@require_http_methods(["GET", "POST"])
def ask_return(request, token, pk):
    order = bought_order(token, pk)
    form = ReturnForm(
        request.POST or None,
        request.FILES or None,
        lines=return_requests.returnable_lines(order).with_pictures(),
        limit=lambda line: line.returnable,
    )
    if request.method == "POST" and form.is_valid():
        try:
            return_requests.ask(
                order, form.quantities(), form.cleaned_data["reason"], form.details()
            )
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
            "group": order.group,
            "form": form,
            "is_returnable": return_requests.is_returnable(order),
            "until": return_requests.returnable_until(order),
            "answer_by": return_requests.answer_deadline(),
            "is_withdrawable": withdrawals.is_open(order),
        },
    )


@private_link
@require_http_methods(["GET", "POST"])
def return_sent(request, token, pk):
    """The buyer says how it was sent, and can correct it."""
    accepted = ReturnRequest.objects.filter(
        order__group__token=token, status=ReturnRequest.Status.ACCEPTED
    )
    found = get_object_or_404(accepted.select_related("order__group"), pk=pk)
    form = SentForm(request.POST or None, initial={"proof": found.proof})
    if request.method == "POST" and form.is_valid():
        try:
            unsent_returns.say_sent(found, form.cleaned_data["proof"])
        except OrderConflict:
            messages.error(request, _("This return was decided before."))
        else:
            messages.success(request, _("Thank you. We told the shop."))
        return redirect(found.order.group)
    context = {
        "asked": found,
        "order": found.order,
        "group": found.order.group,
        "form": form,
        "closes_at": unsent_returns.closes_at(found),
    }
    return render(request, "checkout/return_sent.html", context)


@private_link
@require_GET
def return_picture(request, token, pk):
    """The buyer's own."""
    shown = ReturnPicture.objects.filter(return_request__order__group__token=token)
    return picture_file(get_object_or_404(shown, pk=pk))


@seller_required
@require_GET
def seller_return_picture(request, pk):
    sent = ReturnPicture.objects.filter(return_request__order__seller=request.seller)
    return picture_file(get_object_or_404(sent, pk=pk))


def picture_file(picture):
    response = FileResponse(picture.image.open(), content_type="image/webp")
    response["Cache-Control"] = "private, max-age=3600"
    return response


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
        except returns.RefundRefused as refusal:
            messages.error(request, str(refusal))
        else:
            messages.success(
                request, _("The order is canceled and the buyer gets the money back.")
            )
        return redirect(order)
    context = {"order": order, "form": form, "lines": order.lines.with_pictures()}
    return render(request, "checkout/cancel_seller_order.html", context)


def refund_form(request, order):
    return RefundForm(request.POST or None, orders=[order])


@seller_required
@require_http_methods(["GET", "POST"])
def refund_order(request, pk):
    """Pay units of chosen lines back, delivery, or money for nothing that returns."""
    order = placed_order(request, pk)
    form = refund_form(request, order)
    if request.method == "POST" and form.is_valid():
        reason = form.cleaned_data["reason"]
        try:
            returns.refund_or_cancel(
                order, form.claim(), reason=reason, by=request.user
            )
        except returns.RefundRefused as refusal:
            form.add_error(None, str(refusal))
            order.refresh_from_db(fields=["refunded_minor"])
        else:
            messages.success(request, _("The money is on its way back to the buyer."))
            return redirect(order)
    context = {"order": order, "form": form} | refund_context(order, form)
    return render(request, "checkout/refund_order.html", context)


@seller_required
@require_POST
def refund_quote(request, pk):
    """What the units chosen now would come to, and what follows from it."""
    order = placed_order(request, pk)
    context = {"order": order, **refund_context(order, refund_form(request, order))}
    return render(request, "checkout/_refund_quote.html", context)


def refund_context(order, form):
    """No amount where the choice cannot be paid back: the form says why."""
    claim = form.claim()
    try:
        due = returns.due_for(order, claim)
    except returns.RefundRefused:
        return {"due": None, "is_canceling": False}
    return {"due": due, "is_canceling": returns.is_canceling(order, claim)}


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
    try:
        decide(return_request, request, form.cleaned_data)
    except OrderConflict:
        messages.error(request, _("This return was decided before."))
    except (returns.RefundRefused, return_requests.ReturnRefused) as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, _("Done. We told the buyer."))
    return redirect(return_request.order)


def decide(return_request, request, data):
    decision, is_restocked = request.POST.get("decision"), data["is_restocked"]
    if decision == "refund":
        return_requests.refund(return_request, request.user, is_restocked=is_restocked)
    elif decision == "exchange":
        exchanges.exchange(return_request, request.user, is_restocked=is_restocked)
    elif decision == "reopen":
        unsent_returns.reopen(return_request)
    elif decision == "accept":
        return_requests.accept(return_request, data["answer"])
    else:
        return_requests.refuse(return_request, data["answer"])
