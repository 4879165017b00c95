"""Customers, and the payment methods that are kept for them."""

from checkout.stripe_sandbox import clock, errors, store
from checkout.stripe_sandbox.api import listed, secret_only, shown
from checkout.stripe_sandbox.events import emit

DETAILS = ("description", "email", "name", "phone")
USAGES = ("off_session", "on_session")


def create(call):
    secret_only(call)
    p = call.params
    p.accept("metadata", *DETAILS)
    customer = store.add(
        {
            "id": store.new_id("cus", 14),
            "object": "customer",
            "address": None,
            "balance": 0,
            "created": clock.stamp(),
            "currency": None,
            "default_source": None,
            "delinquent": False,
            "discount": None,
            "invoice_prefix": store.new_id("", 8)[1:].upper(),
            "livemode": False,
            "metadata": p.mapping("metadata"),
            "preferred_locales": [],
            "shipping": None,
            "tax_exempt": "none",
            "test_clock": None,
            **{name: p.text(name) for name in DETAILS},
        }
    )
    emit(call, "customer.created", customer)
    return customer


def found(pk):
    customer = store.get("customer", pk)
    if customer is None:
        raise errors.missing("customer", pk)
    return customer


def retrieve(call, pk):
    secret_only(call)
    return found(pk)


def delete(call, pk):
    """Stripe detaches what was kept for a customer who is deleted."""
    secret_only(call)
    customer = found(pk)
    for method in store.find("payment_method", customer=pk):
        detach_method(call, method)
    store.remove(pk)
    emit(call, "customer.deleted", customer)
    return {"id": pk, "object": "customer", "deleted": True}


def payment_methods(call, pk):
    secret_only(call)
    call.params.accept("type", "limit", "starting_after")
    found(pk)
    kept = store.find("payment_method", customer=pk)
    kind = call.params.text("type")
    methods = [shown(method) for method in kept if kind in (None, method["type"])]
    return listed(call, methods, f"/v1/customers/{pk}/payment_methods")


def found_method(pk):
    method = store.get("payment_method", pk)
    if method is None:
        raise errors.missing("payment_method", pk, "payment_method")
    return method


def retrieve_method(call, pk):
    secret_only(call)
    return shown(found_method(pk))


def detach(call, pk):
    secret_only(call)
    call.params.accept()
    method = found_method(pk)
    if method["customer"] is None:
        raise errors.invalid(
            "The payment method you provided is not attached to a customer so "
            "detachment is impossible."
        )
    return detach_method(call, method)


def detach_method(call, method):
    store.save(method | {"customer": None, "is_detached": True})
    gone = shown(method) | {"customer": None}
    emit(call, "payment_method.detached", gone)
    return gone


def usage_of(p, default=None):
    """`setup_future_usage`; an empty one takes it back."""
    usage = p.tree.get("setup_future_usage", default)
    if usage and usage not in USAGES:
        raise errors.not_begun(
            f"Invalid setup_future_usage: must be one of {', '.join(USAGES)}",
            param="setup_future_usage",
        )
    return usage or None


def customer_named(p, default=None):
    """The id in `customer`, if there is such a customer."""
    pk = p.text("customer", default)
    return found(pk)["id"] if pk else None


def refuse_unusable(intent, method) -> None:
    """What is kept for one customer pays nobody else's bill."""
    if method.get("is_detached"):
        raise errors.invalid(
            "The provided PaymentMethod was previously used with a PaymentIntent "
            "without Customer attachment, shared with a connected account without "
            "Customer attachment, or was detached from a Customer. It may not be used "
            "again."
        )
    if method["customer"] not in (None, intent["customer"]):
        raise errors.invalid(
            f"The PaymentMethod {method['id']} does not belong to the Customer you "
            "supplied. Please use this PaymentMethod with the Customer that it "
            "belongs to instead."
        )


def keep_method(call, intent, method) -> None:
    """Attached once it has paid, where the intent says that it is to be kept."""
    is_wanted = intent["customer"] and intent["setup_future_usage"]
    if is_wanted and method["customer"] is None:
        kept = store.save(method | {"customer": intent["customer"]})
        emit(call, "payment_method.attached", shown(kept))
