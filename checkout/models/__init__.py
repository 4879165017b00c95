from checkout.models.cart import Cart, CartLine
from checkout.models.commission import CommissionRule
from checkout.models.coupon import Coupon, CouponUse
from checkout.models.dispute import Dispute, DisputeStatement
from checkout.models.fulfillment import (
    Fulfillment,
    FulfillmentLine,
    ShippingBand,
    ShippingRate,
    TrackingEvent,
)
from checkout.models.invoice import Invoice, NumberSeries
from checkout.models.ledger import (
    JournalEntry,
    LedgerAccount,
    LedgerLine,
    Transfer,
    TransferReversal,
)
from checkout.models.order import Order, OrderConflict, OrderGroup
from checkout.models.order_line import OrderLine
from checkout.models.payment import Payment, PaymentAttempt
from checkout.models.reconciliation import ReconciliationDifference
from checkout.models.refund import Refund, RefundLine
from checkout.models.return_request import ReturnLine, ReturnPicture, ReturnRequest
from checkout.models.seller_money import (
    Payout,
    PayoutConflict,
    PayoutTerms,
    Reserve,
    SellerDebt,
)
from checkout.models.shipping_zone import ShippingZone
from checkout.models.stripe_customer import StripeCustomer
from checkout.models.stripe_event import StripeEvent
from checkout.models.tax import TaxCalculation, TaxRecord, TaxReversal

__all__ = [
    "Cart",
    "CartLine",
    "CommissionRule",
    "Coupon",
    "CouponUse",
    "Dispute",
    "DisputeStatement",
    "Fulfillment",
    "FulfillmentLine",
    "Invoice",
    "JournalEntry",
    "LedgerAccount",
    "LedgerLine",
    "NumberSeries",
    "Order",
    "OrderConflict",
    "OrderGroup",
    "OrderLine",
    "Payment",
    "PaymentAttempt",
    "Payout",
    "PayoutConflict",
    "PayoutTerms",
    "ReconciliationDifference",
    "Refund",
    "RefundLine",
    "Reserve",
    "ReturnLine",
    "ReturnPicture",
    "ReturnRequest",
    "SellerDebt",
    "ShippingBand",
    "ShippingRate",
    "ShippingZone",
    "StripeCustomer",
    "StripeEvent",
    "TaxCalculation",
    "TaxRecord",
    "TaxReversal",
    "TrackingEvent",
    "Transfer",
    "TransferReversal",
]
