from django.urls import path

from checkout import (
    card_views,
    cart_views,
    checkout_views,
    coupon_views,
    dispute_views,
    invoice_views,
    order_views,
    payment_views,
    return_views,
    seller_views,
    shipping_views,
    statement_views,
    webhooks,
    withdrawal_views,
)

app_name = "checkout"

urlpatterns = [
    path("cart/", cart_views.cart, name="cart"),
    path("cart/add/", cart_views.add_to_cart, name="add_to_cart"),
    path("cart/restore/", cart_views.restore_to_cart, name="restore_to_cart"),
    path("cart/<int:pk>/", cart_views.set_quantity, name="set_quantity"),
    path("cart/<int:pk>/remove/", cart_views.remove_from_cart, name="remove_from_cart"),
    path("checkout/", checkout_views.checkout, name="checkout"),
    path("checkout/quote/", checkout_views.quote, name="quote"),
    path("checkout/now/", checkout_views.buy_now, name="buy_now"),
    path("checkout/now/quote/", checkout_views.buy_now_quote, name="buy_now_quote"),
    path("order/<str:token>/", order_views.order_group, name="order_group"),
    path("order/<str:token>/pay/", checkout_views.pay, name="pay"),
    path("order/<str:token>/keep-card/", card_views.keep_card, name="keep_card"),
    path("order/<str:token>/again/", order_views.buy_again, name="buy_again"),
    path("orders/", order_views.orders, name="orders"),
    path("orders/lines/<int:pk>/review/", order_views.review, name="review"),
    path("seller/orders/", seller_views.seller_orders, name="seller_orders"),
    path("seller/orders/<int:pk>/", seller_views.seller_order, name="seller_order"),
    path(
        "seller/orders/<int:pk>/packing-slip.pdf",
        seller_views.packing_slip_pdf,
        name="packing_slip_pdf",
    ),
    path(
        "seller/parcels/<int:pk>/delivered/",
        seller_views.parcel_delivered,
        name="parcel_delivered",
    ),
    path(
        "seller/orders/<int:pk>/cancel/",
        return_views.cancel_seller_order,
        name="cancel_seller_order",
    ),
    path(
        "seller/orders/<int:pk>/refund/",
        return_views.refund_order,
        name="refund_order",
    ),
    path(
        "seller/orders/<int:pk>/refund/quote/",
        return_views.refund_quote,
        name="refund_quote",
    ),
    path("seller/returns/<int:pk>/", return_views.answer_return, name="answer_return"),
    path(
        "order/<str:token>/returns/<int:pk>/sent/",
        return_views.return_sent,
        name="return_sent",
    ),
    path(
        "order/<str:token>/<int:pk>/cancel/",
        return_views.cancel_order,
        name="cancel_order",
    ),
    path(
        "order/<str:token>/<int:pk>/return/",
        return_views.ask_return,
        name="ask_return",
    ),
    path(
        "order/<str:token>/documents/<int:pk>.pdf",
        invoice_views.buyer_invoice,
        name="buyer_invoice",
    ),
    path(
        "seller/documents/<int:pk>.pdf",
        invoice_views.seller_invoice,
        name="seller_invoice",
    ),
    path(
        "order/<str:token>/<int:pk>/withdraw/",
        withdrawal_views.withdraw,
        name="withdraw",
    ),
    path(
        "order/<str:token>/returns/pictures/<int:pk>.webp",
        return_views.return_picture,
        name="return_picture",
    ),
    path(
        "seller/returns/pictures/<int:pk>.webp",
        return_views.seller_return_picture,
        name="seller_return_picture",
    ),
    path("seller/disputes/", dispute_views.disputes, name="disputes"),
    path("seller/disputes/<int:pk>/", dispute_views.dispute, name="dispute"),
    path("seller/shipping/", shipping_views.shipping_rates, name="shipping_rates"),
    path(
        "seller/shipping/zones/new/",
        shipping_views.shipping_zone,
        name="new_shipping_zone",
    ),
    path(
        "seller/shipping/zones/<int:pk>/",
        shipping_views.shipping_zone,
        name="shipping_zone",
    ),
    path(
        "seller/shipping/zones/<int:pk>/delete/",
        shipping_views.delete_shipping_zone,
        name="delete_shipping_zone",
    ),
    path(
        "seller/shipping/profiles/new/",
        shipping_views.delivery_profile,
        name="new_delivery_profile",
    ),
    path(
        "seller/shipping/profiles/<int:pk>/",
        shipping_views.delivery_profile,
        name="delivery_profile",
    ),
    path(
        "seller/shipping/profiles/<int:pk>/delete/",
        shipping_views.delete_delivery_profile,
        name="delete_delivery_profile",
    ),
    path(
        "seller/shipping/new/", shipping_views.shipping_rate, name="new_shipping_rate"
    ),
    path(
        "seller/shipping/<int:pk>/", shipping_views.shipping_rate, name="shipping_rate"
    ),
    path(
        "seller/shipping/<int:pk>/delete/",
        shipping_views.delete_shipping_rate,
        name="delete_shipping_rate",
    ),
    path("seller/coupons/", coupon_views.coupons, name="coupons"),
    path("seller/coupons/new/", coupon_views.new_coupon, name="new_coupon"),
    path("seller/coupons/<int:pk>/", coupon_views.coupon, name="coupon"),
    path(
        "seller/coupons/<int:pk>/pause/",
        coupon_views.pause_coupon,
        name="pause_coupon",
    ),
    path("carriers/webhook", webhooks.carrier_webhook, name="carrier_webhook"),
    path("account/cards/", card_views.cards, name="cards"),
    path(
        "account/cards/<slug:card_id>/remove/",
        card_views.remove_card,
        name="remove_card",
    ),
    path("stripe/webhook", webhooks.stripe_webhook, name="stripe_webhook"),
    path(
        "stripe/webhook/connect",
        webhooks.stripe_connect_webhook,
        name="stripe_connect_webhook",
    ),
    path(
        "order/<str:token>/return/",
        payment_views.payment_return,
        name="payment_return",
    ),
    path("seller/payouts/", payment_views.payouts, name="payouts"),
    path(
        "seller/payouts/statements/",
        statement_views.seller_statements,
        name="seller_statements",
    ),
    path(
        "seller/payouts/statements/<int:year>-<int:month>-<slug:currency>/",
        statement_views.seller_statement,
        name="seller_statement",
    ),
    path(
        "seller/payouts/statements/<int:year>-<int:month>-<slug:currency>.csv",
        statement_views.seller_statement_csv,
        name="seller_statement_csv",
    ),
    path(
        "seller/payouts/statements/<int:year>-<int:month>-<slug:currency>.pdf",
        statement_views.seller_statement_pdf,
        name="seller_statement_pdf",
    ),
    path(
        "seller/payouts/connect/",
        payment_views.connect_account,
        name="connect_account",
    ),
    path(
        "seller/payouts/connected/",
        payment_views.account_connected,
        name="account_connected",
    ),
    path(
        "seller/payouts/link-expired/",
        payment_views.account_link_expired,
        name="account_link_expired",
    ),
]
