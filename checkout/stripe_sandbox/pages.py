"""What a browser gets: Stripe.js, the Payment Element, 3-D Secure, onboarding."""

from datetime import datetime
from pathlib import Path
from urllib.parse import urlencode

from django.http import FileResponse, Http404, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.views.decorators.http import require_GET, require_http_methods

from checkout.stripe_sandbox import (
    accounts,
    clock,
    deliveries,
    payment_intents,
    store,
)
from checkout.stripe_sandbox.api import PLATFORM, Call, Params
from marketplace.money import format_minor

ASSETS = Path(__file__).parent / "assets"
TYPES = {".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml"}
POLICY = (
    "default-src 'self'; object-src 'none'; base-uri 'none'; "
    "form-action 'self' http: https:"
)


def open_to_the_site(get_response):
    """Stripe.js runs in the site's pages and calls from there."""

    def middleware(request):
        if request.method == "OPTIONS":
            response = HttpResponse(status=204)
        else:
            response = get_response(request)
        response["Access-Control-Allow-Origin"] = "*"
        response["Access-Control-Allow-Headers"] = "Content-Type, Authorization"
        response["Access-Control-Allow-Methods"] = "GET, POST"
        response["Content-Security-Policy"] = POLICY
        response["X-Content-Type-Options"] = "nosniff"
        return response

    return middleware


def asset(request, name):
    path = ASSETS / name
    if path.suffix not in TYPES or not path.is_file():
        raise Http404
    return FileResponse(path.open("rb"), content_type=TYPES[path.suffix])


@require_GET
def stripe_js(request):
    return asset(request, "stripe.js")


@require_GET
def payment_element(request):
    return render(request, "payment_element.html")


@require_GET
def home(request):
    events = store.find("event")[:50]
    for event in events:
        event["at"] = datetime.fromtimestamp(event["created"])
        event["subject"] = event["data"]["object"]["id"]
    return render(request, "home.html", {"events": events})


def browser_call(request) -> Call:
    """The buyer or the seller acts, not the site."""
    return Call(
        params=Params({}),
        account=PLATFORM,
        is_secret=False,
        key="",
        request_id=store.new_id("req", 14),
        origin=f"{request.scheme}://{request.get_host()}",
        expand=[],
    )


@require_http_methods(["GET", "POST"])
def challenge(request, pk):
    """The bank's page of 3-D Secure, in an overlay or alone."""
    intent = store.get("payment_intent", pk)
    if not intent or request.GET.get("client_secret") != intent["client_secret"]:
        raise Http404
    if request.method == "GET":
        amount = format_minor(intent["amount"], intent["currency"].upper())
        return render(request, "challenge.html", {"intent": intent, "amount": amount})
    back = (intent["next_action"] or {}).get("redirect_to_url", {}).get("return_url")
    with store.transaction():
        payment_intents.authenticate(
            browser_call(request), intent, has_passed="complete" in request.POST
        )
    deliveries.wake.set()
    if back:
        return HttpResponseRedirect(with_outcome(back, store.get(intent["object"], pk)))
    return render(request, "challenge_done.html")


def with_outcome(address, intent):
    """The return address as Stripe fills it in."""
    status = "succeeded" if intent["status"] == "succeeded" else "failed"
    outcome = {
        "payment_intent": intent["id"],
        "payment_intent_client_secret": intent["client_secret"],
        "redirect_status": status,
    }
    return address + ("&" if "?" in address else "?") + urlencode(outcome)


@require_http_methods(["GET", "POST"])
def onboarding(request, pk):
    """What a seller fills in at Stripe; a link works once and for five minutes."""
    link = store.get("account_link", pk)
    if link is None:
        raise Http404
    if link["is_used"] or link["expires_at"] < clock.now():
        return HttpResponseRedirect(link["refresh_url"])
    account = store.get("account", link["account"])
    if request.method == "GET":
        return render(request, "onboarding.html", {"account": account})
    with store.transaction():
        store.save({**link, "is_used": True})
        if "submit" in request.POST:
            accounts.finish_onboarding(browser_call(request), account)
        elif "restrict" in request.POST:
            accounts.restrict(browser_call(request), account)
    deliveries.wake.set()
    return HttpResponseRedirect(link["return_url"])
