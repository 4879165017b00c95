from checkout.models.cart import Cart, CartLine
from checkout.models.fulfillment import (
    Fulfillment,
    FulfillmentLine,
    ReturnLine,
    ReturnRequest,
    ShippingRate,
    TrackingEvent,
)
from checkout.models.ledger import (
    JournalEntry,
    LedgerAccount,
    LedgerLine,
    Transfer,
    TransferReversal,
)
from checkout.models.order import (
    Order,
    OrderConflict,
    OrderGroup,
    OrderLine,
)
from checkout.models.payment import Payment, StripeEvent
from checkout.models.refund import Refund, RefundLine

__all__ = [
    "Cart",
    "CartLine",
    "Fulfillment",
    "FulfillmentLine",
    "JournalEntry",
    "LedgerAccount",
    "LedgerLine",
    "Order",
    "OrderConflict",
    "OrderGroup",
    "OrderLine",
    "Payment",
    "Refund",
    "RefundLine",
    "ReturnLine",
    "ReturnRequest",
    "ShippingRate",
    "StripeEvent",
    "TrackingEvent",
    "Transfer",
    "TransferReversal",
]
