"""What every API request goes through: key, idempotency, faults, expanding, lists."""

import hashlib
import json
import secrets
import threading
import time
from dataclasses import dataclass

from django.http import JsonResponse, StreamingHttpResponse

from checkout.stripe_sandbox import clock, deliveries, errors, faults, store
from checkout.stripe_sandbox.errors import Refusal
from checkout.stripe_sandbox.params import Params, decode
from checkout.stripe_sandbox.store import PLATFORM

VERSION = "2026-10-28.endive"
# Stripe forgets a key after this time at the earliest.
KEY_SECONDS = 24 * 60 * 60
LAST_MOMENT = 2**40
# What the sandbox notes on an object for itself.
HIDDEN = {
    "is_connect",
    "is_detached",
    "paid_out_by",
    "signing_secret",
    "test_number",
}


@dataclass
class Call:
    """One request as the handlers see it."""

    params: Params
    account: str
    is_secret: bool
    key: str
    request_id: str | None
    origin: str
    expand: list


@dataclass
class Reply:
    body: dict
    status: int = 200
    is_saved: bool = True
    is_replay: bool = False


def own_call() -> Call:
    """Nobody asked: Stripe or a bank acts."""
    return Call(Params({}), PLATFORM, True, "", None, "", [])


_running: set = set()
_running_lock = threading.Lock()


def endpoint(**handlers):
    """A view that answers each method with its handler, as Stripe would."""

    def view(request, **ids):
        call = None
        try:
            handler = handlers.get(request.method)
            if handler is None:
                raise errors.invalid(
                    f"Unrecognized request URL ({request.method}: {request.path}).",
                    status=404,
                )
            call = read_call(request)
            fault = faults.next_for(request.method, request.path)
            if fault.get("kind") == "rate_limit":
                raise errors.rate_limited()
            reply = answer(
                request, call, fault, lambda: expanded(handler(call, **ids), call)
            )
        except Refusal as refusal:
            reply, fault = refused(refusal), {}
        deliveries.wake.set()
        return respond(request, call, reply, fault)

    view.csrf_exempt = True
    return view


def read_call(request) -> Call:
    text = request.body.decode() if request.method == "POST" else ""
    params = decode(text or request.META["QUERY_STRING"])
    key = params.pop("key", None) or bearer(request)
    expand = Params({"expand": params.pop("expand", {})}).sequence("expand")
    if not key:
        raise errors.unauthorized(
            "You did not provide an API key. You need to provide your API key in the "
            "Authorization header, using Bearer auth."
        )
    if not key.startswith(("sk_test_", "pk_test_")):
        raise errors.unauthorized(f"Invalid API Key provided: {key[:8]}***")
    return Call(
        params=Params(params),
        account=request.headers.get("Stripe-Account", PLATFORM),
        is_secret=key.startswith("sk_"),
        key=request.headers.get("Idempotency-Key", ""),
        request_id=store.new_id("req", 14),
        origin=f"{request.scheme}://{request.get_host()}",
        expand=expand,
    )


def bearer(request) -> str:
    kind, _, token = request.headers.get("Authorization", "").partition(" ")
    return token if kind == "Bearer" else ""


def answer(request, call, fault, handler) -> Reply:
    if request.method != "POST" or not call.key:
        with store.transaction():
            return act(fault, handler)
    if len(call.key) > 255:
        raise errors.not_begun("Idempotency keys must be at most 255 characters.")
    scope = f"{call.account}:{call.is_secret}:{call.key}"
    with_parameters = hashlib.sha256(
        json.dumps([request.path, call.params.tree], sort_keys=True).encode()
    ).hexdigest()
    claim(scope, call.key)
    try:
        if fault.get("kind") == "slow":
            time.sleep(fault.get("seconds") or 1)
        with store.transaction():
            return replay(scope, with_parameters, call.key) or first(
                scope, with_parameters, act(fault, handler)
            )
    finally:
        _running.discard(scope)


def claim(scope, key) -> None:
    with _running_lock:
        if scope in _running:
            raise errors.key_in_use(key)
        _running.add(scope)


def replay(scope, request, key) -> Reply | None:
    row = store.run("SELECT * FROM replies WHERE key = ?", scope).fetchone()
    if row is None or row["made_at"] < clock.now() - KEY_SECONDS:
        return None
    if row["request"] != request:
        raise errors.key_reused(key)
    return Reply(json.loads(row["body"]), row["status"], is_replay=True)


def first(scope, request, reply) -> Reply:
    if reply.is_saved:
        store.run(
            "REPLACE INTO replies VALUES (?, ?, ?, ?, ?)",
            scope,
            request,
            reply.status,
            json.dumps(reply.body),
            clock.now(),
        )
    return reply


def act(fault, handler) -> Reply:
    """The handler's answer; what a refused request did is undone."""
    if fault.get("kind") == "error":
        return refused(errors.broken())
    try:
        with store.transaction("action"):
            result = handler()
    except Refusal as refusal:
        return refused(refusal)
    if fault.get("kind") == "error_after":
        return refused(errors.broken())
    return result if isinstance(result, Reply) else Reply(result)


def expanded(result, call):
    """With whole objects for the ids that the request names, as deep as it says."""
    for path in call.expand:
        expand(result, path.split("."))
    return result


def expand(node, path) -> None:
    name, *rest = path
    if isinstance(node, list):
        for part in node:
            expand(part, path)
        return
    value = node.get(name)
    if isinstance(value, str):
        value = node[name] = shown(store.get_any(value)) or value
    if rest and isinstance(value, dict | list):
        expand(value, rest)


def shown(body: dict) -> dict:
    return {name: value for name, value in body.items() if name not in HIDDEN}


def refused(refusal) -> Reply:
    return Reply({"error": refusal.error}, refusal.status, refusal.is_saved)


def respond(request, call, reply, fault):
    if fault.get("kind") == "cut":
        return cut_short(reply)
    if fault.get("kind") == "timeout":
        time.sleep(fault.get("seconds") or faults.TIMEOUT_SECONDS)
    response = JsonResponse(reply.body, status=reply.status)
    response["Request-Id"] = call.request_id if call else store.new_id("req", 14)
    response["Stripe-Version"] = request.headers.get("Stripe-Version", VERSION)
    if call and call.key:
        response["Idempotency-Key"] = call.key
    if reply.is_replay:
        response["Idempotent-Replayed"] = "true"
    if reply.status == 500:
        response["Stripe-Should-Retry"] = "false"
    return response


def cut_short(reply):
    """The connection breaks in the middle of the answer; the effect stays."""
    body = json.dumps(reply.body).encode()
    response = StreamingHttpResponse(iter([body[: len(body) // 2]]))
    response["Content-Length"] = str(len(body))
    return response


def unknown_address(request, exception=None):
    refusal = errors.invalid(
        f"Unrecognized request URL ({request.method}: {request.path}).", status=404
    )
    return JsonResponse({"error": refusal.error}, status=404)


def filtered(call, kind: str, names: tuple, *others: str) -> dict:
    """The caller's objects of that kind; each of `names` may be asked for."""
    secret_only(call)
    p = call.params
    p.accept("limit", "starting_after", "ending_before", "created", *names, *others)
    fields = {name: p.text(name) for name in names if p.text(name)}
    found = store.find(kind, account=call.account, **fields)
    return listed(call, within(p, found), f"/v1/{kind}s")


def within(p, found: list) -> list:
    """Made in the time that the caller asks for."""
    bounds = p.mapping("created")
    return [
        body
        for body in found
        if int(bounds.get("gte", 0)) <= body["created"]
        and int(bounds.get("gt", -1)) < body["created"]
        and body["created"] <= int(bounds.get("lte", LAST_MOMENT))
        and body["created"] < int(bounds.get("lt", LAST_MOMENT))
    ]


def listed(call, found: list, address: str) -> dict:
    """One page of a list, with Stripe's cursors."""
    limit = call.params.integer("limit", 10)
    after, before = (
        call.params.text("starting_after"),
        call.params.text("ending_before"),
    )
    ids = [item["id"] for item in found]
    if (after or before) and (after or before) not in ids:
        name = "starting_after" if after else "ending_before"
        raise errors.missing("object", after or before, name)
    if after:
        found = found[ids.index(after) + 1 :]
    elif before:
        found = found[: ids.index(before)]
    page = found[-limit:] if before else found[:limit]
    return {
        "object": "list",
        "data": [shown(body) for body in page],
        "has_more": len(found) > limit,
        "url": address,
    }


def secret_only(call) -> None:
    if not call.is_secret:
        raise errors.unauthorized(
            "This API call cannot be made with a publishable API key."
        )


def client_secret(pk: str) -> str:
    return f"{pk}_secret_{secrets.token_hex(13)[:25]}"
