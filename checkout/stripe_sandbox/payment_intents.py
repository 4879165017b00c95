"""The life of a PaymentIntent, from created to succeeded or canceled."""

import re

from checkout.stripe_sandbox import (
    cards,
    charges,
    clock,
    customers,
    delayed_payments,
    disputes,
    errors,
    store,
)
from checkout.stripe_sandbox.api import (
    Reply,
    client_secret,
    filtered,
    listed,
    secret_only,
    shown,
)
from checkout.stripe_sandbox.events import emit

OPEN = ("requires_payment_method", "requires_confirmation", "requires_action")
REASONS = ("duplicate", "fraudulent", "requested_by_customer", "abandoned")


def create(call):
    secret_only(call)
    p = call.params
    p.accept(
        "automatic_payment_methods", "confirm", "customer", "description", "metadata",
        "payment_method", "payment_method_data", "payment_method_types",
        "receipt_email", "return_url", "shipping", "statement_descriptor_suffix",
        "transfer_group", "capture_method", "setup_future_usage",
        required=("amount", "currency"),
    )  # fmt: skip
    intent = store.add(new_intent(p))
    emit(call, "payment_intent.created", intent)
    return attempt(call, intent) if p.flag("confirm") else intent


def new_intent(p):
    pk = store.new_id("pi")
    automatic = p.mapping("automatic_payment_methods").get("enabled") == "true"
    return {
        "id": pk,
        "object": "payment_intent",
        "amount": p.amount(),
        "amount_capturable": 0,
        "amount_details": {"tip": {}},
        "amount_received": 0,
        "application": None,
        "application_fee_amount": None,
        "automatic_payment_methods": {"enabled": True} if automatic else None,
        "canceled_at": None,
        "cancellation_reason": None,
        "capture_method": p.text("capture_method", "automatic_async"),
        "client_secret": client_secret(pk),
        "confirmation_method": "automatic",
        "created": clock.stamp(),
        "currency": p.currency(),
        "customer": customers.customer_named(p),
        "description": p.text("description"),
        "last_payment_error": None,
        "latest_charge": None,
        "livemode": False,
        "metadata": p.mapping("metadata"),
        "next_action": None,
        "on_behalf_of": None,
        "payment_method": None,
        "payment_method_configuration_details": None,
        "payment_method_options": {},
        "payment_method_types": p.sequence("payment_method_types")
        or method_types(p, automatic),
        "processing": None,
        "receipt_email": p.text("receipt_email"),
        "review": None,
        "setup_future_usage": customers.usage_of(p),
        "shipping": p.mapping("shipping") or None,
        "source": None,
        "statement_descriptor": None,
        "statement_descriptor_suffix": p.text("statement_descriptor_suffix"),
        "status": "requires_payment_method",
        "transfer_data": None,
        "transfer_group": p.text("transfer_group"),
    }


def method_types(p, is_automatic):
    takes_debits = is_automatic and p.currency() == "eur"
    return ["card", "sepa_debit"] if takes_debits else ["card"]


def found(call, pk):
    intent = store.get("payment_intent", pk)
    if intent is None:
        raise errors.missing("payment_intent", pk, "intent")
    if (
        not call.is_secret
        and call.params.text("client_secret") != intent["client_secret"]
    ):
        raise errors.invalid(
            "The client_secret provided does not match the client_secret associated "
            "with the PaymentIntent.",
            code="payment_intent_invalid_parameter",
            param="client_secret",
        )
    return intent


def retrieve(call, pk):
    call.params.accept("client_secret")
    return found(call, pk)


def index(call):
    return filtered(call, "payment_intent", ("customer",))


def search(call):
    """Stripe's query language as far as `metadata["name"]:"value"` and `status`."""
    secret_only(call)
    call.params.accept("limit", required=("query",))
    query = call.params.text("query")
    wanted = re.findall(r"""metadata\[["'](\w+)["']\]:["']([^"']*)["']""", query)
    status = re.search(r"""status:["'](\w+)["']""", query)
    if not wanted and not status:
        raise errors.not_begun("The search query could not be parsed.", param="query")
    intents = [
        intent
        for intent in store.find("payment_intent")
        if all(intent["metadata"].get(name) == value for name, value in wanted)
        and (not status or intent["status"] == status[1])
    ]
    page = listed(call, intents, "/v1/payment_intents/search")
    return page | {"object": "search_result", "next_page": None}


def update(call, pk):
    secret_only(call)
    p = call.params
    p.accept("amount", "currency", "description", "metadata", "shipping",
             "receipt_email", "transfer_group", "customer",
             "setup_future_usage")  # fmt: skip
    intent = found(call, pk)
    if intent["status"] not in OPEN:
        raise unexpected_state(intent, "updated")
    intent["amount"] = p.amount(default=intent["amount"])
    intent["metadata"] |= p.mapping("metadata")
    for name in ("description", "receipt_email", "transfer_group"):
        intent[name] = p.text(name, intent[name])
    intent["shipping"] = p.mapping("shipping") or intent["shipping"]
    intent["customer"] = customers.customer_named(p, intent["customer"])
    usage = customers.usage_of(p, intent["setup_future_usage"])
    intent["setup_future_usage"] = usage
    return store.save(intent)


def confirm(call, pk):
    call.params.accept(
        "client_secret", "payment_method", "payment_method_data", "return_url",
        "expected_payment_method_type", "use_stripe_sdk",
    )  # fmt: skip
    intent = found(call, pk)
    if intent["status"] not in OPEN:
        raise unexpected_state(intent, "confirmed")
    return attempt(call, intent)


def attempt(call, intent):
    """Try the card: paid, declined, or the bank wants to see the buyer first."""
    method = cards.payment_method(call)
    if method is None:
        raise errors.invalid(
            "You cannot confirm this PaymentIntent because it's missing a payment "
            "method.",
            code="payment_intent_unexpected_state",
            payment_intent=intent,
        )
    customers.refuse_unusable(intent, method)
    intent |= {"payment_method": method["id"], "last_payment_error": None}
    if method["type"] == "sepa_debit":
        return delayed_payments.begin(call, intent, method)
    if cards.CARDS[method["test_number"]].needs_authentication:
        return ask_for_authentication(call, intent)
    return charge(call, intent)


def ask_for_authentication(call, intent):
    address = f"{call.origin}/challenge/{intent['id']}"
    address += f"?client_secret={intent['client_secret']}"
    back = call.params.text("return_url")
    if call.params.flag("use_stripe_sdk") or not back:
        action = {
            "type": "use_stripe_sdk",
            "use_stripe_sdk": {
                "type": "three_d_secure_redirect",
                "stripe_js": address,
                "source": store.new_id("payatt"),
            },
        }
    else:
        action = {
            "type": "redirect_to_url",
            "redirect_to_url": {"url": address, "return_url": back},
        }
    intent |= {"status": "requires_action", "next_action": action}
    emit(call, "payment_intent.requires_action", store.save(intent))
    return intent


def charge(call, intent):
    method = store.get("payment_method", intent["payment_method"])
    card = cards.CARDS[method["test_number"]]
    done = charges.add(intent, method, card)
    intent |= {"latest_charge": done["id"], "next_action": None}
    if card.code:
        emit(call, "charge.failed", done)
        return fail(call, intent, decline(card, done), method)
    customers.keep_method(call, intent, method)
    delayed_payments.succeed(call, intent, done)
    if method["test_number"] in disputes.REASONS:
        store.plan(clock.now(), "open_dispute", done["id"])
    return intent


def decline(card, done):
    error = {
        "type": "card_error",
        "code": card.code,
        "message": card.message,
        "charge": done["id"],
        "doc_url": f"https://stripe.com/docs/error-codes/{card.code.replace('_', '-')}",
    }
    return error | ({"decline_code": card.decline_code} if card.decline_code else {})


def fail(call, intent, error, method):
    """Back to the start with the reason; the failure is kept, the answer is 402."""
    intent |= {
        "status": "requires_payment_method",
        "payment_method": None,
        "next_action": None,
        "last_payment_error": {**error, "payment_method": shown(method)},
    }
    emit(call, "payment_intent.payment_failed", store.save(intent))
    return Reply({"error": {**error, "payment_intent": intent}}, status=402)


def authenticate(call, intent, *, has_passed):
    """What the bank's page says; a second answer changes nothing."""
    if intent["status"] != "requires_action":
        return intent
    if has_passed:
        return charge(call, intent)
    method = store.get("payment_method", intent["payment_method"])
    error = {
        "type": "invalid_request_error",
        "code": "payment_intent_authentication_failure",
        "message": "We are unable to authenticate your payment method. Please choose "
        "a different payment method and try again.",
    }
    return fail(call, intent, error, method)


def cancel(call, pk):
    secret_only(call)
    call.params.accept("cancellation_reason")
    intent = found(call, pk)
    if intent["status"] not in OPEN:
        raise unexpected_state(intent, "canceled")
    reason = call.params.text("cancellation_reason")
    if reason and reason not in REASONS:
        raise errors.not_begun(
            f"Invalid cancellation_reason: must be one of {', '.join(REASONS)}",
            param="cancellation_reason",
        )
    intent |= {
        "status": "canceled",
        "canceled_at": clock.stamp(),
        "cancellation_reason": reason,
        "next_action": None,
    }
    emit(call, "payment_intent.canceled", store.save(intent))
    return intent


def unexpected_state(intent, verb):
    return errors.invalid(
        f"This PaymentIntent could not be {verb} because it has a status of "
        f"{intent['status']}.",
        code="payment_intent_unexpected_state",
        payment_intent=intent,
    )
