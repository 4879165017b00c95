from django.urls import path

from checkout import (
    cart_views,
    checkout_views,
    order_views,
    payment_views,
    return_views,
    seller_views,
    webhooks,
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
    path("order/<str:token>/", order_views.order_group, name="order_group"),
    path("order/<str:token>/pay/", checkout_views.pay, name="pay"),
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
    path("seller/returns/<int:pk>/", return_views.answer_return, name="answer_return"),
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
    path("seller/shipping/", seller_views.shipping_rates, name="shipping_rates"),
    path("seller/shipping/new/", seller_views.shipping_rate, name="new_shipping_rate"),
    path("seller/shipping/<int:pk>/", seller_views.shipping_rate, name="shipping_rate"),
    path(
        "seller/shipping/<int:pk>/delete/",
        seller_views.delete_shipping_rate,
        name="delete_shipping_rate",
    ),
    path("carriers/webhook", webhooks.carrier_webhook, name="carrier_webhook"),
    path("stripe/webhook", webhooks.stripe_webhook, name="stripe_webhook"),
    path(
        "order/<str:token>/return/",
        payment_views.payment_return,
        name="payment_return",
    ),
    path("seller/payouts/", payment_views.payouts, name="payouts"),
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
