"""The stand-in's objects have the fields that stripe-python says Stripe's have."""

import json
import os
from pathlib import Path
from typing import get_args

import pytest
import stripe

from tests.payments.test_sandbox import make_intent, make_payable_account

FIXTURES = os.environ.get("STRIPE_FIXTURES", "")


@pytest.fixture
def objects(sandbox):
    """One of each, as the sandbox answers."""
    api = sandbox.stripe.v1
    intent = sandbox.pay(make_intent(api).id)
    account = make_payable_account(sandbox)
    transfer = api.transfers.create(
        {
            "amount": 500,
            "currency": "eur",
            "destination": account,
            "source_transaction": intent.latest_charge,
        }
    )
    made = [
        intent,
        api.charges.retrieve(intent.latest_charge),
        api.refunds.create({"payment_intent": intent.id, "amount": 100}),
        api.accounts.retrieve(account),
        transfer,
        api.transfers.reversals.create(transfer.id, {"amount": 100}),
        api.payouts.create(
            {"amount": 100, "currency": "eur"}, {"stripe_account": account}
        ),
        api.balance.retrieve(),
        api.balance_transactions.list({"limit": 1}).data[0],
        disputed(sandbox),
        api.events.list({"limit": 1}).data[0],
        api.webhook_endpoints.list({"limit": 1}).data[0],
    ]
    return {one.object: one for one in made}


def disputed(sandbox):
    intent = sandbox.pay(make_intent(sandbox.stripe.v1).id, "pm_card_createDispute")
    found = sandbox.stripe.v1.disputes.list({"payment_intent": intent.id})
    return found.data[0]


def required(kind):
    for name, hint in kind.__annotations__.items():
        if name != "OBJECT_NAME" and type(None) not in get_args(hint):
            yield name


# Fields that stripe-python calls required and Stripe leaves out all the same.
ABSENT = {
    "charge": {"transfer"},
    "payment_intent": {"payment_record"},
    "refund": {"customer", "failure_balance_transaction", "payment_method"},
}


def test_every_object_has_stripes_fields_and_no_others(objects):
    for name, one in objects.items():
        kind = type(one)
        fields = set(one.to_dict())
        hidden = {
            field
            for field in required(kind)
            if "Optional" not in str(kind.__annotations__[field])
            and "NoneType" not in str(kind.__annotations__[field])
        }

        assert fields <= set(kind.__annotations__), name
        assert hidden - fields <= ABSENT.get(name, set()), name


def test_every_object_is_what_stripe_python_takes_it_for(objects):
    assert {name: type(one) for name, one in objects.items()} == {
        "payment_intent": stripe.PaymentIntent,
        "charge": stripe.Charge,
        "refund": stripe.Refund,
        "account": stripe.Account,
        "transfer": stripe.Transfer,
        "transfer_reversal": stripe.TransferReversal,
        "payout": stripe.Payout,
        "balance": stripe.Balance,
        "balance_transaction": stripe.BalanceTransaction,
        "dispute": stripe.Dispute,
        "event": stripe.Event,
        "webhook_endpoint": stripe.WebhookEndpoint,
    }


@pytest.mark.skipif(
    not FIXTURES, reason="set STRIPE_FIXTURES to stripe/openapi's fixtures3.json"
)
def test_stripes_own_examples_have_no_field_of_another_kind(objects):
    examples = json.loads(Path(FIXTURES).read_text())["resources"]
    for name, one in objects.items():
        fields = one.to_dict()
        for field, example in examples[name].items():
            value = fields.get(field)
            if value is not None and example is not None:
                assert type(value) is type(example), f"{name}.{field}"
