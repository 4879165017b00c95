"""Stripe's own parameter types as a judge of every request that the site sends."""

import re
from functools import cache
from typing import ForwardRef, NotRequired, get_args, get_origin

import stripe
from pydantic import ConfigDict, TypeAdapter
from stripe import _request_options, params
from typing_extensions import is_typeddict

from checkout.stripe_sandbox.params import decode

# Which parameters belong to which request.  A request that is not here is refused.
REQUESTS = {
    r"POST /v1/payment_intents": params.PaymentIntentCreateParams,
    r"GET /v1/payment_intents/\w+": params.PaymentIntentRetrieveParams,
    r"POST /v1/payment_intents/\w+/cancel": params.PaymentIntentCancelParams,
    r"POST /v1/refunds": params.RefundCreateParams,
    r"GET /v1/refunds": params.RefundListParams,
    r"POST /v1/transfers": params.TransferCreateParams,
    r"GET /v1/transfers": params.TransferListParams,
    r"POST /v1/transfers/\w+/reversals": params.TransferCreateReversalParams,
    r"GET /v1/transfers/\w+/reversals": params.TransferListReversalsParams,
    r"POST /v1/accounts": params.AccountCreateParams,
    r"GET /v1/accounts/\w+": params.AccountRetrieveParams,
    r"POST /v1/account_links": params.AccountLinkCreateParams,
    r"GET /v1/events": params.EventListParams,
}
STRICT = ConfigDict(extra="forbid", arbitrary_types_allowed=True)
OPTIONS = set(_request_options.RequestOptions.__annotations__)


class ContractBroken(AssertionError):
    """The site sends something that Stripe would not take."""


class CheckedClient(stripe.RequestsClient):
    """Sends nothing that Stripe's types refuse, and no POST without a key."""

    transcript: list = []

    def request(self, method, url, headers, post_data=None):
        verb, path = method.upper(), "/" + url.split("/", 3)[3].split("?")[0]
        body = post_data if verb == "POST" else url.partition("?")[2]
        check(verb, path, body or "")
        if verb == "POST" and not headers.get("Idempotency-Key"):
            raise ContractBroken(f"{verb} {path} without an idempotency key")
        self.transcript.append((verb, path, headers.get("Idempotency-Key")))
        return super().request(method, url, headers, post_data)


def check(verb, path, body):
    for pattern, kind in REQUESTS.items():
        if re.fullmatch(pattern, f"{verb} {path}"):
            adapter(kind).validate_python(typed(decode(body)))
            return
    raise ContractBroken(f"{verb} {path} is not in the contract")


def typed(value):
    """What the form encoding has flattened: lists are lists again."""
    if not isinstance(value, dict):
        return value
    inner = {name: typed(part) for name, part in value.items()}
    is_list = inner and all(name.isdigit() for name in inner)
    return list(inner.values()) if is_list else inner


@cache
def adapter(kind) -> TypeAdapter:
    tighten(kind)
    return TypeAdapter(kind)


def tighten(kind, seen=None):
    """Unknown fields refused at every depth, and enums closed."""
    seen = set() if seen is None else seen
    if not is_typeddict(kind) or kind in seen:
        return
    seen.add(kind)
    kind.__pydantic_config__ = STRICT
    for option in OPTIONS:  # such as idempotency_key, which is a header
        kind.__annotations__.pop(option, None)
    for name, hint in list(kind.__annotations__.items()):
        kind.__annotations__[name] = closed(hint)
        for part in parts_of(hint, kind):
            tighten(part, seen)


def closed(hint):
    """`Literal['a', 'b']|str` without the `|str`, which would let anything pass."""
    if get_origin(hint) is NotRequired:
        return NotRequired[closed(get_args(hint)[0])]
    if isinstance(hint, ForwardRef) and hint.__forward_arg__.startswith("Literal["):
        text = hint.__forward_arg__.removesuffix("|str")
        return ForwardRef(text, module=hint.__forward_module__)
    return hint


def parts_of(hint, owner):
    if isinstance(hint, ForwardRef):
        module = __import__(owner.__module__, fromlist=["*"])
        names = re.findall(r"\w+", hint.__forward_arg__)
        return [vars(module)[name] for name in names if name in vars(module)]
    found = [hint] if is_typeddict(hint) else []
    for part in get_args(hint):
        found += parts_of(part, owner)
    return found
