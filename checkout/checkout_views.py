"""From the cart to the payment: one page to fill in, one step to pay."""

from django.conf import settings
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from checkout import carts, gateway, ordering, payments, quotes
from checkout.forms import ADDRESS_FIELDS, CheckoutForm
from checkout.models import OrderConflict, OrderGroup
from checkout.models.cart import new_token
from checkout.ordering import (
    CartProblem,
    Details,
    EmptyCart,
    QuoteChanged,
    Undeliverable,
)
from checkout.private_links import private_link
from marketplace.accounts.models import Address
from sellers.models import OutOfStock


@never_cache
@require_http_methods(["GET", "POST"])
def checkout(request):
    cart = carts.cart_of(request)
    if request.method == "POST" and cart is not None:
        return order(request, cart)
    contents = carts.contents(cart)
    if not contents.items or contents.has_problems:
        return redirect("checkout:cart")
    initial = initial_details(request, cart, contents)
    form = CheckoutForm(initial={**initial, "checkout_key": new_token()})
    found = quotes.quote(
        contents, initial["country"], quotes.rates_of_unpaid_order(cart)
    )
    return show(request, form, found)


def order(request, cart):
    """The form was sent: make the order, or say what is in the way."""
    form = CheckoutForm(request.POST)
    if not form.is_valid():
        return show(request, form, typed_quote(request, cart), status=422)
    try:
        group = ordering.place_order(
            cart, details_of(request, form), form.cleaned_data["checkout_key"]
        )
    except EmptyCart:
        return redirect("checkout:cart")
    except (CartProblem, OutOfStock):
        messages.error(request, _("Something in your cart has just been sold out."))
        return redirect("checkout:cart")
    except (QuoteChanged, Undeliverable) as refusal:
        found = typed_quote(request, cart)
        is_changed = isinstance(refusal, QuoteChanged)
        return show(request, form, found, status=422, is_changed=is_changed)
    keep_address(request, form)
    remember(request, group)
    return redirect("checkout:pay", group.token)


def details_of(request, form):
    return Details(
        email=form.cleaned_data["email"],
        address=form.address,
        shown_total_minor=form.cleaned_data["shown_total"],
        rate_pks=chosen_rates(request),
        user=request.user if request.user.is_authenticated else None,
        language=get_language() or "en",
    )


def remember(request, group):
    """So that a guest finds the way back without the mail."""
    earlier = request.session.get(ordering.SESSION_KEY, [])
    tokens = [group.token, *(token for token in earlier if token != group.token)]
    request.session[ordering.SESSION_KEY] = tokens[: ordering.REMEMBERED]


def keep_address(request, form):
    if form.cleaned_data["save_address"] and request.user.is_authenticated:
        Address.objects.get_or_create(user=request.user, **form.address)


def initial_details(request, cart, contents):
    """What is known: of the order one came back from, the account, the first shop."""
    if unpaid := cart.order_groups.awaiting_payment().first():
        return {name: getattr(unpaid, name) for name in ["email", *ADDRESS_FIELDS]}
    initial = {"country": contents.sellers[0].seller.country}
    if request.user.is_authenticated:
        initial |= {"email": request.user.email, "name": request.user.name}
        if address := chosen_address(request):
            initial |= {name: getattr(address, name) for name in ADDRESS_FIELDS}
    return initial


def chosen_address(request):
    addresses = request.user.addresses.all()
    pk = request.GET.get("address", "")
    chosen = addresses.filter(pk=pk) if pk.isdecimal() and len(pk) < 19 else addresses
    return chosen.first()


def chosen_rates(request):
    """`rate-<seller>=<rate>` as chosen; nonsense counts as no choice."""
    chosen = {}
    for name, value in request.POST.items():
        seller = name.removeprefix("rate-")
        if name != seller and seller.isdecimal() and value.isdecimal():
            chosen[int(seller)] = int(value)
    return chosen


def typed_quote(request, cart):
    country = request.POST.get("country", "")
    return quotes.quote(carts.contents(cart), country, chosen_rates(request))


def show(request, form, found, *, status=200, is_changed=False):
    """The page; what was typed stays, the total shown is the one just computed."""
    addresses = request.user.addresses.all() if request.user.is_authenticated else []
    context = {
        "form": form,
        "quote": found,
        "is_changed": is_changed,
        "addresses": addresses,
        "is_sandbox": bool(settings.STRIPE_SANDBOX_URL),
    }
    return render(request, "checkout/checkout.html", context, status=status)


@require_POST
def quote(request):
    """Deliveries and totals for the country and the deliveries chosen now."""
    cart = carts.cart_of(request)
    if cart is None:
        return HttpResponse(status=204)
    context = {"quote": typed_quote(request, cart), "is_fragment": True}
    return render(request, "checkout/_delivery.html", context)


@private_link
@require_GET
def pay(request, token):
    group = get_object_or_404(OrderGroup.objects.with_lines(), token=token)
    if group.status != OrderGroup.Status.PENDING:
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


def payment_context(request, group):
    return_path = reverse("checkout:payment_return", args=[group.token])
    return {
        "client_secret": payments.start_payment(group),
        "last_error": group.payment.last_error,
        "return_url": request.build_absolute_uri(return_path),
        "stripe_key": settings.STRIPE_PUBLISHABLE_KEY,
        "stripe_js_url": settings.STRIPE_JS_URL,
    }
