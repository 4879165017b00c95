"""Faults on demand, for tests: what Stripe and the network do on a bad day."""

import json
import random

from django.http import JsonResponse
from django.views.decorators.csrf import csrf_exempt

from checkout.stripe_sandbox import store

KINDS = ["rate_limit", "error", "error_after", "cut", "slow"]


@csrf_exempt
def knobs(request):
    """POST {"requests": [...], "webhooks": {...}} sets the faults; GET shows them.

    requests: [{"kind": one of KINDS, "method": "POST", "path": "/v1/refunds",
    "times": 1}], taken in order.
    webhooks: {"seed": 7, "duplicate": 0.2, "drop": 0.1, "delay": 0.5,
    "delay_seconds": 2, "reorder": 0.3, "hold": false}, probabilities.
    """
    if request.method == "POST":
        wanted = json.loads(request.body or "{}")
        with store.transaction():
            store.set_fault("requests", {"list": wanted.get("requests", [])})
            store.set_fault("webhooks", {**wanted.get("webhooks", {}), "drawn": 0})
    return JsonResponse(
        {
            "requests": store.get_fault("requests").get("list", []),
            "webhooks": store.get_fault("webhooks"),
        }
    )


def next_for(method: str, path: str) -> str:
    """The fault this request meets, if any; each is used up."""
    with store.transaction("fault"):
        waiting = store.get_fault("requests").get("list", [])
        for fault in waiting:
            if fault.get("method", "POST") != method or fault["path"] not in path:
                continue
            fault["times"] = fault.get("times", 1) - 1
            store.set_fault(
                "requests", {"list": [f for f in waiting if f.get("times", 1) > 0]}
            )
            return fault["kind"]
    return ""


def delays_for_next_event() -> list[float]:
    """In how many seconds to deliver the next event: none, once or twice."""
    knob = store.get_fault("webhooks")
    if not knob:
        return [0.0]
    drawn = knob.get("drawn", 0)
    store.set_fault("webhooks", {**knob, "drawn": drawn + 1})
    draw = random.Random(f"{knob.get('seed', 0)}:{drawn}")
    if draw.random() < knob.get("drop", 0):
        return []
    delays = [0.0]
    if draw.random() < knob.get("duplicate", 0):
        delays.append(draw.random() * knob.get("delay_seconds", 1))
    if draw.random() < knob.get("delay", 0):
        delays[0] += draw.random() * knob.get("delay_seconds", 1)
    if draw.random() < knob.get("reorder", 0):
        delays[0] += 0.5
    return delays


def is_holding() -> bool:
    return bool(store.get_fault("webhooks").get("hold"))


def deliveries(request):
    rows = store.run("SELECT * FROM deliveries ORDER BY seq").fetchall()
    return JsonResponse({"data": [dict(row) for row in rows]})
