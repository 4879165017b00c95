"""What buying and selling go by, but for Stripe's keys.  See docs/settings.md."""

from marketplace.env import env_bool, env_int, env_list, env_str

CURRENCY = env_str("CURRENCY", "EUR")
COMMISSION_BASIS_POINTS = env_int("COMMISSION_BASIS_POINTS", 1000)
# Where the platform is; the tax is on the commission of sellers there.
PLATFORM_COUNTRY = env_str("PLATFORM_COUNTRY", "").upper()
# Where sellers may be; else those to which Stripe transfers from there.
TRANSFER_COUNTRIES = [code.upper() for code in env_list("TRANSFER_COUNTRIES", [])]
COMMISSION_TAX_BASIS_POINTS = env_int("COMMISSION_TAX_BASIS_POINTS", 0)
DEFAULT_TAX_BASIS_POINTS = env_int("DEFAULT_TAX_BASIS_POINTS", 0)
TAX_RATES_FILE = env_str("TAX_RATES_FILE", "")
# Stripe Tax computes the taxes of orders; the table only says what prices include.
STRIPE_TAX = env_bool("STRIPE_TAX", False)
# Where Stripe gives no answer: by the table, else nothing is ordered until it does.
STRIPE_TAX_FALLBACK = env_bool("STRIPE_TAX_FALLBACK", False)
# So long a page waits for it, for all sellers of a cart together.
STRIPE_TAX_SECONDS = env_int("STRIPE_TAX_SECONDS", 3, minimum=1)
STRIPE_TAX_CODES = {
    "standard": env_str("STRIPE_TAX_CODE_STANDARD", "txcd_99999999"),
    "reduced": env_str("STRIPE_TAX_CODE_REDUCED", "txcd_99999999"),
    "zero": env_str("STRIPE_TAX_CODE_ZERO", "txcd_00000000"),
    "delivery": env_str("STRIPE_TAX_CODE_DELIVERY", "txcd_92010001"),
}
STOCK_RESERVATION_MINUTES = env_int("STOCK_RESERVATION_MINUTES", 15)
# For how much longer, once, where the bank is still at work on the payment.
PAYMENT_PROCESSING_MINUTES = env_int("PAYMENT_PROCESSING_MINUTES", 60)
# Back-ordered without a day: until when it must be sent.
BACK_ORDER_DISPATCH_DAYS = env_int("BACK_ORDER_DISPATCH_DAYS", 30)
GUEST_CART_DAYS = env_int("GUEST_CART_DAYS", 30, minimum=1)
# A sale is due to a video with the product that was tapped, or watched, so long before.
ATTRIBUTION_TAP_HOURS = env_int("ATTRIBUTION_TAP_HOURS", 7 * 24)
ATTRIBUTION_VIEW_HOURS = env_int("ATTRIBUTION_VIEW_HOURS", 24)
PAYOUT_HOLD_DAYS = env_int("PAYOUT_HOLD_DAYS", 7)
# Of each order so much is kept back from its seller, for so long after the hold.
RESERVE_BASIS_POINTS = env_int("RESERVE_BASIS_POINTS", 0)
RESERVE_DAYS = env_int("RESERVE_DAYS", 90)
DISPATCH_GRACE_DAYS = env_int("DISPATCH_GRACE_DAYS", 3)
RETURN_ANSWER_DAYS = env_int("RETURN_ANSWER_DAYS", 2)
# Accepted, and not sent back by then: reminded, and closed so many days later.
RETURN_SEND_DAYS = env_int("RETURN_SEND_DAYS", 14)
RETURN_CLOSE_DAYS = env_int("RETURN_CLOSE_DAYS", 7, minimum=1)
DELIVERY_ASSUMED_DAYS = env_int("DELIVERY_ASSUMED_DAYS", 21)
TRACKING_WEBHOOK_SECRET = env_str("TRACKING_WEBHOOK_SECRET", "")
