"""Many questions to Stripe in one round: one without an answer keeps none waiting."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager

from checkout import gateway

logger = logging.getLogger(__name__)

# So many in a row without an answer: it is Stripe, not what was asked about.
MOST_FAILURES = 3


class Patience:
    """Of one round: what is not answered is left for a later one.

    Raises GatewayError once Stripe answers nothing at all.  What Stripe refuses is an
    answer, and left to the caller.
    """

    def __init__(self):
        self.failures = 0

    @contextmanager
    def asking(self, what: str) -> Iterator[None]:
        try:
            yield
        except gateway.Refused:
            self.failures = 0
            raise
        except gateway.GatewayError as error:
            self.failures += 1
            if self.failures >= MOST_FAILURES:
                raise
            logger.warning("Stripe does not say how %s stands: %s", what, error)
        else:
            self.failures = 0
