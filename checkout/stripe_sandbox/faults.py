"""What Stripe and the network do on a bad day, as `control` has set it."""

import random

from checkout.stripe_sandbox import store

# Refused; failed without and after acting; after acting: answered half, or too late.
KINDS = ["rate_limit", "error", "error_after", "cut", "timeout", "slow"]
FORGERIES = ["secret", "body", "age", "unsigned"]
# Longer than the site waits.
TIMEOUT_SECONDS = 11


def next_for(method: str, path: str) -> dict:
    """The fault this request meets, if any: one that waits for it, else by chance."""
    with store.transaction("fault"):
        return waiting_for(method, path) or drawn_for(method, path)


def waiting_for(method, path):
    """Each is used up."""
    waiting = store.get_knob("requests").get("list", [])
    for fault in waiting:
        if fault.get("method", "POST") != method or fault["path"] not in path:
            continue
        fault["times"] = fault.get("times", 1) - 1
        left = [f for f in waiting if f.get("times", 1) > 0]
        store.set_knob("requests", {"list": left})
        return fault
    return {}


def drawn_for(method, path):
    knob = store.get_knob("chances")
    is_meant = knob.get("method", "POST") == method and knob.get("path", "/v1/") in path
    if not knob or not is_meant:
        return {}
    draw = next_draw("chances", knob).random()
    for kind in KINDS:
        draw -= knob.get(kind, 0)
        if draw < 0:
            knob = store.get_knob("chances")
            store.set_knob("chances", {**knob, "made": knob.get("made", 0) + 1})
            return {"kind": kind, "seconds": knob.get("seconds")}
    return {}


def next_draw(name, knob) -> random.Random:
    """The same seed brings the same faults, in the order of the requests."""
    drawn = knob.get("drawn", 0)
    store.set_knob(name, {**knob, "drawn": drawn + 1})
    return random.Random(f"{knob.get('seed', 0)}:{drawn}")


def deliveries_of_next_event() -> list[tuple[float, str]]:
    """In how many seconds to deliver it, and how it is forged: never, once, often."""
    knob = store.get_knob("webhooks")
    if not knob:
        return [(0.0, "")]
    draw = next_draw("webhooks", knob)
    span = knob.get("delay_seconds", 1)
    if draw.random() < knob.get("drop", 0):
        return []
    delays = [0.0]
    if draw.random() < knob.get("duplicate", 0):
        delays += [draw.random() * span for _ in range(knob.get("copies", 1))]
    if draw.random() < knob.get("delay", 0):
        delays[0] += draw.random() * span
    if draw.random() < knob.get("reorder", 0):
        delays[0] += 0.5  # behind those that follow at once
    made = [(delay, "") for delay in delays]
    if draw.random() < knob.get("forge", 0):
        made.append((0.0, draw.choice(FORGERIES)))
    return made


def is_holding() -> bool:
    return bool(store.get_knob("webhooks").get("hold"))
