"""Stripe: the only module that talks to it."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from functools import lru_cache

import stripe
from django.conf import settings

from checkout.stripe_objects import (
    Account,
    BalanceTransaction,
    Card,
    Dispute,
    Event,
    Intent,
)

TIMEOUT_SECONDS = 10
NETWORK_RETRIES = 2
SIGNATURE_TOLERANCE_SECONDS = 300


class GatewayError(Exception):
    """Stripe could not be asked: a later attempt with the same key may do."""


class Silent(GatewayError):
    """Stripe gave no answer at all."""


class Unclear(GatewayError):
    """Stripe failed while acting, and keeps that answer under the key.

    Look whether it was done before asking again, then with another key.
    """


class Refused(GatewayError):
    """Stripe said no; the same request again will not help."""

    def __init__(self, message: str, code: str = ""):
        super().__init__(message)
        self.code = code


class BadSignature(Exception):
    """The webhook was not signed by Stripe for this site, or too long ago."""


def client() -> stripe.StripeClient:
    return _client(
        settings.STRIPE_SECRET_KEY,
        settings.STRIPE_API_BASE,
        TIMEOUT_SECONDS,
        NETWORK_RETRIES,
    )


def hasty_client(timeout_seconds: int) -> stripe.StripeClient:
    """For what a page can do without: asked once, and not waited for any longer."""
    return _client(
        settings.STRIPE_SECRET_KEY, settings.STRIPE_API_BASE, timeout_seconds, 0
    )


@lru_cache(maxsize=4)
def _client(key, address, timeout_seconds, retries):
    return stripe.StripeClient(
        key,
        base_addresses={"api": address},
        max_network_retries=retries,
        http_client=stripe.RequestsClient(timeout=timeout_seconds),
    )


@contextmanager
def speaking() -> Iterator[None]:
    """Turns Stripe's errors into the one bit that matters: does it help to retry?"""
    try:
        yield
    except stripe.IdempotencyError as error:
        if error.http_status == 409:
            raise GatewayError(str(error)) from error
        raise Refused(str(error), "idempotency_error") from error
    except (stripe.InvalidRequestError, stripe.CardError) as error:
        raise Refused(str(error), error.code or "") from error
    except stripe.APIError as error:
        raise Unclear(str(error)) from error
    except stripe.APIConnectionError as error:
        raise Silent(str(error)) from error
    except stripe.StripeError as error:
        raise GatewayError(str(error)) from error


def create_payment(
    *, key: str, amount: int, currency: str, reference: str, email: str
) -> Intent:
    """A PaymentIntent for `amount`; `reference` finds its charge and transfers."""
    with speaking():
        intent = client().v1.payment_intents.create(
            {
                "amount": amount,
                "currency": currency.lower(),
                "automatic_payment_methods": {"enabled": True},
                "description": reference,
                "metadata": {"reference": reference},
                "receipt_email": email,
                "transfer_group": reference,
            },
            {"idempotency_key": key},
        )
    return Intent.read(intent.to_dict())


def update_payment(payment_intent_id: str, *, key: str, change: dict) -> None:
    with speaking():
        client().v1.payment_intents.update(
            payment_intent_id, change, {"idempotency_key": key}
        )


def read_payment(payment_intent_id: str) -> Intent:
    with speaking():
        intent = client().v1.payment_intents.retrieve(payment_intent_id)
    return Intent.read(intent.to_dict())


def cancel_payment(payment_intent_id: str) -> Intent:
    """Cancel it if it can be canceled; says how it stands after that.

    What is canceled cannot be canceled twice, so each try has a key of its own: under
    one that stays, Stripe would repeat an answer 500 for a day, and the stock wait.
    """
    try:
        with speaking():
            intent = client().v1.payment_intents.cancel(
                payment_intent_id, {"cancellation_reason": "abandoned"}
            )
    except Refused as refusal:
        if refusal.code != "payment_intent_unexpected_state":
            raise
        return read_payment(payment_intent_id)
    return Intent.read(intent.to_dict())


def refund(*, key: str, payment_intent_id: str, amount: int, reference: str) -> dict:
    with speaking():
        made = client().v1.refunds.create(
            {
                "payment_intent": payment_intent_id,
                "amount": amount,
                "metadata": {"reference": reference},
            },
            {"idempotency_key": key},
        )
    return made.to_dict()


def read_refund(refund_id: str) -> dict:
    with speaking():
        return client().v1.refunds.retrieve(refund_id).to_dict()


def find_refund(payment_intent_id: str, reference: str) -> dict | None:
    with speaking():
        page = client().v1.refunds.list(
            {"payment_intent": payment_intent_id, "limit": 100}
        )
        return _first_with(page, reference)


def transfer(
    *, key: str, amount: int, currency: str, destination: str, source: dict
) -> dict:
    """Money to a connected account, of one charge or else of the platform's balance.

    `source`: `charge_id` (perhaps empty), `group` (the charge's reference) and
    `reference` (ours).
    """
    charge = {"source_transaction": source["charge_id"]} if source["charge_id"] else {}
    with speaking():
        made = client().v1.transfers.create(
            {
                "amount": amount,
                "currency": currency.lower(),
                "destination": destination,
                **charge,
                "transfer_group": source["group"],
                "metadata": {"reference": source["reference"]},
            },
            {"idempotency_key": key},
        )
    return made.to_dict()


def find_transfer(group: str, reference: str) -> dict | None:
    with speaking():
        page = client().v1.transfers.list({"transfer_group": group, "limit": 100})
        return _first_with(page, reference)


def reverse_transfer(
    *, key: str, transfer_id: str, amount: int, reference: str
) -> dict:
    with speaking():
        made = client().v1.transfers.reversals.create(
            transfer_id,
            {"amount": amount, "metadata": {"reference": reference}},
            {"idempotency_key": key},
        )
    return made.to_dict()


def find_reversal(transfer_id: str, reference: str) -> dict | None:
    with speaking():
        page = client().v1.transfers.reversals.list(transfer_id, {"limit": 100})
        return _first_with(page, reference)


def read_dispute(stripe_dispute_id: str) -> Dispute:
    with speaking():
        found = client().v1.disputes.retrieve(stripe_dispute_id)
    return Dispute.read(found.to_dict())


def answer_dispute(*, key: str, stripe_dispute_id: str, text: str) -> None:
    """Hand the evidence in for the bank to decide; that can be done once."""
    with speaking():
        client().v1.disputes.update(
            stripe_dispute_id,
            {"evidence": {"uncategorized_text": text}, "submit": True},
            {"idempotency_key": key},
        )


def dispute_ids_since(timestamp: int) -> list[str]:
    with speaking():
        page = client().v1.disputes.list({"created": {"gte": timestamp}, "limit": 100})
        return [found.id for found in page.auto_paging_iter()]


def _first_with(page, reference):
    """The object that carries our reference: it was made, whatever the answer said."""
    for made in page.auto_paging_iter():
        values = made.to_dict()
        if values["metadata"].get("reference") == reference:
            return values
    return None


def create_customer(*, key: str, email: str, reference: str) -> str:
    with speaking():
        customer = client().v1.customers.create(
            {"email": email, "metadata": {"reference": reference}},
            {"idempotency_key": key},
        )
    return customer.id


def forget_customer(customer_id: str) -> None:
    with speaking():
        client().v1.customers.delete(customer_id)


def cards_of(customer_id: str) -> list[Card]:
    """The newest first."""
    with speaking():
        page = client().v1.customers.payment_methods.list(
            customer_id, {"type": "card", "limit": 100}
        )
        return [Card.read(method.to_dict()) for method in page.data]


def forget_card(card_id: str) -> None:
    with speaking():
        client().v1.payment_methods.detach(
            card_id, {}, {"idempotency_key": f"detach-{card_id}"}
        )


def create_account(*, key: str, email: str, country: str, reference: str) -> Account:
    """A connected account with Stripe's own dashboard; the platform bears losses."""
    with speaking():
        account = client().v1.accounts.create(
            {
                "controller": {
                    "fees": {"payer": "application"},
                    "losses": {"payments": "application"},
                    "stripe_dashboard": {"type": "express"},
                },
                "capabilities": {"transfers": {"requested": True}},
                "country": country,
                "email": email,
                "metadata": {"reference": reference},
            },
            {"idempotency_key": key},
        )
    return Account.read(account.to_dict())


def read_account(account_id: str) -> Account:
    with speaking():
        account = client().v1.accounts.retrieve(account_id)
    return Account.read(account.to_dict())


def onboarding_url(
    *, key: str, account_id: str, return_url: str, refresh_url: str
) -> str:
    """Where the seller tells Stripe who they are; works once, for minutes."""
    with speaking():
        link = client().v1.account_links.create(
            {
                "account": account_id,
                "type": "account_onboarding",
                "return_url": return_url,
                "refresh_url": refresh_url,
            },
            {"idempotency_key": key},
        )
    return link.url


def payouts_of(account_id: str, since: datetime) -> list[dict]:
    """Of a connected account, the oldest first.  Refused: it left the platform."""
    page = {"created": {"gte": int(since.timestamp())}, "limit": 100}
    with speaking():
        try:
            found = client().v1.payouts.list(page, {"stripe_account": account_id})
            payouts = [payout.to_dict() for payout in found.auto_paging_iter()]
        except stripe.PermissionError as error:
            raise Refused(str(error), error.code or "") from error
    return payouts[::-1]


def events_since(timestamp: int, types: list[str]) -> Iterator[Event]:
    """What happened since then, oldest first, whether or not a webhook said so."""
    with speaking():
        page = client().v1.events.list(
            {"types": types, "created": {"gte": timestamp}, "limit": 100}
        )
        found = [event.to_dict() for event in page.auto_paging_iter()]
    return map(Event.read, reversed(found))


def balance_transactions(since: datetime) -> Iterator[BalanceTransaction]:
    """How the platform's balance has changed since then, the latest first."""
    with speaking():
        page = client().v1.balance_transactions.list(
            {"created": {"gte": int(since.timestamp())}, "limit": 100}
        )
        for transaction in page.auto_paging_iter():
            yield BalanceTransaction.read(transaction.to_dict())


def balance() -> dict[str, int]:
    """What the platform has at Stripe by currency, available or not yet."""
    with speaking():
        found = client().v1.balance.retrieve().to_dict()
    sums: dict[str, int] = {}
    for part in [*found["available"], *found["pending"]]:
        currency = part["currency"].upper()
        sums[currency] = sums.get(currency, 0) + part["amount"]
    return sums


def read_event(body: bytes, signature: str, secret: str) -> Event:
    """The event in a webhook request, or BadSignature."""
    try:
        event = client().construct_event(
            body, signature, secret, SIGNATURE_TOLERANCE_SECONDS
        )
        return Event.read(event.to_dict())
    except (stripe.SignatureVerificationError, UnicodeDecodeError) as error:
        raise BadSignature("not signed for this endpoint") from error
    except (ValueError, KeyError, TypeError) as error:
        raise BadSignature("signed, but not an event") from error
