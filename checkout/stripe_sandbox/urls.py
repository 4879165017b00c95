from django.urls import path

from checkout.stripe_sandbox import (
    accounts,
    balances,
    charges,
    control,
    customers,
    disputes,
    events,
    pages,
    payment_intents,
    payouts,
    refunds,
    taxes,
    transfers,
)
from checkout.stripe_sandbox.api import endpoint, unknown_address

handler404 = unknown_address

urlpatterns = [
    path("v1/accounts", endpoint(POST=accounts.create, GET=accounts.index)),
    path("v1/accounts/<pk>", endpoint(POST=accounts.update, GET=accounts.retrieve)),
    path("v1/account_links", endpoint(POST=accounts.create_link)),
    path(
        "v1/payment_intents",
        endpoint(POST=payment_intents.create, GET=payment_intents.index),
    ),
    path("v1/payment_intents/search", endpoint(GET=payment_intents.search)),
    path(
        "v1/payment_intents/<pk>",
        endpoint(POST=payment_intents.update, GET=payment_intents.retrieve),
    ),
    path(
        "v1/payment_intents/<pk>/confirm",
        endpoint(POST=payment_intents.confirm),
    ),
    path("v1/payment_intents/<pk>/cancel", endpoint(POST=payment_intents.cancel)),
    path("v1/customers", endpoint(POST=customers.create)),
    path(
        "v1/customers/<pk>", endpoint(GET=customers.retrieve, DELETE=customers.delete)
    ),
    path("v1/customers/<pk>/payment_methods", endpoint(GET=customers.payment_methods)),
    path("v1/payment_methods/<pk>", endpoint(GET=customers.retrieve_method)),
    path("v1/payment_methods/<pk>/detach", endpoint(POST=customers.detach)),
    path("v1/charges", endpoint(GET=charges.index)),
    path("v1/charges/<pk>", endpoint(GET=charges.retrieve)),
    path("v1/refunds", endpoint(POST=refunds.create, GET=refunds.index)),
    path("v1/refunds/<pk>", endpoint(GET=refunds.retrieve)),
    path("v1/transfers", endpoint(POST=transfers.create, GET=transfers.index)),
    path("v1/transfers/<pk>", endpoint(GET=transfers.retrieve)),
    path(
        "v1/transfers/<pk>/reversals",
        endpoint(POST=transfers.reverse, GET=transfers.reversals),
    ),
    path("v1/balance", endpoint(GET=balances.retrieve)),
    path("v1/balance_transactions", endpoint(GET=balances.transactions)),
    path("v1/balance_transactions/<pk>", endpoint(GET=balances.transaction)),
    path("v1/disputes", endpoint(GET=disputes.index)),
    path("v1/disputes/<pk>", endpoint(POST=disputes.update, GET=disputes.retrieve)),
    path("v1/disputes/<pk>/close", endpoint(POST=disputes.close)),
    path("v1/payouts", endpoint(POST=payouts.create, GET=payouts.index)),
    path("v1/payouts/<pk>", endpoint(POST=payouts.update, GET=payouts.retrieve)),
    path("v1/payouts/<pk>/cancel", endpoint(POST=payouts.cancel)),
    path("v1/tax/calculations", endpoint(POST=taxes.calculate)),
    path(
        "v1/tax/calculations/<pk>/line_items",
        endpoint(GET=taxes.calculation_items),
    ),
    path("v1/tax/transactions/create_from_calculation", endpoint(POST=taxes.record)),
    path("v1/tax/transactions/create_reversal", endpoint(POST=taxes.reverse)),
    path("v1/tax/transactions/<pk>", endpoint(GET=taxes.retrieve)),
    path(
        "v1/tax/transactions/<pk>/line_items",
        endpoint(GET=taxes.transaction_items),
    ),
    path("v1/events", endpoint(GET=events.index)),
    path("v1/events/<pk>", endpoint(GET=events.retrieve)),
    path(
        "v1/webhook_endpoints",
        endpoint(POST=events.create_endpoint, GET=events.endpoints),
    ),
    path(
        "v1/webhook_endpoints/<pk>",
        endpoint(GET=events.endpoint_of, DELETE=events.delete_endpoint),
    ),
    path("v3/", pages.stripe_js),
    path("elements/payment", pages.payment_element),
    path("assets/<name>", pages.asset),
    path("challenge/<pk>", pages.challenge),
    path("onboarding/<pk>", pages.onboarding),
    path("_control", control.panel),
    path("_control/deliveries", control.deliveries_made),
    path("", pages.home),
]
