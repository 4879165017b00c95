"""Stripe's refusals, with Stripe's shapes and codes."""


class Refusal(Exception):
    """An answer other than 200.

    `is_saved` is false where Stripe does not keep the answer under the idempotency
    key: the request never began to act.
    """

    def __init__(self, status, kind, message, *, is_saved=True, **details):
        super().__init__(message)
        self.status = status
        self.is_saved = is_saved
        self.error = {"type": kind, "message": message, **details}


def invalid(message, *, code=None, param=None, status=400, **details):
    extra = {"code": code, "param": param, **details}
    extra = {name: value for name, value in extra.items() if value is not None}
    return Refusal(status, "invalid_request_error", message, **extra)


def not_begun(message, *, code=None, param=None):
    """A parameter that fails validation."""
    refusal = invalid(message, code=code, param=param)
    refusal.is_saved = False
    return refusal


def missing(kind, pk, param="id"):
    name = kind.replace("_", "")
    return invalid(
        f"No such {name}: '{pk}'", code="resource_missing", param=param, status=404
    )


def unauthorized(message):
    return Refusal(401, "invalid_request_error", message, is_saved=False)


def key_in_use(key):
    return Refusal(
        409,
        "idempotency_error",
        "There is currently another in-progress request using this Idempotent Key "
        "(that probably means you submitted twice, and the other request is still "
        f"going through): {key}.",
        is_saved=False,
        code="idempotency_key_in_use",
    )


def key_reused(key):
    return Refusal(
        400,
        "idempotency_error",
        "Keys for idempotent requests can only be used with the same parameters they "
        f"were first used with. Try using a key other than '{key}' if you meant to "
        "execute a different request.",
        is_saved=False,
    )


def rate_limited():
    return Refusal(
        429,
        "invalid_request_error",
        "Request rate limit exceeded.",
        is_saved=False,
        code="rate_limit",
    )


def broken():
    return Refusal(500, "api_error", "An unknown error occurred.")
