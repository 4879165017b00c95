"""The judge of requests refuses what Stripe would refuse."""

import pytest
import stripe
from django.http import HttpResponse
from django.test import RequestFactory

from tests.payments.contract import ContractBroken, check, judge, kind_of

APP = {"Authorization": "Bearer sk_test_sandbox", "Idempotency-Key": "key"}
GOOD = "amount=100&currency=eur"
FORM = "application/x-www-form-urlencoded"


def test_what_stripe_would_refuse_never_leaves():
    with pytest.raises(ContractBroken):
        check("POST", "/v1/nothing", "email=x")
    with pytest.raises(ValueError, match="metdata"):
        check("POST", "/v1/payment_intents", "amount=1&currency=eur&metdata[a]=b")
    with pytest.raises(ValueError, match="amount"):
        check("POST", "/v1/payment_intents", "amount=1.5&currency=eur")


@pytest.mark.parametrize(
    ("verb", "path", "name"),
    [
        ("POST", "/v1/payment_intents/pi_1/confirm", "PaymentIntentConfirmParams"),
        ("GET", "/v1/payment_intents/search", "PaymentIntentSearchParams"),
        ("GET", "/v1/payment_intents/pi_1", "PaymentIntentRetrieveParams"),
        ("POST", "/v1/transfers/tr_1/reversals", "TransferReversalCreateParams"),
        ("GET", "/v1/balance_transactions", "BalanceTransactionListParams"),
    ],
)
def test_each_request_is_held_to_the_type_of_its_own_method(verb, path, name):
    assert kind_of(verb, path) is getattr(stripe.params, name)


@pytest.mark.parametrize(
    ("body", "headers", "status"),
    [
        (GOOD, APP, 200),
        (f"{GOOD}&metdata[a]=b", APP, 400),
        ("currency=eur", APP, 400),
        (GOOD, {"Authorization": "Bearer sk_test_sandbox"}, 400),
        ("anything", {"Authorization": "Bearer sk_test_of_a_test"}, 200),
    ],
)
def test_a_sandbox_with_a_judge_refuses_the_same(body, headers, status, capfd):
    asked = RequestFactory().post(
        "/v1/payment_intents", body, content_type=FORM, headers=headers
    )

    answer = judge(lambda request: HttpResponse())(asked)

    assert answer.status_code == status
    assert ("ContractBroken" in capfd.readouterr().out) is (status == 400)
