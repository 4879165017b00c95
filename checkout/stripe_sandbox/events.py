"""Events, and the webhook endpoints that hear of them."""

from checkout.stripe_sandbox import clock, deliveries, errors, store
from checkout.stripe_sandbox.api import (
    PLATFORM,
    VERSION,
    listed,
    secret_only,
    shown,
    within,
)


def emit(call, kind: str, body: dict, account: str = PLATFORM) -> None:
    """Record that it happened, and have the endpoints told."""
    event = {
        "id": store.new_id("evt"),
        "object": "event",
        "api_version": VERSION,
        "created": clock.stamp(),
        "data": {"object": body},
        "livemode": False,
        "pending_webhooks": 1,
        "request": {"id": call.request_id, "idempotency_key": call.key or None},
        "type": kind,
    }
    if account != PLATFORM:
        event["account"] = account
    store.add(event, account)
    deliveries.enqueue(event)


def index(call):
    secret_only(call)
    call.params.accept(
        "type", "types", "limit", "starting_after", "ending_before", "created"
    )
    kinds = set(call.params.sequence("types"))
    if call.params.text("type"):
        kinds.add(call.params.text("type"))
    found = store.find("event", account=call.account)
    found = [event for event in found if not kinds or event["type"] in kinds]
    return listed(call, within(call.params, found), "/v1/events")


def retrieve(call, pk):
    secret_only(call)
    event = store.get("event", pk, call.account)
    if event is None:
        raise errors.missing("event", pk)
    return event


def create_endpoint(call):
    secret_only(call)
    call.params.accept(
        "description", "metadata", "connect", required=("url", "enabled_events")
    )
    endpoint = add_endpoint(
        call.params.text("url"),
        call.params.sequence("enabled_events"),
        secret=store.new_id("whsec", 32),
        is_connect=call.params.flag("connect"),
    )
    return {**shown(endpoint), "secret": endpoint["signing_secret"]}


def add_site(url, *, secret):
    """The site that this sandbox was started for, as its two webhook endpoints."""
    with store.transaction():
        for pk, is_connect in (("we_site", False), ("we_site_connect", True)):
            store.remove(pk)
            own_url = f"{url}/connect" if is_connect else url
            add_endpoint(own_url, ["*"], secret=secret, is_connect=is_connect, pk=pk)


def add_endpoint(url, enabled_events, *, secret, is_connect, pk=None):
    return store.add(
        {
            "id": pk or store.new_id("we"),
            "object": "webhook_endpoint",
            "api_version": None,
            "application": None,
            "created": clock.stamp(),
            "description": None,
            "enabled_events": enabled_events,
            "livemode": False,
            "metadata": {},
            "status": "enabled",
            "url": url,
            # Not part of Stripe's answer: see `api.HIDDEN`.
            "is_connect": is_connect,
            "signing_secret": secret,
        }
    )


def endpoints(call):
    secret_only(call)
    return listed(call, store.find("webhook_endpoint"), "/v1/webhook_endpoints")


def endpoint_of(call, pk):
    secret_only(call)
    endpoint = store.get("webhook_endpoint", pk)
    if endpoint is None:
        raise errors.missing("webhook_endpoint", pk)
    return shown(endpoint)


def delete_endpoint(call, pk):
    endpoint_of(call, pk)
    store.remove(pk)
    return {"id": pk, "object": "webhook_endpoint", "deleted": True}
