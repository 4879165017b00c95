"""The stand-in keeps Stripe's promises, as far as the site relies on them."""

from concurrent.futures import ThreadPoolExecutor

import pytest
import requests
import stripe

PAYMENT = {
    "amount": 1999,
    "currency": "eur",
    "automatic_payment_methods": {"enabled": True},
    "transfer_group": "group",
}


@pytest.fixture
def api(sandbox):
    return sandbox.stripe.v1


def make_intent(api, **fields):
    return api.payment_intents.create({**PAYMENT, **fields})


def make_payable_account(sandbox):
    account = sandbox.stripe.v1.accounts.create(
        {"country": "DE", "capabilities": {"transfers": {"requested": True}}}
    )
    sandbox.onboard(account.id)
    return account.id


def test_a_repeat_gets_the_first_answer(api):
    first = api.payment_intents.create(PAYMENT, {"idempotency_key": "repeat"})
    second = api.payment_intents.create(PAYMENT, {"idempotency_key": "repeat"})

    assert second.id == first.id
    assert second.last_response.headers["Idempotent-Replayed"] == "true"


def test_a_key_with_other_parameters_is_refused(api):
    api.payment_intents.create(PAYMENT, {"idempotency_key": "other"})

    with pytest.raises(stripe.IdempotencyError) as refusal:
        api.payment_intents.create(
            {**PAYMENT, "amount": 1}, {"idempotency_key": "other"}
        )

    assert refusal.value.http_status == 400


def test_a_declined_card_is_replayed_too(api):
    intent = make_intent(api)
    card = {"payment_method": "pm_card_chargeDeclined"}

    for _ in range(2):
        with pytest.raises(stripe.CardError) as declined:
            api.payment_intents.confirm(intent.id, card, {"idempotency_key": "decline"})

    assert declined.value.headers["Idempotent-Replayed"] == "true"
    charges = api.charges.list({"payment_intent": intent.id}).data
    assert [charge.status for charge in charges] == ["failed"]


def test_a_failed_validation_is_not_kept_under_the_key(api):
    with pytest.raises(stripe.InvalidRequestError) as refusal:
        api.payment_intents.create(
            {"currency": "eur"}, {"idempotency_key": "validation"}
        )
    made = api.payment_intents.create(PAYMENT, {"idempotency_key": "validation"})

    assert refusal.value.code == "parameter_missing"
    assert made.amount == 1999


def test_a_server_error_is_kept_under_the_key(sandbox, api):
    sandbox.faults(requests=[{"kind": "error", "path": "/v1/payment_intents"}])

    for _ in range(2):
        with pytest.raises(stripe.APIError) as failure:
            api.payment_intents.create(PAYMENT, {"idempotency_key": "broken"})

    assert failure.value.http_status == 500
    assert failure.value.headers["Stripe-Should-Retry"] == "false"


def test_two_requests_with_one_key_at_once_conflict(sandbox, api):
    sandbox.faults(requests=[{"kind": "slow", "path": "/v1/payment_intents"}])

    def create(_):
        return requests.post(
            f"{sandbox.address}/v1/payment_intents",
            data={"amount": "100", "currency": "eur"},
            headers={"Authorization": "Bearer sk_test_x", "Idempotency-Key": "flight"},
            timeout=10,
        )

    with ThreadPoolExecutor(2) as pool:
        answers = sorted(pool.map(create, range(2)), key=lambda a: a.status_code)

    assert [answer.status_code for answer in answers] == [200, 409]
    assert answers[1].json()["error"]["code"] == "idempotency_key_in_use"


def test_an_unknown_parameter_is_refused(api):
    with pytest.raises(stripe.InvalidRequestError) as refusal:
        make_intent(api, metdata={"a": "b"})

    assert refusal.value.code == "parameter_unknown"
    assert refusal.value.param == "metdata"


def test_without_a_key_nobody_gets_in(sandbox):
    answer = requests.get(f"{sandbox.address}/v1/balance", timeout=5)

    assert answer.status_code == 401
    assert answer.json()["error"]["type"] == "invalid_request_error"


def test_the_browsers_key_reads_only_with_the_client_secret(sandbox, api):
    intent = make_intent(api)
    address = f"{sandbox.address}/v1/payment_intents/{intent.id}"

    wrong = requests.get(
        address, {"key": "pk_test_x", "client_secret": "guess"}, timeout=5
    )
    right = requests.get(
        address, {"key": "pk_test_x", "client_secret": intent.client_secret}, timeout=5
    )

    assert wrong.status_code == 400
    assert right.json()["id"] == intent.id


def test_a_good_card_pays(sandbox, api):
    before = sandbox.balance()

    intent = sandbox.pay(make_intent(api).id)

    charge = api.charges.retrieve(intent.latest_charge)
    assert (intent.status, intent.amount_received) == ("succeeded", 1999)
    assert (charge.paid, charge.amount_captured) == (True, 1999)
    assert sandbox.balance() == before + 1999


@pytest.mark.parametrize(
    ("card", "code", "decline_code"),
    [
        ("pm_card_chargeDeclined", "card_declined", "generic_decline"),
        (
            "pm_card_chargeDeclinedInsufficientFunds",
            "card_declined",
            "insufficient_funds",
        ),
    ],
)
def test_a_declined_card_leaves_the_payment_open(api, card, code, decline_code):
    intent = make_intent(api)

    with pytest.raises(stripe.CardError) as declined:
        api.payment_intents.confirm(intent.id, {"payment_method": card})

    after = api.payment_intents.retrieve(intent.id)
    assert declined.value.code == code
    assert declined.value.error.decline_code == decline_code
    assert after.status == "requires_payment_method"
    assert after.last_payment_error.message == declined.value.user_message
    assert api.payment_intents.confirm(
        intent.id, {"payment_method": "pm_card_visa"}
    ).status == "succeeded"  # fmt: skip


@pytest.mark.parametrize(
    ("answer", "status"),
    [("complete", "succeeded"), ("fail", "requires_payment_method")],
)
def test_3d_secure_waits_for_the_bank(sandbox, api, answer, status):
    intent = make_intent(api)
    waiting = api.payment_intents.confirm(
        intent.id,
        {
            "payment_method": "pm_card_threeDSecure2Required",
            "return_url": "http://site.test/back",
        },
    )

    page = waiting.next_action.redirect_to_url.url
    back = requests.post(page, data={answer: ""}, timeout=5, allow_redirects=False)

    assert waiting.status == "requires_action"
    assert api.payment_intents.retrieve(intent.id).status == status
    assert back.headers["Location"].startswith(
        f"http://site.test/back?payment_intent={intent.id}"
    )


def test_a_paid_intent_cannot_be_canceled(sandbox, api):
    intent = sandbox.pay(make_intent(api).id)

    with pytest.raises(stripe.InvalidRequestError) as refusal:
        api.payment_intents.cancel(intent.id)

    assert refusal.value.code == "payment_intent_unexpected_state"
    assert refusal.value.error.payment_intent.status == "succeeded"


def test_a_canceled_intent_cannot_be_paid(sandbox, api):
    intent = api.payment_intents.cancel(make_intent(api).id)

    with pytest.raises(stripe.InvalidRequestError):
        sandbox.pay(intent.id)

    assert api.payment_intents.retrieve(intent.id).status == "canceled"


def test_search_finds_by_metadata(sandbox, api):
    intent = make_intent(api, metadata={"reference": "searched"})

    found = api.payment_intents.search({"query": "metadata['reference']:'searched'"})

    assert [one.id for one in found.data] == [intent.id]


def test_more_than_was_paid_is_not_refunded(sandbox, api):
    intent = sandbox.pay(make_intent(api).id)
    api.refunds.create({"payment_intent": intent.id, "amount": 1500})

    with pytest.raises(stripe.InvalidRequestError):
        api.refunds.create({"payment_intent": intent.id, "amount": 500})
    api.refunds.create({"payment_intent": intent.id})
    with pytest.raises(stripe.InvalidRequestError) as refusal:
        api.refunds.create({"payment_intent": intent.id})

    assert refusal.value.code == "charge_already_refunded"
    assert api.charges.retrieve(intent.latest_charge).refunded is True


def test_an_account_that_is_not_onboarded_takes_no_transfer(sandbox, api):
    charge = sandbox.pay(make_intent(api).id).latest_charge
    account = api.accounts.create(
        {"country": "DE", "capabilities": {"transfers": {"requested": True}}}
    )

    with pytest.raises(stripe.InvalidRequestError) as refusal:
        api.transfers.create(
            {
                "amount": 100,
                "currency": "eur",
                "destination": account.id,
                "source_transaction": charge,
            }
        )

    assert refusal.value.code == "insufficient_capabilities_for_transfer"


def test_transfers_never_exceed_their_charge(sandbox, api):
    charge = sandbox.pay(make_intent(api).id).latest_charge
    transfer = {
        "currency": "eur",
        "destination": make_payable_account(sandbox),
        "source_transaction": charge,
    }
    api.transfers.create({**transfer, "amount": 1500})

    with pytest.raises(stripe.InvalidRequestError):
        api.transfers.create({**transfer, "amount": 500})

    assert api.transfers.create({**transfer, "amount": 499}).transfer_group == "group"


def test_a_reversal_needs_the_sellers_balance(sandbox, api):
    charge = sandbox.pay(make_intent(api).id).latest_charge
    account = make_payable_account(sandbox)
    transfer = api.transfers.create(
        {
            "amount": 1000,
            "currency": "eur",
            "destination": account,
            "source_transaction": charge,
        }
    )
    api.payouts.create({"amount": 800, "currency": "eur"}, {"stripe_account": account})

    with pytest.raises(stripe.InvalidRequestError) as refusal:
        api.transfers.reversals.create(transfer.id, {"amount": 300})
    api.transfers.reversals.create(transfer.id, {"amount": 200})

    assert refusal.value.code == "balance_insufficient"
    assert api.transfers.retrieve(transfer.id).amount_reversed == 200
    assert sandbox.balance(account) == 0


def test_an_onboarding_link_works_once(sandbox, api):
    account = api.accounts.create({"country": "DE"})
    link = api.account_links.create(
        {
            "account": account.id,
            "type": "account_onboarding",
            "return_url": "http://site.test/back",
            "refresh_url": "http://site.test/again",
        }
    ).url

    first = requests.post(link, data={"submit": ""}, timeout=5, allow_redirects=False)
    second = requests.get(link, timeout=5, allow_redirects=False)

    assert first.headers["Location"] == "http://site.test/back"
    assert second.headers["Location"] == "http://site.test/again"
    assert api.accounts.retrieve(account.id).payouts_enabled is True


def test_a_cut_connection_leaves_what_was_done(sandbox, api):
    intent = sandbox.pay(make_intent(api).id)
    wanted = {"payment_intent": intent.id, "amount": 100}
    sandbox.faults(requests=[{"kind": "cut", "path": "/v1/refunds"}])

    with pytest.raises(stripe.APIConnectionError):
        api.refunds.create(wanted, {"idempotency_key": "cut"})
    again = api.refunds.create(wanted, {"idempotency_key": "cut"})

    assert [r.id for r in api.refunds.list({"payment_intent": intent.id})] == [again.id]


def test_too_many_requests_are_not_kept_under_the_key(sandbox, api):
    sandbox.faults(requests=[{"kind": "rate_limit", "path": "/v1/payment_intents"}])

    with pytest.raises(stripe.RateLimitError):
        api.payment_intents.create(PAYMENT, {"idempotency_key": "many"})

    assert api.payment_intents.create(PAYMENT, {"idempotency_key": "many"}).id
