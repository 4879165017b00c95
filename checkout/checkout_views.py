"""From the cart to the payment: one page to fill in, one step to pay."""

import re
from functools import partial

from django.conf import settings
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from checkout import (
    cart_contents,
    carts,
    coupon_guesses,
    deliveries,
    gateway,
    ordering,
    payments,
    quotes,
    saved_cards,
    tax_questions,
    taxes,
)
from checkout.coupons import CouponRefused, Entry
from checkout.forms import ADDRESS_FIELDS, CheckoutForm
from checkout.models import OrderConflict, OrderGroup
from checkout.models.cart import new_token
from checkout.ordering import (
    CartProblem,
    Details,
    EmptyCart,
    LimitPassed,
    QuoteChanged,
    Undeliverable,
)
from checkout.private_links import private_link
from marketplace.accounts.models import Address
from sellers.models import OutOfStock
from videos.feed.viewers import viewer_of


@never_cache
@require_http_methods(["GET", "POST"])
def checkout(request):
    return check_out(request, carts.cart_of(request))


@never_cache
@require_http_methods(["GET", "POST"])
def buy_now(request):
    """The checkout of one product alone; the cart stays as it is."""
    return check_out(request, carts.buy_now_cart(request))


def check_out(request, cart):
    if request.method == "POST" and cart is not None:
        return order(request, cart)
    unpaid = list(cart.order_groups.awaiting_payment()) if cart is not None else []
    contents = cart_contents.contents(cart, unpaid)
    if not contents.items or contents.has_problems:
        return redirect(way_back(contents.items))
    unpaid = next(iter(unpaid), None)
    initial = initial_details(request, unpaid, contents)
    form = CheckoutForm(initial={**initial, "checkout_key": new_token()})
    country = initial["country"]
    rates = deliveries.rates_of_unpaid_order(unpaid, country)
    entry = Entry(initial.pop("coupon_code", ""), cart, buyer_of(request))
    place = place_of(request, cart, initial)
    found = quotes.quote(contents, country, rates, entry, place=place)
    return show(request, cart, form, found)


def way_back(items):
    """The product that is bought at once says what is wrong with it, else the cart."""
    if items and items[0].line.cart.is_buy_now:
        return items[0].variant.product.get_absolute_url()
    return reverse("checkout:cart")


def order(request, cart):
    """The form was sent: make the order, or say what is in the way."""
    if "apply" in request.POST:
        return apply_coupon(request, cart)
    form = CheckoutForm(request.POST)
    refused = coupon_guesses.refusal(request, typed_code(request))
    if refused or not form.is_valid():
        return show(request, cart, form, typed_quote(request, cart, refused))
    details = details_of(request, form)
    ask_for_taxes(request, cart, details)
    try:
        group = ordering.place_order(cart, details, form.cleaned_data["checkout_key"])
    except EmptyCart:
        return redirect("checkout:cart")
    except (CartProblem, OutOfStock) as refusal:
        is_known = isinstance(refusal, CartProblem)
        contents = refusal.contents if is_known else cart_contents.contents(cart)
        items = contents.items
        messages.error(request, problem_among(items))
        return redirect(way_back(items))
    except LimitPassed as refusal:
        messages.error(request, str(refusal))
        return redirect(way_back(cart_contents.contents(cart).items))
    except taxes.TaxUnknown as refusal:
        form.add_error("postal_code", str(refusal))
        return show(request, cart, form, typed_quote(request, cart))
    except (QuoteChanged, Undeliverable, CouponRefused) as refusal:
        is_refused = isinstance(refusal, CouponRefused)
        found = typed_quote(request, cart, str(refusal) if is_refused else "")
        is_changed = isinstance(refusal, QuoteChanged)
        return show(request, cart, form, found, is_changed=is_changed)
    keep_address(request, form)
    remember(request, group)
    return redirect("checkout:pay", group.token)


def place_of(request, cart, address):
    return taxes.Place(
        address, cart.pk, may_ask=partial(tax_questions.is_allowed, request)
    )


def ask_for_taxes(request, cart, details):
    """Before the order's locks are taken: within them nobody is asked."""
    if not settings.STRIPE_TAX:
        return
    entry = Entry(details.coupon_code, cart, details.user)
    place = place_of(request, cart, details.address)
    contents, country = cart_contents.contents(cart), details.address["country"]
    quotes.quote(contents, country, details.rate_pks, entry, place=place)


def problem_among(items):
    """What is in the way of the first that cannot be bought."""
    for item in items:
        if item.problem:
            return f"“{item.variant.product.title}”: {item.problem}"
    return _("Something has just been sold out. Please try again.")


def details_of(request, form):
    return Details(
        email=form.cleaned_data["email"],
        address=form.address,
        shown_total_minor=form.cleaned_data["shown_total"],
        shown_items=form.cleaned_data["shown_items"],
        rate_pks=chosen_rates(request),
        coupon_code=typed_code(request),
        user=buyer_of(request),
        language=get_language() or "en",
        viewer=viewer_of(request),
    )


def remember(request, group):
    """So that a guest finds the way back without the mail."""
    earlier = request.session.get(ordering.SESSION_KEY, [])
    tokens = [group.token, *(token for token in earlier if token != group.token)]
    request.session[ordering.SESSION_KEY] = tokens[: ordering.REMEMBERED]


def keep_address(request, form):
    if form.cleaned_data["save_address"] and request.user.is_authenticated:
        Address.objects.get_or_create(user=request.user, **form.address)


def initial_details(request, unpaid, contents):
    """What is known: of the order one came back from, the account, the first shop.

    An address that was picked on the page wins over all of them.
    """
    user = request.user
    picked = picked_address(request) if user.is_authenticated else None
    if unpaid:
        names = ["email", "coupon_code", *ADDRESS_FIELDS]
        initial = {name: getattr(unpaid, name) for name in names}
        return initial | address_details(picked)
    initial = {"country": contents.sellers[0].seller.country}
    if user.is_authenticated:
        initial |= {"email": user.email, "name": user.name}
        initial |= address_details(picked or user.addresses.first())
    return initial


def address_details(address):
    return {name: getattr(address, name) for name in ADDRESS_FIELDS} if address else {}


def picked_address(request):
    pk = request.GET.get("address", "")
    if not pk.isdecimal() or len(pk) > 18:
        return None
    return request.user.addresses.filter(pk=pk).first()


def chosen_rates(request):
    """As shown chosen; nonsense counts as no choice."""
    return rates_sent(request, "rate-")


def rates_chosen_by_hand(request):
    """Without those that were only the first of what the page offered.

    Else the dearest, where it is the only one for a country, would stay chosen in
    every country that it serves too.
    """
    first = rates_sent(request, "first-rate-")
    return {
        key: rate
        for key, rate in chosen_rates(request).items()
        if first.get(key) != rate
    }


def rates_sent(request, prefix):
    """By seller, or by seller and profile, as `Consignment.field_name` is made."""
    sent = {}
    for name, value in request.POST.items():
        found = re.fullmatch(rf"{prefix}(\d{{1,18}})(?:-(\d{{1,18}}))?", name)
        if found and re.fullmatch(r"\d{1,18}", value):
            seller, profile = found.groups()
            key = deliveries.key_of(int(seller), profile and int(profile))
            sent[key] = int(value)
    return sent


def typed_quote(request, cart, refused=""):
    """`refused`: why the code that was typed takes nothing off, where that is known."""
    country = request.POST.get("country", "")
    contents = cart_contents.contents(cart)
    entry = Entry(typed_code(request), cart, buyer_of(request), refused)
    rates = rates_chosen_by_hand(request)
    typed = {name: request.POST.get(name, "")[:100] for name in ADDRESS_FIELDS}
    place = place_of(request, cart, typed)
    return quotes.quote(contents, country, rates, entry, place=place)


def typed_code(request):
    return request.POST.get("coupon", "")[:40]


def buyer_of(request):
    return request.user if request.user.is_authenticated else None


def apply_coupon(request, cart):
    """The button beside the code, without JavaScript: the page again, not an order."""
    form = CheckoutForm(initial=request.POST.dict())
    refused = coupon_guesses.refusal(request, typed_code(request))
    return show(request, cart, form, typed_quote(request, cart, refused))


def show(request, cart, form, found, *, is_changed=False):
    """The page; what was typed stays, the total shown is the one just computed."""
    addresses = request.user.addresses.all() if request.user.is_authenticated else []
    context = {
        "form": form,
        "is_buy_now": cart.is_buy_now,
        "back_url": way_back(found.items),
        "quote": found,
        "is_changed": is_changed,
        "addresses": addresses,
        "is_sandbox": bool(settings.STRIPE_SANDBOX_URL),
    }
    status = 422 if form.is_bound else 200
    return render(request, "checkout/checkout.html", context, status=status)


@require_POST
def quote(request):
    """Deliveries and totals for the country and the deliveries chosen now."""
    return quote_again(request, carts.cart_of(request))


@require_POST
def buy_now_quote(request):
    return quote_again(request, carts.buy_now_cart(request))


def quote_again(request, cart):
    if cart is None:
        return HttpResponse(status=204)
    refused = coupon_guesses.refusal(request, typed_code(request))
    context = {
        "quote": typed_quote(request, cart, refused),
        "is_buy_now": cart.is_buy_now,
        "is_fragment": True,
    }
    return render(request, "checkout/_delivery.html", context)


@private_link
@require_GET
def pay(request, token):
    group = get_object_or_404(OrderGroup.objects.with_lines(), token=token)
    if group.status != OrderGroup.Status.PENDING or group.is_processing:
        return redirect(group)
    context = {"group": group, "is_sandbox": bool(settings.STRIPE_SANDBOX_URL)}
    status = 200
    if group.is_payable:
        try:
            context |= payment_context(request, group)
        except OrderConflict:
            return redirect(group)
        except gateway.GatewayError:
            status = 503
    return render(request, "checkout/pay.html", context, status=status)


def cards_context(group, user):
    """Without them the buyer types a card: they are no reason not to be paid."""
    try:
        cards = saved_cards.cards_for(group, user)
    except gateway.GatewayError:
        return {}
    usable = [card.id for card in cards if not card.is_expired]
    return {"cards": cards, "first_card": usable[0] if usable else ""}


def payment_context(request, group):
    return_path = reverse("checkout:payment_return", args=[group.token])
    payment = payments.payment_to_make(group)
    return {
        "client_secret": payment.client_secret,
        "last_error": payment.last_error,
        "keeps_card": payment.keeps_card,
        "can_keep_card": request.user.is_authenticated
        and group.user_id == request.user.pk,
        **cards_context(group, request.user),
        "return_url": request.build_absolute_uri(return_path),
        "stripe_key": settings.STRIPE_PUBLISHABLE_KEY,
        "stripe_js_url": settings.STRIPE_JS_URL,
    }
