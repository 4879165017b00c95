from contextlib import suppress

import pytest

from checkout import gateway
from tests.payments.contract import CheckedClient

pytestmark = pytest.mark.usefixtures("sandbox")


def pay_for(reference, **fields):
    details = {
        "amount": 1000,
        "currency": "EUR",
        "email": "buyer@example.com",
        "key": f"key-{reference}",
    }
    return gateway.create_payment(reference=reference, **{**details, **fields})


def test_every_request_carries_our_key_but_to_cancel_each_has_another():
    intent = pay_for("keys")
    for _ in range(2):
        gateway.cancel_payment(intent.id)

    ours, *others = (key for verb, _, key in CheckedClient.transcript if verb == "POST")

    assert (ours, len(set(others))) == ("key-keys", 2)


def test_no_answer_may_pass(settings):
    settings.STRIPE_API_BASE = "http://127.0.0.1:9"

    with pytest.raises(gateway.GatewayError) as failure:
        gateway.read_payment("pi_x")

    assert not isinstance(failure.value, gateway.Refused | gateway.Unclear)


def test_too_many_requests_may_pass(sandbox):
    sandbox.faults(
        requests=[{"kind": "rate_limit", "path": "/v1/payment_intents", "times": 9}]
    )

    with pytest.raises(gateway.GatewayError) as failure:
        pay_for("many")

    assert not isinstance(failure.value, gateway.Refused | gateway.Unclear)
    sandbox.faults()
    assert pay_for("many").status == "requires_payment_method"


def test_a_failure_of_stripes_own_is_unclear(sandbox):
    sandbox.faults(requests=[{"kind": "error", "path": "/v1/payment_intents"}])

    with pytest.raises(gateway.Unclear):
        pay_for("unclear")


def test_a_refusal_has_stripes_code():
    with pytest.raises(gateway.Refused) as refusal:
        gateway.read_payment("pi_nobody_knows")

    assert refusal.value.code == "resource_missing"


def test_a_key_used_for_something_else_is_refused():
    pay_for("reuse")

    with pytest.raises(gateway.Refused):
        pay_for("other", key="key-reuse")


def test_after_a_cut_connection_the_same_key_finds_the_same_payment(sandbox):
    sandbox.faults(requests=[{"kind": "cut", "path": "/v1/payment_intents"}])

    # Where exactly the cut falls decides whether Stripe's client tries again itself.
    with suppress(gateway.GatewayError):
        pay_for("cut")
    intent = pay_for("cut")

    made = sandbox.stripe.v1.payment_intents.search(
        {"query": "metadata['reference']:'cut'"}
    )
    assert [one.id for one in made.data] == [intent.id]


def test_canceling_what_is_paid_says_so(sandbox):
    intent = pay_for("paid")
    sandbox.pay(intent.id)

    assert gateway.cancel_payment(intent.id).status == "succeeded"
