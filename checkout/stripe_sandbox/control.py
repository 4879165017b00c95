"""POST /_control: faults, the clock, and what buyers' banks do."""

import json

from django.http import JsonResponse
from django.views.decorators.csrf import csrf_exempt

from checkout.stripe_sandbox import (
    accounts,
    clock,
    delayed_payments,
    deliveries,
    disputes,
    errors,
    payouts,
    refunds,
    store,
    timetable,
)
from checkout.stripe_sandbox.api import own_call

KNOBS = ("requests", "chances", "webhooks", "balance", "disputes")


@csrf_exempt
def panel(request):
    """GET shows how it is set; POST changes what it names; see docs/stripe_sandbox.md.

    The order is: reset, knobs, acts, clock.
    """
    done = []
    if request.method == "POST":
        wanted = json.loads(request.body or "{}")
        try:
            done = obey(wanted)
        except errors.Refusal as refusal:
            return JsonResponse({"error": refusal.error}, status=400)
        deliveries.wake.set()
    shown = {name: store.get_knob(name) for name in KNOBS}
    return JsonResponse({**shown, "now": clock.now(), "done": done})


def obey(wanted: dict) -> list:
    unknown = set(wanted) - {*KNOBS, "reset", "acts", "advance"}
    if unknown:
        raise errors.not_begun(f"Unknown: {', '.join(sorted(unknown))}")
    with store.transaction():
        for name in KNOBS:
            if wanted.get("reset") or name in wanted:
                store.set_knob(name, knob(name, wanted.get(name)))
        done = [act(**details) for details in wanted.get("acts", [])]
    if seconds := wanted.get("advance"):
        timetable.advance(float(seconds))
    return done


def knob(name, value) -> dict:
    if name == "requests":
        return {"list": value or []}
    return value or {}


def act(do: str, **details):
    if do not in ACTS:
        raise errors.not_begun(f"Unknown act: {do}")
    return ACTS[do](own_call(), **details)


def dispute(call, charge, **details):
    """The buyer complains: `amount`, `reason`, `is_inquiry` if not the usual ones."""
    return disputes.open_on(call, charge, **details)


def end_dispute(call, dispute, outcome):
    return disputes.finish(call, disputes.found(dispute), outcome)


def finish_payment(call, payment_intent, outcome="succeeded"):
    """The bank says how a debit that is processing ends."""
    delayed_payments.finish(call, payment_intent, outcome)


def fail_refund(call, refund, reason="expired_or_canceled_card"):
    refunds.fail(call, refunds.found(refund), reason)


def fail_payout(call, payout, code="could_not_process"):
    payouts.fail(call, payouts.anybodys(payout), code)


def pay_out(call, account):
    """As an account on a schedule is paid out: all that is available."""
    payouts.pay_out_everything(call, accounts.found(account)["id"])


def restrict(call, account):
    accounts.restrict(call, accounts.found(account))


def onboard(call, account):
    accounts.finish_onboarding(call, accounts.found(account))


def deliver(call, event, copies=1, after=0.0, forgery=""):
    """Once more, or a hundred times, or in some days; see `faults.FORGERIES`."""
    found = store.get("event", event)
    if found is None:
        raise errors.missing("event", event)
    for endpoint in deliveries.listeners(found):
        for _ in range(copies):
            deliveries.add(found, endpoint, after, forgery)


ACTS = {
    "deliver": deliver,
    "dispute": dispute,
    "end_dispute": end_dispute,
    "finish_payment": finish_payment,
    "fail_refund": fail_refund,
    "fail_payout": fail_payout,
    "pay_out": pay_out,
    "restrict": restrict,
    "onboard": onboard,
}


def deliveries_made(request):
    rows = store.run("SELECT * FROM deliveries ORDER BY seq").fetchall()
    return JsonResponse({"data": [dict(row) for row in rows]})
