"""Stripe's own parameter types as a judge of every request that the site sends."""

import re
from functools import cache
from pathlib import Path
from typing import ForwardRef, NotRequired, get_args, get_origin

import stripe
from django.http import JsonResponse
from pydantic import ConfigDict, TypeAdapter, ValidationError
from stripe import _request_options, params
from typing_extensions import is_typeddict

from checkout.stripe_sandbox.params import decode

METHOD = re.compile(
    r'params: (?:Optional\[)?"(\w+Params)".*?'
    r'self\._request(?:_async)?\(\s*"(get|post|delete)",\s*"(/v1/[^"]+)"',
    re.DOTALL,
)
EMPTIED = re.compile(r"Literal\[''\]\|str$")
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
    adapter(kind_of(verb, path)).validate_python(typed(decode(body)))


def kind_of(verb, path):
    """The parameter type of the method of stripe-python that asks for this address."""
    for pattern, kind in requests_of(verb):
        if pattern.fullmatch(path):
            owner = params.tax if path.startswith("/v1/tax/") else params
            return getattr(owner, kind)
    raise ContractBroken(f"stripe-python has no method for {verb} {path}")


@cache
def requests_of(verb):
    """Address and parameter type of every method that stripe-python's services have."""
    folder = Path(stripe.__file__).parent
    found = {
        (path, kind)
        for file in [*folder.glob("_*_service.py"), *folder.glob("tax/_*_service.py")]
        for kind, method, path in METHOD.findall(file.read_text())
        if method.upper() == verb
    }
    # Fixed words before placeholders: /search is no id.
    ordered = sorted(found, key=lambda item: (item[0].count("{"), item))
    return [
        (re.compile(re.sub(r"{\w+}", r"\\w+", path)), kind) for path, kind in ordered
    ]


def judge(get_response):
    """Middleware of a sandbox that tests start: the same check of the site's requests.

    For sites in processes of their own; see STRIPE_SANDBOX_JUDGE.
    """

    def middleware(request):
        if request.headers.get("Authorization") == "Bearer sk_test_sandbox":
            try:
                check(request.method, request.path, text_of(request))
                if (
                    request.method == "POST"
                    and "Idempotency-Key" not in request.headers
                ):
                    raise ContractBroken("no idempotency key")
            except (ContractBroken, ValidationError) as broken:
                print(
                    f"ContractBroken: {request.method} {request.path}: {broken}",
                    flush=True,
                )
                return JsonResponse({"error": {"message": str(broken)}}, status=400)
        return get_response(request)

    return middleware


def text_of(request):
    return (
        request.body.decode()
        if request.method == "POST"
        else request.META["QUERY_STRING"]
    )


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
    """`Literal['a', 'b']|str` without the `|str`, which would let anything pass.

    `Literal['']|str` is a text that may be emptied.
    """
    if get_origin(hint) is NotRequired:
        return NotRequired[closed(get_args(hint)[0])]
    if isinstance(hint, ForwardRef) and EMPTIED.match(hint.__forward_arg__):
        return hint
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
