"""The sandbox's own time: this machine's, or ahead of it when it has been put on."""

import time

from checkout.stripe_sandbox import store


def now() -> float:
    return time.time() + ahead()


def stamp() -> int:
    """As Stripe writes a moment."""
    return int(now())


def ahead() -> float:
    return store.get_knob("clock").get("ahead", 0)


def put_on(moment: float) -> None:
    """To that moment; the clock never goes back."""
    store.set_knob("clock", {"ahead": max(ahead(), moment - time.time())})
