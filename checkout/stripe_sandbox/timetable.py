"""What happens at Stripe without anybody asking, when its time has come."""

from checkout.stripe_sandbox import (
    balances,
    clock,
    delayed_payments,
    deliveries,
    disputes,
    payouts,
    refunds,
    store,
)
from checkout.stripe_sandbox.api import own_call

WORK = {
    "settle": balances.settle,
    "finish_payment": delayed_payments.finish,
    "open_dispute": disputes.open_on,
    "end_dispute": disputes.end_by_itself,
    "pay_out": payouts.pay_out_everything,
    "finish_payout": payouts.finish,
    "finish_refund": refunds.finish,
}


def on_time(get_response):
    """Nobody is answered before everything that is due has happened."""

    def middleware(request):
        catch_up()
        return get_response(request)

    return middleware


def catch_up() -> None:
    while run_next(clock.now()):
        deliveries.wake.set()


def advance(seconds: float) -> None:
    """Put the clock on; on the way everything happens at its own time."""
    until = clock.now() + seconds
    with store.lock:
        while run_next(until):
            pass
        clock.put_on(until)
    deliveries.wake.set()


def run_next(until: float) -> bool:
    """The earliest thing that is due by then, if there is one."""
    with store.transaction("plan"):
        row = store.run(
            "SELECT * FROM plans WHERE due_at <= ? ORDER BY due_at, seq LIMIT 1", until
        ).fetchone()
        if row is None:
            return False
        store.run("DELETE FROM plans WHERE seq = ?", row["seq"])
        clock.put_on(row["due_at"])
        WORK[row["work"]](own_call(), row["object"])
    return True
