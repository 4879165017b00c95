"""Questions to Stripe Tax for which somebody waits: all at once, and not for long."""

import logging
from concurrent.futures import Future, ThreadPoolExecutor, wait

from allauth.core import ratelimit
from django.conf import settings

from checkout import gateway, tax_gateway
from checkout.models.cart import new_token
from marketplace.breakers import Breaker

logger = logging.getLogger(__name__)

# So many of a process at a time; the threads stay, and with them their connections.
pool = ThreadPoolExecutor(8, thread_name_prefix="stripe-tax")
# One lost answer is no outage, and each that is not asked for is an order less.
breaker = Breaker(
    "Stripe Tax",
    rest_seconds=10,
    wait_seconds=settings.STRIPE_TAX_SECONDS,
    failures=3,
)


def is_allowed(request) -> bool:
    """Each page that asks counts, by session and by address: Stripe charges for them.

    Who has asked too often is answered as if Stripe did not.
    """
    session = request.session.session_key or ""
    return bool(ratelimit.consume(request, action="stripe_tax", key=session))


def answers_to(requests: list[dict]) -> list[dict | None]:
    """In the order of the requests; None of what Stripe does not say in time.

    All of them together take `STRIPE_TAX_SECONDS` at most, and no time at all while
    Stripe Tax is known not to answer.
    """
    if not requests or (breaker.is_open and not breaker.may_look()):
        return [None] * len(requests)
    asked = [
        pool.submit(tax_gateway.calculate, key=f"tax-{new_token()}", request=request)
        for request in requests
    ]
    wait(asked, timeout=settings.STRIPE_TAX_SECONDS)
    return [answer_in(one) for one in asked]


def answer_in(asked: Future) -> dict | None:
    try:
        if not asked.done():
            if asked.cancel():
                return None  # it never left: that says nothing of Stripe
            raise gateway.Silent("no answer in time")
        answer = asked.result()
    except gateway.GatewayError as error:
        if isinstance(error, gateway.Silent | gateway.Unclear):
            breaker.trip(error)
        else:  # an answer, if only to these amounts
            breaker.mend()
        logger.warning("Stripe Tax does not say what is due: %s", error)
        return None
    breaker.mend()
    return answer
