"""The cards that a buyer keeps, in the account and at the payment."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from checkout import gateway, saved_cards
from checkout.models import OrderConflict, Payment


@login_required
@never_cache
@require_GET
def cards(request):
    try:
        context = {"cards": saved_cards.cards_of(request.user)}
    except gateway.GatewayError:
        context = {"is_unreachable": True}
    return render(request, "checkout/cards.html", context)


@login_required
@require_POST
def remove_card(request, card_id):
    try:
        if not saved_cards.remove(request.user, card_id):
            raise Http404
    except gateway.GatewayError:
        messages.error(
            request, _("Stripe cannot be reached at the moment. Please try again.")
        )
    else:
        messages.success(request, _("The card is gone."))
    return redirect("checkout:cards")


@login_required
@require_POST
def keep_card(request, token):
    """From the payment's page, before the card is sent to Stripe."""
    own = Payment.objects.filter(group__user=request.user)
    payment = get_object_or_404(own, group__token=token)
    is_wanted = request.POST.get("keep") == "yes"
    try:
        saved_cards.keep(payment, request.user, is_wanted=is_wanted)
    except OrderConflict:
        return HttpResponse(status=409)
    except gateway.GatewayError:
        return HttpResponse(status=503)
    return HttpResponse(status=204)
