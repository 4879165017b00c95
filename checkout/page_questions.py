"""Questions to Stripe for which a page waits: where it is silent, few pages do.

Each waits for half a minute, and each that waits is a thread that serves nobody.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from checkout import gateway
from marketplace.breakers import Breaker

# One lost answer is no outage.
breaker = Breaker(
    "Stripe",
    rest_seconds=5,
    wait_seconds=gateway.TIMEOUT_SECONDS * (1 + gateway.NETWORK_RETRIES),
    failures=3,
)


@contextmanager
def asking() -> Iterator[None]:
    """GatewayError at once while Stripe is known not to answer."""
    if breaker.is_open and not breaker.may_look():
        raise gateway.GatewayError("Stripe has not answered of late")
    try:
        yield
    except gateway.Silent as error:
        breaker.trip(error)
        raise
    except gateway.GatewayError:  # an answer: of this account, say, to nobody else
        breaker.mend()
        raise
    breaker.mend()
