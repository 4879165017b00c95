"""The cart: what people mean to buy."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST
from django_countries import countries
from django_htmx.http import HttpResponseClientRedirect, trigger_client_event

from checkout import cart_contents, carts, deliveries
from checkout.carts import CartRefusal, Through
from checkout.forms import AddForm, QuantityForm, RestoreForm
from checkout.models import CartLine
from marketplace.accounts.models import country_of
from sellers.models import Variant
from videos.models import Video

REMOVED_KEY = "removed_from_cart"


@require_POST
def add_to_cart(request):
    """From a product page, a video's sheet or an earlier order."""
    form = AddForm(request.POST)
    if not form.is_valid():
        return refuse_to_add(request, form.first_error)
    data = form.cleaned_data
    on_sale = Variant.objects.on_sale().select_related("product__seller")
    variant = get_object_or_404(on_sale, pk=data["variant"])
    through = video_of(data)
    try:
        if data["buy_now"]:
            cart = carts.open_buy_now_cart(request)
            carts.put_alone(cart, variant, data["quantity"], through)
        else:
            carts.add(carts.open_cart(request), variant, data["quantity"], through)
    except CartRefusal as refusal:
        return refuse_to_add(request, str(refusal), variant)
    return say_added(request, variant, is_buying_now=data["buy_now"])


def video_of(data):
    """The one over which it is bought; names of none that there is are passed over."""
    named = Video.objects.filter(public_id=data["video"])
    video = named.first() if data["video"] else None
    if video is None:
        return None
    tag = data["tag"] if data["tag"].isdecimal() else None
    return Through(video, video.tags.filter(pk=tag).first())


def refuse_to_add(request, text, variant=None):
    if request.htmx:
        answer = HttpResponse(status=204)
        return trigger_client_event(answer, "toast", {"text": text, "kind": "error"})
    messages.error(request, text)
    return redirect(variant.product if variant else "checkout:cart")


def say_added(request, variant, *, is_buying_now):
    if is_buying_now:
        url = reverse("checkout:buy_now")
        return HttpResponseClientRedirect(url) if request.htmx else redirect(url)
    text = _("“%(product)s” is in your cart.") % {"product": variant.product.title}
    if not request.htmx:
        messages.success(request, text)
        return redirect("checkout:cart")
    toast = {
        "text": text,
        "url": reverse("checkout:cart"),
        "link": _("View cart"),
    }
    answer = trigger_client_event(HttpResponse(status=204), "toast", toast)
    return tell_count(request, answer)


def tell_count(request, answer):
    count = carts.count_of(carts.cart_of(request))
    return trigger_client_event(answer, "cart", {"count": count})


@never_cache
@require_GET
def cart(request):
    return render(request, "checkout/cart.html", cart_context(request))


def cart_context(request):
    cart = carts.cart_of(request)
    contents = cart_contents.contents(cart)
    country = country_of(request.user) if contents.items else ""
    return {
        "contents": contents,
        "country_name": countries.name(country),
        "unreachable": deliveries.unreachable(contents, country) if country else [],
        "unpaid": cart and cart.order_groups.payable().first(),
        "removed": request.session.pop(REMOVED_KEY, None),
    }


def answer_with_cart(request):
    """The cart as it is now: the fragment for htmx, else by way of a redirect."""
    if not request.htmx:
        return redirect("checkout:cart")
    answer = render(request, "checkout/_cart.html", cart_context(request))
    return tell_count(request, answer)


def own_line(request, pk):
    lines = CartLine.objects.select_related("variant__product", "cart")
    return get_object_or_404(lines, pk=pk, cart=carts.cart_of(request))


@require_POST
def set_quantity(request, pk):
    line = own_line(request, pk)
    form = QuantityForm(request.POST)
    if not form.is_valid():
        messages.error(request, form.first_error)
        return answer_with_cart(request)
    quantity = form.cleaned_data["quantity"]
    try:
        carts.put(line.cart, line.variant, quantity)
    except CartRefusal as refusal:
        messages.error(request, str(refusal))
    return answer_with_cart(request)


@require_POST
def remove_from_cart(request, pk):
    line = own_line(request, pk)
    request.session[REMOVED_KEY] = {
        "variant": line.variant_id,
        "quantity": line.quantity,
        "title": line.variant.product.title,
        "added_at": line.added_at.isoformat(),
    }
    line.delete()
    return answer_with_cart(request)


@require_POST
def restore_to_cart(request):
    """Undo a removal: put the same number back, in its old place."""
    form = RestoreForm(request.POST)
    if form.is_valid():
        data = form.cleaned_data
        on_sale = Variant.objects.on_sale().select_related("product")
        variant = get_object_or_404(on_sale, pk=data["variant"])
        try:
            line = carts.put(carts.open_cart(request), variant, data["quantity"])
        except CartRefusal as refusal:
            messages.error(request, str(refusal))
        else:
            added_at = data["added_at"] or line.added_at
            CartLine.objects.filter(pk=line.pk).update(added_at=added_at)
    return answer_with_cart(request)
