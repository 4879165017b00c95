"""The seller centre's pages about disputes: what is frozen, until when to answer."""

from django import forms
from django.contrib import messages
from django.core.paginator import Paginator
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_http_methods

from checkout import dispute_evidence
from checkout.models import Dispute, Refund
from sellers.access import seller_required

PAGE_SIZE = 25


class StatementForm(forms.Form):
    text = forms.CharField(
        label=gettext_lazy("What happened, for the bank"),
        help_text=gettext_lazy("We send it on with what we know of the order."),
        max_length=4000,
        widget=forms.Textarea(attrs={"rows": 5}),
    )


def disputes_of(seller):
    found = Dispute.objects.filter(payment__group__orders__seller=seller)
    return found.distinct().select_related("payment__group")


@seller_required
@require_GET
def disputes(request):
    page = Paginator(disputes_of(request.seller), PAGE_SIZE).get_page(
        request.GET.get("page")
    )
    return render(request, "checkout/disputes.html", {"page": page})


@seller_required
@require_http_methods(["GET", "POST"])
def dispute(request, pk):
    """A POST adds what the shop says about it."""
    found = get_object_or_404(disputes_of(request.seller), pk=pk)
    form = StatementForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            dispute_evidence.say(found, request.seller, form.cleaned_data["text"])
        except dispute_evidence.TooLate:
            messages.error(request, _("The bank takes no more answers."))
        else:
            messages.success(request, _("Thank you. We send it to the bank in time."))
        return redirect("checkout:dispute", found.pk)
    orders = found.payment.group.orders.filter(seller=request.seller)
    order = orders.order_by("pk").first()
    charged = found.refunds.exclude(status=Refund.Status.UNDONE)
    context = {
        "dispute": found,
        "order": order,
        "form": form,
        "statements": found.statements.filter(seller=request.seller),
        "refund": charged.filter(order=order).first(),
        "parcels": order.fulfillments.all(),
    }
    return render(request, "checkout/dispute.html", context)
