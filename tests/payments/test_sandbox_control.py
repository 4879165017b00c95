"""What the stand-in does on demand: faults by seed, forged and late webhooks."""

import json
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
import requests
import stripe

from tests.payments.test_sandbox import PAYMENT, make_intent
from tests.payments.test_sandbox_webhooks import endpoint, wait_until  # noqa: F401


@pytest.fixture
def api(sandbox):
    return sandbox.stripe.v1


def kinds_of_failure(sandbox, seed, count=30):
    """How the next requests end, by name."""
    chances = {"rate_limit": 0.2, "error": 0.2, "error_after": 0.2, "cut": 0.2}
    sandbox.control(chances={"seed": seed, **chances})
    client = stripe.StripeClient(
        "sk_test_x", base_addresses={"api": sandbox.address}, max_network_retries=0
    )
    outcomes = []
    for _ in range(count):
        try:
            client.v1.payment_intents.create(
                PAYMENT, {"idempotency_key": f"{time.time_ns()}"}
            )
            outcomes.append("made")
        except stripe.StripeError as error:
            outcomes.append(type(error).__name__)
    sandbox.control(chances={})
    return outcomes


def test_a_seed_brings_the_same_faults_again(sandbox):
    first, again, other = (kinds_of_failure(sandbox, seed) for seed in (1, 1, 2))

    assert first == again != other
    assert set(first) == {"made", "RateLimitError", "APIError", "APIConnectionError"}


def test_a_late_answer_is_a_timeout_at_the_client_and_done_all_the_same(sandbox, api):
    impatient = stripe.StripeClient(
        "sk_test_x",
        base_addresses={"api": sandbox.address},
        http_client=stripe.RequestsClient(timeout=0.3),
        max_network_retries=0,
    )
    late = {"kind": "timeout", "path": "/v1/payment_intents", "seconds": 0.8}
    sandbox.faults(requests=[late])
    key = {"idempotency_key": f"late-{time.time_ns()}"}

    with pytest.raises(stripe.APIConnectionError):
        impatient.v1.payment_intents.create({**PAYMENT, "metadata": {"a": "late"}}, key)
    again = api.payment_intents.create({**PAYMENT, "metadata": {"a": "late"}}, key)

    assert again.last_response.headers["Idempotent-Replayed"] == "true"


def test_an_event_comes_a_hundred_times(sandbox, endpoint):  # noqa: F811
    sandbox.faults(webhooks={"duplicate": 1, "copies": 99, "delay_seconds": 0.1})

    make_intent(sandbox.stripe.v1)

    wait_until(lambda: len(endpoint.heard) == 100, seconds=30)
    assert len({json.loads(body)["id"] for body, _ in endpoint.heard}) == 1


def test_an_event_comes_three_days_late(sandbox, endpoint):  # noqa: F811
    intent = make_intent(sandbox.stripe.v1)
    wait_until(lambda: endpoint.heard)
    [event] = sandbox.events(intent.id)

    sandbox.act("deliver", event=event["id"], after=3 * 86400)
    time.sleep(0.3)
    early = len(endpoint.heard)
    sandbox.advance(days=3)

    wait_until(lambda: len(endpoint.heard) == 2)
    body, signature = endpoint.heard[1]
    assert early == 1
    assert stripe.Webhook.construct_event(body, signature, endpoint.secret)


@pytest.mark.parametrize("forgery", ["secret", "body", "age", "unsigned"])
def test_a_forged_event_is_sent_once_and_not_believed(sandbox, endpoint, forgery):  # noqa: F811
    intent = make_intent(sandbox.stripe.v1)
    wait_until(lambda: endpoint.heard)
    [event] = sandbox.events(intent.id)
    endpoint.answers = [400]

    sandbox.act("deliver", event=event["id"], forgery=forgery)

    wait_until(lambda: len(endpoint.heard) == 2)
    body, signature = endpoint.heard[1]
    with pytest.raises(stripe.SignatureVerificationError):
        stripe.Webhook.construct_event(body, signature or "", endpoint.secret)
    wait_until(lambda: "forged: answered 400" in states_of(sandbox, event["id"]))


def states_of(sandbox, event_id):
    made = requests.get(f"{sandbox.address}/_control/deliveries", timeout=5).json()
    return [row["state"] for row in made["data"] if row["event"] == event_id]


def test_the_control_refuses_what_it_does_not_know(sandbox):
    answers = [
        requests.post(f"{sandbox.address}/_control", json=wanted, timeout=5)
        for wanted in (
            {"chance": {}},
            {"acts": [{"do": "rob"}]},
            {"acts": [{"do": "dispute", "charge": "ch_nobody"}]},
        )
    ]

    assert [answer.status_code for answer in answers] == [400] * 3


def test_a_key_is_forgotten_after_a_day(sandbox, api):
    key = {"idempotency_key": f"day-{time.time_ns()}"}
    first = api.payment_intents.create(PAYMENT, key)
    sandbox.advance(hours=23)
    same = api.payment_intents.create(PAYMENT, key)
    sandbox.advance(hours=2)

    other = api.payment_intents.create({**PAYMENT, "amount": 5}, key)

    assert (same.id, other.id != first.id) == (first.id, True)


def test_accounts_do_not_share_their_keys(sandbox, api):
    account = api.accounts.create({"country": "DE"}).id
    key = f"shared-{time.time_ns()}"

    platforms = api.payment_intents.create(PAYMENT, {"idempotency_key": key})
    sellers = api.payment_intents.create(
        PAYMENT, {"idempotency_key": key, "stripe_account": account}
    )

    assert platforms.id != sellers.id


def test_a_key_has_at_most_255_characters(api):
    with pytest.raises(stripe.InvalidRequestError):
        api.payment_intents.create(PAYMENT, {"idempotency_key": "k" * 256})

    assert api.payment_intents.create(PAYMENT, {"idempotency_key": "k" * 255}).id


def test_of_twenty_at_once_with_one_key_one_acts(sandbox, api):
    intent = sandbox.pay(make_intent(api).id)
    wanted = {"payment_intent": intent.id, "amount": 100}
    key = {"idempotency_key": f"rush-{time.time_ns()}"}

    def refund(_):
        try:
            return api.refunds.create(wanted, key).id
        except stripe.StripeError as error:
            return error.error.code  # `error.code` is of some classes only

    with ThreadPoolExecutor(20) as pool:
        answers = set(pool.map(refund, range(20)))

    made = [refund.id for refund in api.refunds.list({"payment_intent": intent.id})]
    assert len(made) == 1
    assert answers - {"idempotency_key_in_use"} == set(made)
